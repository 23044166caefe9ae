"""One submission, all checks: points, seeds, notes, and whose fault a failure is."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import pytest

from grader.course import Assignment
from grader.engine import bench as benches
from grader.engine.catalogue import Catalogue
from grader.results import Outcome
from grader.sandbox.errors import SandboxLost

HALF_RIGHT = "def scale(x, factor): return x * factor if x.ndim == 1 else x\ndef mean(x): return x.mean(0)\n"


def add_check(assignment: Assignment, code: str, *, where: str = "hidden") -> None:
    path = Path(getattr(assignment, where)) / "checks.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n\n" + code, encoding="utf-8")


class TestPoints:
    def test_are_exact_fractions_of_the_weights(self, one):
        scale, mean, descend = one(HALF_RIGHT).exercises
        # of the weights 1, 2 and 1 the first and the last passed
        assert (scale.points, scale.earned, scale.passed, scale.total) == (3, Fraction(3, 2), 2, 3)
        assert (mean.earned, descend.earned) == (2, 0)

    def test_thirds_stay_thirds(self, one):
        result = one("def mean(x): return 2.0 + 0 * x[0] if x.shape == (2, 1) else None\n")
        assert result.exercises[1].earned == Fraction(2, 3)

    def test_of_a_check_at_fault_are_neither_lost_nor_won(self, one, own):
        add_check(own, "@exercise('mean')\ndef check_that_is_broken(student):\n    '''Broken.'''\n    {}['seed']\n")
        mean = one(HALF_RIGHT, assignment=own).exercises[1]
        assert (mean.earned, mean.passed, mean.total) == (2, 3, 3)

    def test_of_an_exercise_all_of_whose_checks_are_at_fault_are_given(self, one, own, right):
        for part in (own.public, own.hidden):
            path = part / "checks.py"
            path.write_text(path.read_text("utf-8").replace("student.mean(", "student.mean(*{}['a'], "), "utf-8")
        result = one(right, assignment=own)
        assert [(e.earned, e.total) for e in result.exercises] == [(3, 3), (2, 0), (1, 1)]
        assert result.outcome is Outcome.GRADER_ERROR


class TestWhoseFault:
    def test_a_check_that_stumbles_over_the_reference_too_is_at_fault(self, one, own, right):
        add_check(own, "@exercise('mean')\ndef check_that_is_broken(student):\n    '''Broken.'''\n    {}['seed']\n")
        check = one(right, assignment=own).checks[-1]
        assert (check.outcome, check.message) == (
            Outcome.GRADER_ERROR,
            "The check itself is at fault: KeyError: 'seed'",
        )

    def test_a_check_that_fails_the_reference_too_costs_nobody_a_point(self, one, own, right):
        add_check(own, "@exercise('mean')\ndef check_wrong(student):\n    '''Wrong.'''\n    assert 1 == 2, 'never'\n")
        for answer in (right, HALF_RIGHT, HALF_RIGHT.replace("x.mean(0)", "None")):
            result = one(answer, assignment=own)
            assert result.checks[-1].outcome is Outcome.GRADER_ERROR
            assert result.checks[-1].message.startswith("The reference fails it too: AssertionError: never")
            assert result.exercises[1].total == 3

    def test_a_check_that_stumbles_over_this_answer_alone_fails_the_answer(self, one, right):
        result = one(right.replace("return x * factor", "return None if x.shape == (0, 2) else x * factor"))
        (check,) = [check for check in result.checks if check.outcome is not Outcome.PASSED]
        assert (check.check, check.outcome) == ("hidden/check_scale_of_nothing", Outcome.FAILED)
        assert "AttributeError: 'NoneType' object has no attribute 'shape'" in check.message
        assert "AttributeError" not in check.hint

    def test_an_answer_that_makes_a_check_give_what_cannot_cross_fails(self, one, own, right):
        add_check(
            own,
            "@exercise('descend')\ndef check_numbers(student):\n    '''Numbers.'''\n    import numpy as np\n"
            "    student.descend(lambda w: np.asarray(w), 1.0, 1.0)\n",
        )
        assert one(right, assignment=own).outcome is Outcome.PASSED
        wrong = one(f"{right}\n\ndef descend(grad, w, lr):\n    return w - lr * grad([[2**100]])\n", assignment=own)
        assert wrong.checks[-1].outcome is Outcome.FAILED
        assert wrong.exercises[2].earned == 0

    @pytest.mark.skipif(sys.platform != "linux", reason="the limit needs Linux")
    def test_an_answer_that_makes_a_check_take_all_memory_fails_and_the_next_checks_go_on(self, one, own, right):
        add_check(
            own,
            "@exercise('descend')\ndef check_sums(student):\n    \"Sums.\"\n    import numpy as np\n"
            "    student.descend(lambda w: float(np.sum(w + np.transpose(w))), 1.0, 1.0)\n",
        )
        assert one(right, assignment=own).outcome is Outcome.PASSED
        # 200 kB cross the wall, and are 5 GB when a row is added to a column
        column = "def descend(grad, w, lr):\n    return w - lr * grad(np.ones((25_000, 1)))\n"
        wrong = one(f"import numpy as np\n{right}\n\n{column}", assignment=own)
        assert (wrong.checks[-1].outcome, wrong.exercises[2].earned) == (Outcome.FAILED, 0)
        assert "MemoryError: Unable to allocate 4.66 GiB" in wrong.checks[-1].message
        assert [exercise.earned for exercise in wrong.exercises[:2]] == [3, 2]

    def test_that_the_reference_is_slow_costs_no_check_its_verdict(self, one, tiny, monkeypatch):
        monkeypatch.setattr(Catalogue, "own_failure", lambda *_: TimeoutError("no end within 10 s"))
        assert {c.outcome for c in one(HALF_RIGHT, assignment=tiny).checks if c.exercise == "mean"} == {Outcome.PASSED}
        wrong = one("def mean(x): return 7.0 + 0 * x[0]\n", assignment=tiny)
        assert {c.outcome for c in wrong.checks if c.exercise == "mean"} == {Outcome.FAILED}

    def test_a_text_that_is_as_long_as_the_wire_is_cut(self, one, own, right):
        add_check(
            own,
            "from grader.evidence import CheckFailure, Evidence\n"
            "@exercise('mean')\ndef check_long(student):\n    '''Long.'''\n"
            "    if student.scale(1.0, 1.0) != 1.0:\n"
            "        long = 'x' * 10**6\n"
            "        raise CheckFailure(long, hint=long, evidence=(Evidence(name=long, got=long),))\n",
        )
        result = one(right.replace("return x * factor", "return x * factor + 1"), assignment=own)
        assert result.checks[-1].outcome is Outcome.FAILED
        assert len(result.checks[-1].model_dump_json()) < 10_000

    def test_after_the_reference_was_asked_the_checks_go_on_in_order(self, one, own, right):
        # the reference runs all checks, of both files, in the middle of a submission's
        add_check(
            own,
            "@exercise('mean')\ndef check_z(student, reference):\n    '''Last.'''\n    assert student.mean is not None\n",
        )
        result = one(right.replace("return x * factor", "return None if x.ndim == 2 else x * factor"), assignment=own)
        assert {c.check: c.outcome.value for c in result.checks if c.exercise == "mean"} == {
            "public/check_mean_of_an_example": "passed", "hidden/check_mean_of_random_numbers": "passed",
            "hidden/check_mean_of_constants": "passed", "hidden/check_z": "passed",
        }  # fmt: skip

    def test_a_fixture_that_fails_is_the_checks_fault(self, one, own, right):
        add_check(own, "@exercise('mean')\ndef check_with_fixture(student, no_such_fixture):\n    '''Broken.'''\n")
        assert one(right, assignment=own).checks[-1].outcome is Outcome.GRADER_ERROR

    def test_a_check_that_gives_away_what_cannot_cross_is_at_fault(self, one, own, right):
        add_check(own, "@exercise('mean')\ndef check_odd(student):\n    '''Odd.'''\n    student.mean(object())\n")
        check = one(right, assignment=own).checks[-1]
        assert check.outcome is Outcome.GRADER_ERROR
        assert "a check gave student code a object, which cannot cross the wall" in check.message

    def test_without_the_reference_a_stumble_is_the_answers(self, one, own, right):
        add_check(
            own, "@exercise('mean')\ndef check_b(student):\n    '''B.'''\n    student.mean(1.0).shape\n", where="public"
        )
        public = Assignment(own.public, None)
        assert one("def mean(x): return {}\n", assignment=public).checks[-1].outcome is Outcome.FAILED

    def test_a_sandbox_that_breaks_down_once_costs_nothing(self, one, right, monkeypatch):
        real, broken = benches._run_once, []

        def once(bench, session, check):
            if check.id == "hidden/check_mean_of_constants" and not broken:
                broken.append(check)
                return benches.Met(SandboxLost("the sandbox ended under a worker"), "call"), benches.Record()
            return real(bench, session, check)

        monkeypatch.setattr(benches, "_run_once", once)
        assert one(right).outcome is Outcome.PASSED
        assert broken


class TestSeeds:
    CODE = "def scale(x, factor):\n    print(x.sum())\n    return x\n"

    def test_the_same_seed_draws_the_same_inputs(self, one):
        printed = [[c.output for c in one(self.CODE, seed="a").checks] for _ in range(2)]
        assert printed[0] == printed[1]

    def test_another_seed_draws_others(self, one):
        assert one(self.CODE, seed="a").checks[2].output != one(self.CODE, seed="b").checks[2].output

    def test_every_check_draws_its_own(self, one, own):
        add_check(
            own,
            "@exercise('scale')\ndef check_more(student, rng):\n    '''More.'''\n    student.scale(rng.normal(size=(3, 2)), 1.0)\n",
        )
        checks = {c.check: c.output for c in one(self.CODE, assignment=own).checks}
        assert checks["hidden/check_more"] != checks["hidden/check_scale_of_random_numbers"]

    def test_the_students_own_randomness_is_fixed_too(self, one):
        code = "import numpy as np\ndef scale(x, factor):\n    print(np.random.rand())\n    return x\n"
        assert one(code).checks[0].output == one(code).checks[0].output


class TestTheResult:
    def test_names_its_checks_titles_and_functions(self, one, right):
        first, *_, last = one(right).checks
        assert (first.check, first.title) == (
            "public/check_scale_of_an_example", "Scaling the example gives the example's result.",
        )  # fmt: skip
        assert (first.visibility, last.visibility) == ("public", "hidden")
        assert (first.functions, last.functions) == (("scale",), ("descend",))

    def test_has_public_checks_before_hidden_ones_whose_inputs_no_output_may_show(self, one, right):
        visibilities = [check.visibility for check in one(right).checks]
        assert visibilities == sorted(visibilities, reverse=True)

    @pytest.mark.parametrize(
        ("code", "outcome"),
        [
            ("def scale(x, factor): return 0\ndef mean(x): 1 / 0\n", "crashed"),
            ("def scale(x, factor): return 0\ndef mean(x): raise MemoryError\n", "out of memory"),
            ("def scale(x, factor): return 0\n", "failed"),
            ("", "not implemented"),
        ],
    )
    def test_has_the_worst_outcome_of_its_checks(self, one, code, outcome):
        assert one(code + "x = 1\n").outcome == outcome

    def test_says_in_which_isolation_it_was_graded(self, one, right, level):
        assert one(right, level=level).isolation == level.value

    def test_does_not_depend_on_what_was_graded_before(self, grade, tiny, tmp_path, right):
        for name in ("anna.py", "berta.py"):
            (tmp_path / name).write_text(right)
        first, second = grade(tmp_path, tiny).values()
        assert [c.outcome for c in first.checks] == [c.outcome for c in second.checks]


class TestWhatIsWritten:
    def test_but_could_not_be_defined_is_not_still_to_write(self, one):
        scale, mean, descend = one("def scale(x, factor): return (x\ndef mean(x): pass\n").exercises
        assert (scale.broken, scale.missing) == (("scale",), ())
        assert (mean.broken, mean.missing) == ((), ("mean",))
        assert (descend.broken, descend.missing) == ((), ("descend",))

    def test_and_calls_what_could_not_be_defined_says_on_what_it_depends(self, one):
        checks = one("def mean(x): return (x\ndef scale(x, factor): return mean(x)\n").checks
        first = next(check for check in checks if check.functions == ("scale",))
        assert first.outcome is Outcome.CRASHED
        assert first.message.startswith("`scale` depends on `mean`, which could not be defined: SyntaxError: ")
        assert first.hint == "`mean` could not be defined: see the line of your file."
        assert first.location.line == 1

    def test_under_another_name_is_told_and_stays_to_be_written(self, one):
        result = one("def scales(x, factor): return x * factor\n")
        assert result.problems == ("`scale` is missing, and you have `scales`: rename it if that is the one",)
        assert result.exercises[0].missing == ("scale",)
        assert all("scales" not in check.hint for check in result.checks)

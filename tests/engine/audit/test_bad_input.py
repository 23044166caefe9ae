"""What an author gets wrong: one line for each, and the rest of the audit goes on where it can."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course import Assignment
from grader.engine.audit import audit
from grader.errors import CourseError, GraderError

GOOD = 'mistake("mean", right="len(x)", wrong="x.size", hint="Divide by the rows."),\n'


class TestAMistakeThatIsNone:
    @pytest.mark.parametrize(
        ("text", "refusal"),
        [
            ('right="no such text", wrong="y"', "scale: the right text occurs 0 times, not once: 'no such text'"),
            ('right="factor", wrong="y"', "scale: the right text occurs 3 times, not once: 'factor'"),
            ('right="x * factor", wrong="(x * factor)"', "it is the reference itself"),
            ('right="x * factor", wrong="x * factor  # or x + factor"', "it is the reference itself"),
            ('right="x * factor", wrong="x *"', "what it makes is no Python: invalid syntax"),
            ('right="(x, factor)", wrong="(x, factor=np.nothing)"', "what it makes does not import: AttributeError: "),
            ("whole=\"raise ValueError('two\\\\nlines')\"", "what it makes does not import: ValueError: two lines"),
            ('whole="raise SystemExit"', "what it makes does not import: RuntimeError: it ends the interpreter"),
            ('whole="def scael(x, factor): return x"', "what it makes defines no scale"),
        ],
    )
    def test_is_refused_in_one_line_and_the_others_are_tried(self, audited, text, refusal):
        found = audited(mistakes=f'WRONG = [mistake("scale", {text}, hint="Multiply."),\n{GOOD}]')
        bad, good = found.mistakes
        assert bad.refused.startswith(refusal)
        assert len(bad.refused.splitlines()) == 1
        assert (bad.caught_by, bad.survives) == ((), False)
        assert (good.refused, good.caught_by) == ("", ("hidden/check_mean",))
        assert not found.passed

    def test_of_a_function_that_is_not_there(self, audited):
        found = audited(mistakes='WRONG = mistake("sacle", right="x", wrong="y", hint="No.")')
        assert found.mistakes[0].refused == "sacle: the reference defines it 0 times, not once"

    def test_that_never_imports_is_refused_after_the_longest_time(self, audited, monkeypatch):
        monkeypatch.setattr("grader.engine.trials.LONGEST_SECONDS", 0.1)
        found = audited(mistakes='WRONG = mistake("scale", whole="while True: pass", hint="No.")')
        assert found.mistakes[0].refused == "what it makes does not import: TimeoutError: no end within 0.1 s"

    def test_that_passes_its_own_checks_survives(self, audited):
        found = audited(
            mistakes='WRONG = mistake("scale", right="x * factor", wrong="x * factor + 1e-12", hint="Nothing added.")'
        )
        (mistake,) = found.mistakes
        assert (mistake.survives, mistake.refused, mistake.caught_by) == (True, "", ())
        assert not found.passed

    def test_of_a_function_that_no_check_calls_survives(self, audited):
        found = audited(
            solution=open_solution("def unused(x):\n    return x\n"),
            mistakes='WRONG = mistake("unused", right="return x", wrong="return -x", hint="Keep the sign.")',
        )
        assert found.mistakes[0].survives


def open_solution(more: str) -> str:
    """The default solution with another function."""
    return f"def scale(x, factor):\n    return x * factor\n\n\ndef mean(x):\n    return x.mean(axis=0)\n\n\n{more}"


class TestAFileThatCannotBeRead:
    @pytest.mark.parametrize(
        ("mistakes", "line"),
        [
            ("this is no Python", "mistakes.py: SyntaxError: invalid syntax"),
            ("raise OSError('no disk')", "mistakes.py: OSError: no disk"),
            (
                'WRONG = mistake("scale", right="x", wrong="y", hint=" ")',
                "mistakes.py: ValueError: mistake('scale'): the hint is empty",
            ),
        ],
    )
    def test_of_mistakes(self, audited, mistakes, line):
        with pytest.raises(CourseError) as caught:
            audited(mistakes=mistakes)
        assert f"/small/{line}" in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1

    def test_of_variants_without_a_title(self, audited):
        with pytest.raises(CourseError) as caught:
            audited(variants="# %% with a loop\ndef mean(x): pass\n")
        line = "/small: variants.py: a cell is titled 'with a loop', and not 'exercise: how it differs'"
        assert str(caught.value).endswith(line)

    @pytest.mark.parametrize("name", ["small", "variants"])
    def test_that_is_no_text(self, make, name):
        assignment = make()
        (assignment.hidden / f"{name}.py").write_bytes(b"x = '\xff'\n")
        with pytest.raises(CourseError, match=rf"/small/{name}\.py: 'utf-8' codec can't decode"):
            audit(assignment, seeds=1, with_mutants=False, jobs=1)

    def test_of_checks(self, audited):
        with pytest.raises(CourseError, match="the checks cannot be read: .*NameError: name 'nothing' is not defined"):
            audited(checks="nothing\n")


class TestTheReference:
    def test_that_fails_a_check_makes_the_audit_worthless(self, audited):
        found = audited(
            checks='''
                @exercise("small")
                def check_sign(student):
                    """Scaling keeps the sign."""
                    assert student.scale(-1.0, 2.0) > 0, "two\\nlines"
            ''',
            mistakes=f"WRONG = [{GOOD}]",
        )
        (complaint,) = found.complaints
        assert complaint.startswith("the reference does not pass hidden/check_sign: AssertionError: two lines")
        assert len(complaint.splitlines()) == 1
        assert (found.passed, found.mistakes, found.gradings, found.level_bound) == (False, (), 0, 1.0)

    @pytest.mark.parametrize(
        ("line", "complaint"),
        [
            ("raise ValueError('no\\nvalue')", "the reference does not import: ValueError: no value"),
            ("def f(:", "the reference does not import: SyntaxError: "),
            ("raise SystemExit(3)", "the reference does not import: RuntimeError: it ends the interpreter"),
        ],
    )
    def test_that_does_not_import_makes_the_audit_worthless(self, audited, line, complaint):
        found = audited(solution=line, mistakes=f"WRONG = [{GOOD}]", mutants=True)
        assert found.complaints[0].startswith(complaint)
        assert len(found.complaints) == len(found.complaints[0].splitlines()) == 1
        assert not found.passed

    def test_that_never_ends_makes_the_audit_worthless(self, audited):
        found = audited(solution=open_solution("").replace("return x * factor", "while True: pass"), seconds=0.1)
        (complaint,) = found.complaints
        assert complaint == "the reference does not pass hidden/check_scale: TimeoutError: no end within 0.1 s"

    def test_has_to_be_there(self, make):
        assignment = make()
        message = "small has no solution here: an audit needs reference/small"
        with pytest.raises(GraderError, match=message):
            audit(Assignment(assignment.public, None), seeds=1, with_mutants=False, jobs=1)
        assignment.solution.unlink()
        with pytest.raises(GraderError, match=message):
            audit(assignment, seeds=1, with_mutants=False, jobs=1)

    def test_may_hold_a_dataclass_whose_annotations_are_postponed(self, audited):
        solution = """
            from __future__ import annotations

            from dataclasses import dataclass


            @dataclass
            class Scale:
                factor: float


            def scale(x, factor):
                return x * Scale(factor).factor


            def mean(x):
                return x.mean(axis=0)
        """
        assert audited(solution=solution).complaints == ()


def test_without_mistakes_and_variants_the_audit_still_runs(audited):
    found = audited(seeds=3, mutants=True)
    assert (found.passed, found.complaints, found.mistakes, found.variants) == (True, (), (), ())
    assert (found.gradings, found.failed_gradings, found.survived) == (3, 0, 0)
    assert found.caught > 0


def test_a_process_that_dies_ends_the_audit_in_one_line(audited):
    # not in this process: it would be the one of the tests
    fatal = 'WRONG = mistake("scale", whole="import os\\nos._exit(1)", hint="No.")'
    with pytest.raises(GraderError, match="the audit broke off: BrokenProcessPool: ") as caught:
        audited(mistakes=fatal, jobs=2)
    assert len(str(caught.value).splitlines()) == 1


def test_nothing_is_written_into_the_course(make):
    assignment = make(
        mistakes=f"WRONG = [{GOOD}]", variants="# %% small: numpy's\ndef mean(x): return x.mean(axis=0)\n"
    )
    before = files_below(assignment)
    audit(assignment, seeds=1, with_mutants=True, jobs=1)
    assert files_below(assignment) == before


def files_below(assignment: Assignment) -> dict[Path, bytes]:
    """All files of an assignment but Python's own."""
    folder = assignment.public.parent.parent
    paths = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path: path.read_bytes() for path in paths}

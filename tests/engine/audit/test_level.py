"""The level: right answers that fail are counted, named with check and seed, and bounded from above."""

from __future__ import annotations

import pytest
from scipy import stats

from grader.engine import seeds
from grader.engine.audit.outcome import _upper_bound

LOOP = """
# %% small: with a loop
def mean(x):
    total = 0.0
    for row in x:
        total = total + row
    return total / len(x)
"""


def test_the_bound_is_that_of_clopper_and_pearson():
    # the largest share of failures under which so few would be seen in one of twenty cases
    for failed, gradings in [(1, 20), (3, 50), (19, 20)]:
        assert stats.binom.cdf(failed, gradings, _upper_bound(failed, gradings)) == pytest.approx(0.05)
    assert _upper_bound(0, 10_000) == pytest.approx(1 - 0.05 ** (1 / 10_000), rel=1e-12)
    assert _upper_bound(20, 20) == 1.0
    assert _upper_bound(0, 0) == 1.0


def test_right_answers_are_graded_under_every_seed(audited):
    found = audited(seeds=12, variants=LOOP)
    assert (found.passed, found.variants, found.seeds) == (True, ("small: with a loop",), 12)
    assert (found.gradings, found.failed_gradings, found.false_failures) == (24, 0, ())
    assert found.level_bound == pytest.approx(1 - 0.05 ** (1 / 24), rel=1e-12)


def test_a_variant_that_fails_under_one_seed_in_twenty_is_named_with_check_and_seed(audited):
    drawn = [seeds.inputs_of(f"audit {number}", "hidden/check_mean").normal(size=(4, 3))[0, 0] for number in range(20)]
    lowest, next_one = sorted(drawn)[:2]
    variant = f"# %% small: nearly\ndef mean(x):\n    return x.mean(axis=0) + (x[0, 0] < {(lowest + next_one) / 2})\n"
    found = audited(seeds=20, variants=variant)
    (failure,) = found.false_failures
    seed = f"audit {drawn.index(lowest)}"
    assert (failure.variant, failure.check, failure.seed) == ("small: nearly", "hidden/check_mean", seed)
    assert failure.message.startswith("CheckFailure: mean(x)")
    assert (found.gradings, found.failed_gradings, found.passed) == (40, 1, False)
    assert found.level_bound == pytest.approx(stats.beta.ppf(0.95, 2, 39))


def test_a_grading_that_several_checks_fail_is_one(audited):
    variant = "# %% small: wrong\ndef mean(x):\n    return x\n\n\ndef scale(x, factor):\n    return -x\n"
    found = audited(seeds=1, variants=variant)
    assert {failure.check for failure in found.false_failures} == {"hidden/check_mean", "hidden/check_scale"}
    assert (found.gradings, found.failed_gradings) == (2, 1)


def test_a_reference_that_passes_under_the_first_seed_only(audited):
    first = seeds.inputs_of("audit", "hidden/check_luck").normal()
    check = f'''
        @exercise("small")
        def check_luck(student, rng):
            """Scaling is right for one number."""
            assert student.scale(1.0, rng.normal()) == {first}
    '''
    found = audited(seeds=3, checks=check)
    assert (found.complaints, found.gradings, found.failed_gradings, found.level_bound) == ((), 3, 3, 1.0)
    assert {failure.variant for failure in found.false_failures} == {"the reference"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def mean(x): return x x", "it does not import: SyntaxError: "),
        ("raise ValueError('two\\nlines')", "it does not import: ValueError: two lines"),
    ],
)
def test_a_variant_that_does_not_import_fails_under_every_seed(audited, body, message):
    found = audited(seeds=2, variants=f"{LOOP}# %% small: broken\n{body}\n")
    assert [(f.variant, f.check, f.seed) for f in found.false_failures] == [
        ("small: broken", "import", "audit 0"),
        ("small: broken", "import", "audit 1"),
    ]
    assert all(failure.message.startswith(message) for failure in found.false_failures)
    assert (found.gradings, found.failed_gradings, found.passed) == (6, 2, False)


def test_a_variant_that_warns_is_no_failure(audited, recwarn):
    variant = "# %% small: warns\nimport warnings\ndef mean(x):\n    warnings.warn('old')\n    return x.mean(axis=0)\n"
    assert audited(variants=variant).false_failures == ()
    assert len(recwarn) == 0


class TestSeparation:
    def test_is_the_largest_right_and_the_smallest_wrong_deviation(self, audited):
        found = audited(
            seeds=5,
            variants=LOOP,
            mistakes="""
                WRONG = [
                    mistake("mean", right="len(x)", wrong="len(x) * 1.5", hint="Far off."),
                    mistake("mean", right="/ len(x)", wrong="/ len(x) * (1 + 1e-5)", hint="Near."),
                ]
            """,
        )
        mean = next(check for check in found.checks if check.check == "hidden/check_mean")
        # the slack is 1e-6 of the scale, so a factor of 1 + 1e-5 is ten thresholds away from right, by the largest entry
        assert mean.wrong == pytest.approx(10, rel=0.01)
        assert 0 <= mean.right < 1e-6
        scale = next(check for check in found.checks if check.check == "hidden/check_scale")
        assert (scale.right, scale.wrong) == (0.0, None)

    def test_of_a_check_without_a_threshold_is_not_known(self, audited):
        check = '''
            @exercise("small")
            def check_plain(student):
                """Scaling one gives the factor."""
                assert student.scale(1.0, 2.0) == 2
        '''
        found = audited(checks=check, mistakes='WRONG = mistake("scale", right="* f", wrong="+ f", hint="Multiply.")')
        plain = next(check for check in found.checks if check.check == "hidden/check_plain")
        assert (plain.right, plain.wrong, plain.mistakes) == (None, None, 1)

    def test_may_be_infinite_and_is_then_not_lost_in_the_file(self, audited):
        check = '''
            @exercise("small")
            def check_exact(student):
                """Scaling one gives the factor, exactly."""
                expect(student.scale(1.0, 2.0), "y").equals(2.0)
        '''
        found = audited(checks=check, mistakes='WRONG = mistake("scale", right="* f", wrong="+ f", hint="Multiply.")')
        exact = next(check for check in found.checks if check.check == "hidden/check_exact")
        assert exact.wrong == float("inf")
        assert type(found).model_validate_json(found.model_dump_json()) == found

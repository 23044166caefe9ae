from __future__ import annotations

import pytest

from grader.evidence import Evidence
from grader.reports.redact import redact
from grader.results import CheckResult, Location, Outcome


def test_public_checks_keep_everything_but_their_timing(grace):
    public = [check for check in grace.checks if check.visibility == "public"]
    shown = [check for check in redact(grace).checks if check.visibility == "public"]
    assert shown == [check.model_copy(update={"seconds": 0.0}) for check in public]


def test_of_a_hidden_failure_only_words_of_the_handout_remain(grace):
    assert redact(grace).checks[1] == CheckResult(
        check="hidden/1",
        exercise="linear",
        title="Backward is the gradient of your forward.",
        visibility="hidden",
        weight=3,
        outcome=Outcome.FAILED,
        hint="Sum the bias gradient over the batch (axis 0), not over the features.",
        functions=("linear_forward", "linear_backward"),
    )


def test_of_a_hidden_crash_the_students_own_line_remains(grace):
    shown = redact(grace).checks[3]
    assert shown.location == grace.checks[3].location
    assert (shown.check, shown.message, shown.output) == ("hidden/2", "", "")


def test_names_of_hidden_checks_become_numbers_and_stay_unique(ada):
    names = [check.check for check in redact(ada).checks]
    assert names[1::2] == ["hidden/1", "hidden/2", "hidden/3"]
    assert names[0::2] == [check.check for check in ada.checks[0::2]]


def test_points_and_problems_stay_while_timing_and_digest_go(grace):
    shown = redact(grace)
    assert (shown.exercises, shown.problems, shown.outcome) == (grace.exercises, grace.problems, grace.outcome)
    assert (shown.seconds, shown.digest) == (0.0, "")
    assert all(check.seconds == 0.0 for check in shown.checks)


def test_redacting_twice_is_redacting_once(results):
    for result in results:
        assert redact(redact(result)) == redact(result)


def test_secrets_are_gone_from_the_whole_model(grace, secrets):
    whole, shown = grace.model_dump_json(), redact(grace).model_dump_json()
    assert all(secret in whole for secret in secrets)
    assert [secret for secret in secrets if secret in shown] == []


@pytest.mark.parametrize(
    "other",
    [
        {"message": "x"},
        {"evidence": (Evidence(name="x", want="1"),)},
        {"output": "x"},
        {"seconds": 9.0},
        {"check": "hidden/check_another_name"},
        {"location": Location(file="x.py", line=1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_stays_secret_has_no_influence(grace, other):
    changed = list(grace.checks)
    changed[1] = changed[1].model_copy(update=other)
    assert redact(grace.model_copy(update={"checks": tuple(changed)})) == redact(grace)

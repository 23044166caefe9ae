from __future__ import annotations

import pytest

from grader.evidence import Evidence
from grader.reports.words import WORDS, added_hint, causes, place
from grader.results import CheckResult, Explanation, KnownMistake, Location, Outcome


def test_every_outcome_has_words():
    assert set(WORDS) == set(Outcome)
    assert all(words.explanation.endswith(".") for words in WORDS.values())


def test_a_cause_is_given_once_and_not_when_the_hint_has_it():
    check = CheckResult(
        check="public/check_a",
        exercise="a",
        title="A.",
        visibility="public",
        outcome=Outcome.FAILED,
        hint="The sign is wrong.",
        evidence=(
            Evidence(name="dx", cause="The sign is wrong."),
            Evidence(name="dS", cause="It is transposed."),
            Evidence(name="db", cause="It is transposed."),
            Evidence(name="h"),
        ),
    )
    assert causes(check) == ("It is transposed.",)


def said(message: str, hint: str, **rest: object) -> CheckResult:
    base = {
        "check": "public/check_a",
        "exercise": "a",
        "title": "A.",
        "visibility": "public",
        "outcome": Outcome.FAILED,
    }
    return CheckResult(**base | {"message": message, "hint": hint} | rest)


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("`mse` did not end within 10 s.", "`mse` did not end within 10 s."),
        ("`mse` raised ValueError: math domain error.", "`mse` raised ValueError."),
        ("`mse` could not be defined: NameError: name 'np' is not defined.", "`mse` could not be defined: see the line of your file."),
        ("softmax: loss is nan; it must be finite. loss overflows.\ngradient is not finite.", "`loss` is not finite. `gradient` is not finite."),
        ("tanh_backward: dx differs in 7 of 7 entries; the worst is dx[3] = 0.03 where 0.048 is due.", "`dx` has wrong values."),
        ("anything", ""),
    ],
)  # fmt: skip
def test_a_hint_that_repeats_the_message_adds_nothing(message, hint):
    assert added_hint(said(message, hint)) == ""


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("", "`mse` raised ValueError."),  # of a hidden check: all that its student reads
        ("db has shape (4,), due is (3,).", "Sum the bias gradient over the batch (axis 0), not over the features."),
        ("h differs in 2 of 3 entries. h is 2.7 times what it should be.", "`h` is off by a constant factor."),
        ("dx differs in 7 of 7 entries.", "`dS` has wrong values."),
        ("`f` raised ModuleNotFoundError: No module named 'scipy'.", "`f` imports a package that is not allowed."),
        ("db differs at axis 10.", "Sum over axis 1."),
    ],
)
def test_a_hint_that_says_more_than_the_message_is_given(message, hint):
    assert added_hint(said(message, hint)) == hint


def test_a_hint_of_the_authors_list_is_given_also_where_the_message_has_its_words():
    known = KnownMistake(function="mse", exercise="a", name="mse: 1", hint="Divide by N.")
    explained = (Explanation(mistakes=(known,)),)
    assert added_hint(said("divide: it is N times by far", "Divide by N.")) == ""
    assert added_hint(said("divide: it is N times by far", "Divide by N.", explanations=explained)) == "Divide by N."


def test_a_place_names_file_cell_line_and_function_where_known():
    assert place(Location(file="a.py", line=3)) == "a.py, line 3"
    assert place(Location(file="a.ipynb", line=3, cell=2, function="f")) == "a.ipynb, cell 2, line 3, in f"

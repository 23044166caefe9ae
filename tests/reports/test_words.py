from __future__ import annotations

from grader.evidence import Evidence
from grader.reports.words import WORDS, causes, place
from grader.results import CheckResult, Location, Outcome


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


def test_a_place_names_file_cell_line_and_function_where_known():
    assert place(Location(file="a.py", line=3)) == "a.py, line 3"
    assert place(Location(file="a.ipynb", line=3, cell=2, function="f")) == "a.ipynb, cell 2, line 3, in f"

from __future__ import annotations

import csv
import io

import pytest

from grader.evidence import NOT_ON_A_GPU
from grader.reports.grades import write_grades_csv


def written(info, results) -> str:
    stream = io.StringIO(newline="")
    write_grades_csv(stream, info, results)
    return stream.getvalue()


def test_the_golden_grades(info, results, golden):
    golden("grades.csv", written(info, iter(results)))


def test_the_csv_module_reads_back_what_was_written(info, results):
    lines = list(csv.DictReader(io.StringIO(written(info, results), newline="")))
    assert list(lines[0]) == [
        "id", "student", "outcome", "linear", "activations", "losses", "total", "out_of", "message", "by_hand",
        "seen", "not_on_a_gpu",
    ]  # fmt: skip
    assert [line["id"] for line in lines] == ["grace", '\'=r&d "x"/../y', "ada", "nobody"]
    assert [line["total"] for line in lines] == ["3.33", "1", "10.5", "0"]
    assert {line["out_of"] for line in lines} == {"10.5"}
    assert lines[3]["student"] == "Nobody, Jr."
    assert lines[3]["linear"] == "0"


def test_lines_end_in_a_line_feed_and_none_is_broken(info, results):
    text = written(info, results)
    assert "\r" not in text
    assert text.count("\n") == len(results) + 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
@pytest.mark.parametrize("field", ["id", "student", "message", "seen"])
def test_nothing_from_a_student_begins_a_formula(info, ada, start, field):
    own = {"problems": (f"{start}SUM(1)",)} if field == "seen" else {field: f"{start}SUM(1)"}
    text = written(info, [ada.model_copy(update=own)])
    cell = next(csv.DictReader(io.StringIO(text)))[field]
    assert cell.startswith("'")
    assert cell.endswith("SUM(1)")


def test_control_codes_are_visible(info, mallory):
    line = next(csv.DictReader(io.StringIO(written(info, [mallory]))))
    assert "\\x1b[2J\\x00" in line["student"]


def test_says_what_was_seen_of_a_submission(info, ada):
    late = ada.model_copy(update={"problems": ("late by 2 h", "handed in by a group of 2")})
    line = next(csv.DictReader(io.StringIO(written(info, [late]))))
    assert line["seen"] == "late by 2 h; handed in by a group of 2"


def test_names_the_checks_whose_part_on_a_gpu_was_left_out(info, ada, grace):
    first, second, *others = ada.checks
    noted = [check.model_copy(update={"notes": ("Else.", f"{NOT_ON_A_GPU}.")}) for check in (first, second)]
    lines = csv.DictReader(io.StringIO(written(info, [ada.model_copy(update={"checks": (*noted, *others)}), grace])))
    assert [line["not_on_a_gpu"] for line in lines] == [f"{first.check} {second.check}", ""]

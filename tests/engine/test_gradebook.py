"""Results on disk: whole, in order, and told in one line when the file is not what it should be."""

from __future__ import annotations

import sqlite3

import pytest

from grader.engine import batch
from grader.engine.batch import Graded
from grader.engine.gradebook import Gradebook
from grader.errors import GraderError
from grader.results import Outcome, SubmissionResult


def result(name: str, **more: object) -> SubmissionResult:
    return SubmissionResult(
        id=name, student=name, assignment="tiny", outcome=Outcome.PASSED, digest=f"d-{name}", **more
    )


@pytest.fixture
def book(tmp_path):
    with Gradebook(tmp_path / "gradebook.sqlite") as book:
        yield book


def test_results_come_back_as_they_were_in_the_order_of_the_run(book):
    book.put(result("berta", message="\udc80 kept"), 2)
    book.put(result("anna"), 1)
    assert [r.id for r in book.results()] == ["anna", "berta"]
    assert list(book.results())[1] == result("berta", message="\udc80 kept")
    assert book.digests() == {"anna": "d-anna", "berta": "d-berta"}


def test_a_result_that_is_graded_again_replaces_the_old_one(book):
    book.put(result("anna"), 1)
    book.put(result("anna", message="anew"), 5)
    assert [r.message for r in book.results()] == ["anew"]


def test_a_stored_result_moves_to_its_place_in_this_run(book):
    book.put(result("anna"), 1)
    book.put(result("berta"), 2)
    batch.store(book, Graded(position=9, id="anna", result=None))
    assert [r.id for r in book.results()] == ["berta", "anna"]


def test_submissions_that_are_gone_are_forgotten(book):
    book.put(result("anna"), 1)
    book.put(result("berta"), 2)
    book.keep_only({"berta", "carla"})
    assert [r.id for r in book.results()] == ["berta"]


def test_a_file_that_is_no_gradebook_is_refused(tmp_path):
    path = tmp_path / "gradebook.sqlite"
    path.write_text("something else entirely, and long enough to be looked at")
    with pytest.raises(GraderError, match=r"gradebook\.sqlite cannot be used as a gradebook: file is not a database"):
        Gradebook(path)


def test_an_empty_gradebook_has_no_run(book):
    with pytest.raises(GraderError, match="holds no run yet: grade into this folder first"):
        book.info()


@pytest.mark.parametrize("read", [lambda book: book.info(), lambda book: list(book.results())])
def test_what_another_version_wrote_is_told(book, tmp_path, read):
    book.keep("info", '{"schema_version": 99}')
    with sqlite3.connect(tmp_path / "gradebook.sqlite") as database:
        database.execute("insert into result values ('anna', 1, 'd', '{\"old\": true}')")
    database.close()
    with pytest.raises(GraderError, match="was written by another version of the grader: grade into it again"):
        read(book)


def test_a_full_disk_is_told_with_the_submission(book):
    book._database.execute("pragma max_page_count = 1")
    with pytest.raises(GraderError, match="the result of anna could not be stored: database or disk is full"):
        book.put(result("anna", message="x" * 10**6), 1)
    assert list(book.results()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GraderError, match="cannot be written: Not a directory"):
        batch.open_gradebook(tmp_path / "file" / "out")

"""The folder that a run leaves behind: every report, written whole or not at all.

``results.json``, ``grades.csv``, ``report/`` for the instructor, ``feedback/`` for the
students. Which words each holds is decided by the modules of the formats.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from grader.reports import feedback, grades, html, whole
from grader.reports.rows import Row, row_of
from grader.results import BatchInfo, SubmissionResult

REPORT, FEEDBACK = "report", "feedback"
CLASS_PAGE = Path(REPORT) / html.CLASS_PAGE_NAME


def write_folder(out: Path, info: BatchInfo, results: Callable[[], Iterable[SubmissionResult]]) -> list[Row]:
    """Write every report into ``out`` and return the rows of the class table.

    Parameters
    ----------
    out
        The folder; it exists.
    info
        What the results have in common.
    results
        Gives the results anew each time, one by one: a class need not fit into memory.

    Raises
    ------
    OSError
        When something cannot be written; what was there before is whole then.
    """
    with whole_file(out / "results.json") as stream:
        whole.write_results_json(stream, info, results())
    with whole_file(out / "grades.csv") as stream:
        grades.write_grades_csv(stream, info, results())
    with whole_folder(out / REPORT) as report, whole_folder(out / FEEDBACK) as handed_back:
        rows = []
        for result in results():
            _write(report / html.page_name(result.id), html.student_page(info, result))
            _write(handed_back / html.page_name(result.id), html.feedback_page(info, result))
            _write(handed_back / f"{result.id}.md", feedback.feedback_markdown(info, result))
            rows.append(row_of(result))
        _write(report / html.CLASS_PAGE_NAME, html.class_page(info, rows))
    return rows


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a place beside ``path``; what is written there takes its place, if nothing went wrong."""
    partial = path.with_name(f".{path.name}.part")
    yield partial
    partial.replace(path)


def replace(path: Path, text: str) -> None:
    """Write a file anew; whoever reads it meanwhile finds a whole one, the old or the new."""
    with replacing(path) as partial:
        _write(partial, text)


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Give a stream whose text appears under ``path`` only when all of it was written."""
    with (
        replacing(path) as partial,
        partial.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream,
    ):
        yield stream


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a folder that takes the place of ``path`` only when all of it was written."""
    with replacing(path) as partial:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        yield partial
        shutil.rmtree(path, ignore_errors=True)

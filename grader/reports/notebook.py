"""The student's own notebook with the feedback in it: below the cell of each exercise its result and hints.

What the student wrote stays as it is; cells are only added. The page made of it is sanitized,
because a notebook may hold any HTML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import nbformat
from nbformat import NotebookNode

from grader.reports.feedback import exercise_markdown
from grader.results import SubmissionResult, format_points

_DEFINITION = re.compile(r"^(?:async def|def|class) +(\w+)", re.MULTILINE)
_TAG = "grader-feedback"
"""Tag of the cells that were added: feedback upon feedback replaces them."""

_SHOWN = frozenset(
    {"text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/svg+xml"}
)
"""Kinds of output on the page: those that nbconvert's own sanitizer knows. Mermaid's text is none of them."""


class NotebookError(ValueError):
    """A file is no notebook that can be shown; one line that says why."""


def feedback_notebook(result: SubmissionResult, data: bytes) -> str:
    """Return a student's notebook with feedback cells, in the current format.

    Parameters
    ----------
    result
        What was found; the redactor is applied here.
    data
        The notebook as it was handed in, of any format that nbformat reads.

    Raises
    ------
    NotebookError
        When it is none.
    """
    try:
        notebook = nbformat.reads(data.decode("utf-8"), as_version=4)  # type: ignore[no-untyped-call]
        cells = [cell for cell in notebook.cells if _TAG not in cell.get("metadata", {}).get("tags", [])]
        places = _places(result, cells)
    except Exception as error:  # noqa: BLE001 - what a student's file makes the reader raise is anything
        raise NotebookError(f"it cannot be read ({type(error).__name__})") from None
    total = f"**{format_points(result.earned)} of {format_points(result.points)} points**"
    at_the_end = [name for name in _names(result) if name not in places]
    notebook.cells = [_cell("total", f"# Feedback: {total}\n\nIt stands below the cell of each exercise.")]
    for number, cell in enumerate(cells):
        notebook.cells.append(cell)
        notebook.cells += [
            _cell(name, exercise_markdown(result, name)) for name, place in places.items() if place == number
        ]
    notebook.cells += [_cell(name, exercise_markdown(result, name)) for name in at_the_end]
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    taken: set[str] = set()
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":  # editors leave out what is empty, and nbformat wants it
            cell.setdefault("execution_count", None)
            cell.setdefault("outputs", [])
        cell.id = str(cell.get("id", f"cell-{number}"))[:50]
        if cell.id in taken or not re.fullmatch(r"[A-Za-z0-9_-]+", cell.id):
            cell.id = f"cell-{number}-again"
        taken.add(cell.id)
    return str(nbformat.writes(notebook)) + "\n"  # type: ignore[no-untyped-call]


def page(notebook: str) -> str:
    """Return a notebook from :func:`feedback_notebook` as HTML without anything that runs.

    Raises
    ------
    NotebookError
        When it cannot be shown.
    """
    from nbconvert.exporters import HTMLExporter

    node = nbformat.reads(notebook, as_version=4)  # type: ignore[no-untyped-call]
    for output in (output for cell in node.cells for output in cell.get("outputs", ()) if "data" in output):
        output.data = {kind: data for kind, data in output.data.items() if kind in _SHOWN}
    # the lexer of IPython is a part of IPython, which is not needed for anything else here
    node.metadata.language_info = {"name": "python", "pygments_lexer": "python3"}
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        sanitize_html=True, exclude_input_prompt=True, exclude_output_prompt=True
    )
    try:
        return str(exporter.from_notebook_node(node)[0])
    except Exception as error:  # noqa: BLE001 - what a student's file makes the exporter raise is anything
        raise NotebookError(f"it cannot be shown as a page ({type(error).__name__})") from None


def _names(result: SubmissionResult) -> list[str]:
    return [exercise.name for exercise in result.exercises]


def _places(result: SubmissionResult, cells: list[NotebookNode]) -> Mapping[str, int]:
    """Return the last cell that defines a function of each exercise, of those that have one."""
    owners = _owners(result)
    found: dict[str, int] = {}
    for number, cell in enumerate(cells):
        if cell.cell_type == "code":
            owned = (owners.get(name) for name in _DEFINITION.findall(cell.source))
            found |= {exercise: number for exercise in owned if exercise is not None}
    return found


def _owners(result: SubmissionResult) -> dict[str, str]:
    """Return the exercise of each function: the first whose checks call it, since later ones build upon it."""
    order = _names(result)
    owners: dict[str, str] = {}
    for check in sorted((c for c in result.checks if c.exercise in order), key=lambda c: order.index(c.exercise)):
        for function in check.functions:
            owners.setdefault(function, check.exercise)
    return owners


def _cell(name: str, text: str) -> NotebookNode:
    cell: NotebookNode = nbformat.v4.new_markdown_cell(text, metadata={"tags": [_TAG]})  # type: ignore[no-untyped-call]
    cell.id = f"feedback-{name}"[:50]  # the same whenever it is made
    return cell

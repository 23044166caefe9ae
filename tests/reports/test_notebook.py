"""Feedback in the student's own notebook, and the page that is made of it."""

from __future__ import annotations

import json

import nbformat
import pytest

from grader.reports.notebook import NotebookError, feedback_notebook, page

SWISH = "import numpy as np\n\n\ndef swish(x):\n    return 1 / (1 + np.exp(-x))"


def handed_in(*cells: dict, **more) -> bytes:
    whole = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": list(cells)} | more
    return json.dumps(whole).encode()


def code(source: str, *outputs: dict) -> dict:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs), "execution_count": None}


NOTEBOOK = handed_in(
    {"cell_type": "markdown", "source": "# Mine", "metadata": {}},
    code("def linear_forward(x, S, b):\n    return x @ S + b, (x, S)"),
    code(SWISH, {"output_type": "display_data", "data": {"text/html": "<script>alert(1)</script>ok"}, "metadata": {}}),
)


def cells(result, data=NOTEBOOK) -> list:
    notebook = nbformat.reads(feedback_notebook(result, data), as_version=4)
    nbformat.validate(notebook)
    return notebook.cells


def test_the_golden_notebook(grace, golden):
    golden("feedback_grace.ipynb", feedback_notebook(grace, NOTEBOOK))


def test_each_exercise_has_its_feedback_below_its_cell(grace):
    found = [cell.source.split("\n")[0] for cell in cells(grace)]
    assert found == [
        "# Feedback: **3.33 of 10.5 points**",
        "# Mine",
        "def linear_forward(x, S, b):",
        "**Linear layer: 1 of 4 points**",
        "import numpy as np",
        "**Activations with `swish`: 0 of 3 points**",
        "**Losses \\| means: 2.33 of 3.5 points**",  # no cell of the notebook defines one of its functions
    ]


def test_the_students_own_cells_stay_as_they_are(grace):
    before = nbformat.reads(NOTEBOOK.decode(), as_version=4).cells
    after = [cell for cell in cells(grace) if "grader-feedback" not in cell.metadata.get("tags", [])]
    assert [(cell.cell_type, cell.source, cell.get("outputs")) for cell in after] == [
        (cell.cell_type, cell.source, cell.get("outputs")) for cell in before
    ]


def test_feedback_upon_feedback_replaces_it(grace, ada):
    twice = feedback_notebook(ada, feedback_notebook(grace, NOTEBOOK).encode())
    assert twice.count("# Feedback") == 1
    assert "3.33" not in twice


def test_nothing_hidden_is_in_it(results, secrets):
    text = "".join(feedback_notebook(result, NOTEBOOK) for result in results)
    assert not [secret for secret in secrets if secret in text]


def test_the_page_runs_nothing_of_the_students(mallory):
    hostile = {
        "cell_type": "markdown",
        "source": "<img src=x onerror=alert(1)>[a](javascript:alert(2))",
        "metadata": {},
    }
    text = page(feedback_notebook(mallory, handed_in(hostile, *json.loads(NOTEBOOK)["cells"])))
    body = text[text.index("<body") :]
    assert "<script>alert" not in body
    assert "<img src=x" not in body
    assert "javascript:alert" not in body
    assert "Linear layer: 0 of 4 points" in body


@pytest.mark.parametrize("kind", ["text/vnd.mermaid", "application/javascript", "application/vnd.x+json", "text/x"])
def test_outputs_of_other_kinds_are_not_on_the_page(mallory, kind):
    data = {kind: "</pre></div><script>alert(7)</script>", "text/plain": "seven"}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    text = page(feedback_notebook(mallory, handed_in(code("x", output))))
    assert "alert(7)" not in text
    assert "seven" in text


def test_what_cannot_be_a_page_is_refused_in_one_line(ada):
    pasted = {"cell_type": "markdown", "source": "![sketch](attachment:sketch.png)", "metadata": {}}
    with pytest.raises(NotebookError, match=r"it cannot be shown as a page \(\w+\)"):
        page(feedback_notebook(ada, handed_in(pasted)))


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b'{"nbformat": 4}', handed_in({"cell_type": 3})])
def test_what_is_no_notebook_is_refused_in_one_line(ada, data):
    with pytest.raises(NotebookError, match=r"it cannot be read \(\w+\)"):
        feedback_notebook(ada, data)

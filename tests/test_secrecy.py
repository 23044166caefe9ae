"""What hidden material in a file looks like, wherever it hides."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from grader.secrecy import leak, secrets_of
from grader.stub import ReleaseError

SOLUTION = '''\
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return np.asarray(x) + np.asarray(x)
    ### END SOLUTION
'''
CHECKS = '''\
"""Hidden."""
from grader import exercise, expect, gradient


@exercise("double")
def check_it(student, rng):
    """Doubling is linear."""
    x = rng.normal(size=(3, 17))
    got = student.double(2 * x)
    expect(got).close_to(4 * x)


@exercise("double")
def check_short(student):
    """Short."""
    expect(student.double(1)).close_to(2)
'''
VARIANT = "def double(x):\n    return np.multiply(x, 2.0)\n"
MISTAKE = 'mistake(\n    "double",\n    wrong="np.asarray(x) * np.asarray(x)",\n    hint="Add, do not multiply.",\n)\n'
TEXTS = {"solution": SOLUTION, "checks.py": CHECKS, "variants.py": VARIANT, "mistakes.py": MISTAKE}


@pytest.fixture
def secrets(tmp_path):
    folder = tmp_path / "reference" / "double"
    folder.mkdir(parents=True)
    for name, text in TEXTS.items():
        (folder / ("double.py" if name == "solution" else name)).write_text(text)
    return secrets_of(tmp_path, "double")


LEAKS = [
    ("return np.asarray(x) + np.asarray(x)", "line 4 of the solution of double"),
    ("# return np.multiply(x, 2.0)", "line 2 of reference/double/variants.py"),
    ('    wrong="np.asarray(x) * np.asarray(x)",', "line 3 of reference/double/mistakes.py"),
    (CHECKS, "the body of check_it of reference/double/checks.py"),
]


@pytest.mark.parametrize(("text", "what"), LEAKS)
class TestFound:
    def test_in_a_text(self, secrets, text, what):
        assert leak(secrets, {"a.md": b"clean", "b.md": f"so:\n{text}\n".encode()}) == f"b.md holds {what}: take it out"

    def test_in_a_notebook_line_by_line(self, secrets, text, what):
        cell = {"cell_type": "code", "source": text.splitlines(keepends=True)}
        assert what in leak(secrets, {"a.ipynb": json.dumps({"cells": [cell]}).encode()})

    def test_in_other_json(self, secrets, text, what):
        assert what in leak(secrets, {"a.json": json.dumps({"a": [{"b": text}]}, ensure_ascii=False).encode()})

    def test_in_a_wheel_in_a_zip(self, secrets, text, what):
        def zipped(name: str, data: bytes) -> bytes:
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(name, data)
            return stream.getvalue()

        assert what in leak(secrets, {"x.zip": zipped("x.whl", zipped("a.py", text.encode()))})


@pytest.mark.parametrize(
    "text",
    [
        "from grader import exercise, expect, gradient",  # an import
        '"double",',
        '"""Doubling is linear."""',  # the title of a check
        "expect(student.double(1)).close_to(2)",  # short checks are alike
        "hint",
    ],
)
def test_what_tells_nothing_may_stand_anywhere(secrets, text):
    assert leak(secrets, {"a.md": text.encode(), "b.bin": b"\xff\x00", "c.json": b"{"}) == ""


def test_a_reference_without_the_other_files_has_its_solution_alone(tmp_path):
    (tmp_path / "reference/double").mkdir(parents=True)
    (tmp_path / "reference/double/double.py").write_text(SOLUTION)
    assert [secret.what for secret in secrets_of(tmp_path, "double")] == ["line 4 of the solution of double"]


def test_hidden_checks_that_cannot_be_read_stop_the_release(tmp_path, secrets):
    (tmp_path / "reference/double/checks.py").write_text("def check_(")
    with pytest.raises(ReleaseError, match=r"reference/double/checks.py, line 1: '\(' was never closed"):
        secrets_of(tmp_path, "double")

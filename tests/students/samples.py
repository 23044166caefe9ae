"""The sample class: who handed in what, and how it must come out.

Right answers are the reference and its variants, wrong ones the mistakes, broken ones are
written here; ``hands/`` holds what people wrote from the handout and the stub alone. Used by
``ci/demo`` (through ``build.py``) and by the tests, which hold every outcome to this list.
"""

from __future__ import annotations

import io
import json
import re
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course
from grader.engine.checks import load_module
from grader.mistakes import Mistake, read_variants
from grader.release import make_notebook
from grader.results import Outcome

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
ASSIGNMENT = Course(ROOT).assignment("backprop")
EXERCISES = tuple(exercise.name for exercise in ASSIGNMENT.exercises)
SOLUTION = (ROOT / "reference/backprop/backprop.py").read_text(encoding="utf-8")
STUB = ASSIGNMENT.released()
_NAME_WIDTH = 15
"""Letters of a name that the class table shows on one line of 80 columns."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One submission of the class."""

    student: str
    files: dict[str, bytes]
    """By path in the folder of submissions."""
    outcomes: frozenset[Outcome]
    """How it may come out: a wrong shape fails in one check and crashes in a function that uses it."""
    full: frozenset[str] = frozenset()
    """Exercises that earn all their points."""
    less: frozenset[str] = frozenset()
    """Exercises that lose some; of the others nothing is said."""
    says: str = ""
    """Words that its result must hold."""


# ------------------------------------------------------------------------------ layouts


def in_folder(student: str, text: str) -> dict[str, bytes]:
    return {f"{student}/backprop.py": text.encode()}


def as_clone(student: str, text: str) -> dict[str, bytes]:
    own = f"backprop-{student}"
    return {
        f"{own}/backprop.py": text.encode(),
        f"{own}/backprop.ipynb": STUB["backprop.ipynb"],  # untouched beside the script, as it was handed out
        f"{own}/README.md": b"# My homework\n",
        f"{own}/.git/HEAD": b"ref: refs/heads/main\n",
    }


def as_download(student: str, text: str) -> dict[str, bytes]:
    return {f"{student}_12345_67890_backprop.py": text.encode()}


def as_notebook_download(student: str, text: str) -> dict[str, bytes]:
    return {f"{student}_12345_67890_backprop.ipynb": make_notebook(text).encode()}


def as_zip(student: str, text: str) -> dict[str, bytes]:
    return {f"{student}.zip": zipped({"backprop/backprop.py": text.encode()})}


def as_moodle_folder(student: str, text: str) -> dict[str, bytes]:
    return {f"{student}_123456_assignsubmission_file_/backprop.ipynb": make_notebook(text).encode()}


LAYOUTS = (in_folder, as_clone, as_download, as_notebook_download, as_zip)


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 12, 0, 0)), content)
    return stream.getvalue()


# ------------------------------------------------------------------- right, wrong, by hand


def right() -> Iterator[Sample]:
    """The reference, and the variants: the k-th one takes the k-th variant of every exercise."""
    variants = read_variants(ROOT / "reference/backprop/variants.py", "")
    by_exercise = {name: [v.source for v in variants if v.exercise == name] for name in EXERCISES}
    number = max(map(len, by_exercise.values()))
    texts = [SOLUTION]
    texts += ["\n\n".join([SOLUTION, *(each[k % len(each)] for each in by_exercise.values())]) for k in range(number)]
    for k, text in enumerate(texts):
        student = f"right{k}"
        yield Sample(
            student=student,
            files=LAYOUTS[k % len(LAYOUTS)](student, text),
            outcomes=frozenset({Outcome.PASSED}),
            full=frozenset(EXERCISES),
        )
    yield Sample(
        student="Olga Right",
        files=as_moodle_folder("Olga Right", SOLUTION),
        outcomes=frozenset({Outcome.PASSED}),
        full=frozenset(EXERCISES),
    )


def mistakes() -> list[Mistake]:
    """The assignment's list of wrong answers."""
    module = load_module(ROOT / "reference/backprop/mistakes.py", "_mistakes_of_backprop")
    return list(module.MISTAKES)


def wrong() -> Iterator[Sample]:
    """One submission for each mistake."""
    exercise_of = {function: e.name for e in ASSIGNMENT.exercises for function in e.functions}
    for k, mistake in enumerate(mistakes()):
        student = f"wrong{k:02}-{mistake.function.replace('_', '')}"[:_NAME_WIDTH]
        yield Sample(
            student=student,
            files=LAYOUTS[k % len(LAYOUTS)](student, mistake.apply(SOLUTION)),
            outcomes=frozenset({Outcome.FAILED, Outcome.CRASHED}),
            less=frozenset({exercise_of[mistake.function]}),
        )


def by_hand() -> Iterator[Sample]:
    """What people wrote who never saw the reference or the checks; ``expected.toml`` says how it came out and why."""
    expected = tomllib.loads((HERE / "hands/expected.toml").read_text(encoding="utf-8"))
    for student, verdict in sorted(expected.items()):
        path = next((HERE / "hands").glob(f"{student}.*"))
        yield Sample(
            student=student,
            files={f"{student}/backprop{path.suffix}": path.read_bytes()},
            outcomes=frozenset({Outcome(verdict["outcome"])}),
            full=frozenset(EXERCISES) - frozenset(verdict.get("less", [])),
            less=frozenset(verdict.get("less", [])),
        )


# -------------------------------------------------------------------------------- broken


def replaced(function: str, body: str, *, source: str = SOLUTION, arguments: str | None = None) -> str:
    """The solution with one function rewritten: its arguments kept unless given, its body replaced."""
    found = re.search(rf"^def {function}\((.*?)\)(?: ->.*?)?:\n(?=    \"\"\")", source, re.MULTILINE | re.DOTALL)
    assert found is not None, function
    rest = re.compile(r"^(?=\S)", re.MULTILINE).search(source, found.end())
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    head = f"def {function}({found[1] if arguments is None else arguments}):\n"
    return source[: found.start()] + head + lines + "\n\n" + source[rest.start() if rest else len(source) :]


def without(function: str) -> str:
    """The solution without one function."""
    return re.sub(rf"^def {function}\(", f"def my_{function}(", SOLUTION, flags=re.MULTILINE)


def messy_notebook(text: str) -> bytes:
    """The solution as a student's notebook looks: magics, shell lines, plots, a failing cell, huge outputs."""
    notebook = json.loads(make_notebook(text))
    extra = [
        "%matplotlib inline\nimport matplotlib.pyplot as plt\n!pip install numpy\nfiles = !ls",
        "name = input('your name? ')",
        "%%bash\necho this is no Python",
        "fig, ax = plt.subplots()\nax.plot([1, 2, 3])\nplt.show()",
        "1 / 0",
        "%time squared_norm_gradient(np.ones(3))",
        "squared_norm_gradient?",
    ]
    template = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    huge = [{"output_type": "stream", "name": "stdout", "text": "x" * (50 * 2**20)}]
    cells = [{**template, "id": f"extra-{n}", "source": source, "outputs": []} for n, source in enumerate(extra)]
    cells[-1]["outputs"] = huge
    notebook["cells"] = [cells[0], *notebook["cells"], *cells[1:]]
    return json.dumps(notebook).encode()


def _one(student: str, text: str, outcome: Outcome, less: str, says: str = "") -> Sample:
    lost = frozenset(less.split())
    return Sample(
        student=student,
        files=in_folder(student, text),
        outcomes=frozenset({outcome}),
        full=frozenset(EXERCISES) - lost - {"network"},
        less=lost,
        says=says,
    )


def broken() -> Iterator[Sample]:
    """Everything else that a class hands in. The network uses other functions, so nothing is said of it here."""
    crashed, failed, timed_out = Outcome.CRASHED, Outcome.FAILED, Outcome.TIMED_OUT
    ill = SOLUTION.replace("def tanh_backward(dh: Array, cache: Cache) -> Array:", "def tanh_backward(dh, cache)")
    yield _one("syntax-error", ill, crashed, "activations", "def tanh_backward(dh, cache)")
    yield _one("crash-at-import", SOLUTION + "\nassert squared_norm_gradient(np.ones(2))[0] == 5\n", Outcome.PASSED, "",
               "assert squared_norm_gradient(np.ones(2))[0] == 5")  # fmt: skip
    yield _one("missing-function", without("huber"), Outcome.NOT_IMPLEMENTED, "losses", "`huber` is missing")
    yield _one(
        "wrong-arguments", replaced("mse", "return 0.0, h", arguments="h"), crashed, "losses", "takes 1 positional"
    )
    yield _one("returns-none", replaced("mse", "r = h - y"), failed, "losses", "None")
    yield _one("wrong-shape", replaced("mse", "return 0.5 * ((h - y) ** 2).sum() / len(h), ((h - y) / len(h)).T"), failed,
               "losses", "shape")  # fmt: skip
    yield _one("float32", replaced("sigmoid_forward", "h = (1 / (1 + np.exp(-np.clip(x, -500, 500)))).astype(np.float32)\n"
               "return h, h"), failed, "activations", "float32")  # fmt: skip
    yield _one("a-list", replaced("squared_norm_gradient", "return [2 * v for v in x]"), failed, "calculus", "list")
    yield _one("not-a-number", replaced("mse", "return np.nan, h * np.nan"), failed, "losses", "nan")
    yield _one("in-place", replaced("squared_norm_gradient", "x *= 2\nreturn x"), Outcome.PASSED, "",
               "`squared_norm_gradient` changes its argument `x` in place")  # fmt: skip
    yield _one(
        "endless-loop", replaced("huber", "while True: delta += 0"), timed_out, "losses", "while True: delta += 0"
    )
    endless = "import itertools\nsum(itertools.repeat(0))"
    yield _one("endless-in-c", replaced("huber", endless), timed_out, "losses", "sum(itertools.repeat(0))")
    stubborn = "while True:\n    try:\n        while True:\n            pass\n    except:\n        pass"
    yield _one("bare-except", replaced("huber", stubborn), timed_out, "losses", "did not end")
    yield Sample(student="loop-at-import", files=in_folder("loop-at-import", f"{SOLUTION}\nwhile True:\n    pass\n"),
                 outcomes=frozenset({timed_out}), less=frozenset(EXERCISES), says="importing your file took more than")  # fmt: skip
    yield _one("exits", replaced("huber", "import sys\nsys.exit()"), crashed, "losses", "SystemExit")
    yield _one("exits-hard", replaced("huber", "import os\nos._exit(0)"), crashed, "losses", "ended the process")
    segfault = "import ctypes\nctypes.string_at(0)"
    yield _one("segfault", replaced("huber", segfault), crashed, "losses", "SIGSEGV")
    hog = "z = np.ones((200_000, 200_000))\nreturn z.sum(), h"
    yield _one("memory-hog", replaced("huber", hog), Outcome.OUT_OF_MEMORY, "losses", "more memory")
    yield _one("forbidden", replaced("huber", "import torch\nreturn torch.nn.functional.huber_loss(h, y), h"),
               Outcome.FORBIDDEN, "losses", "torch")  # fmt: skip
    chatty = "import os, sys\nif 'told' not in globals():\n    globals()['told'] = print('x' * 100_000_000)\nsys.stdout.buffer.write(bytes(range(256)))\nos.write(1, b'y')\nreturn 2 * x"
    yield _one("chatty", replaced("squared_norm_gradient", chatty), Outcome.PASSED, "", "output was cut")
    yield from _files()


def _files() -> Iterator[Sample]:
    """What is wrong with the files, not with the functions."""
    passed, unreadable = Outcome.PASSED, Outcome.UNREADABLE
    every = frozenset(EXERCISES)
    untouched = {f"untouched/{name}": content for name, content in STUB.items()}
    yield Sample(
        student="untouched",
        files=untouched,
        outcomes=frozenset({Outcome.NOT_IMPLEMENTED}),
        less=every,
        says="to be written",
    )
    yield Sample(
        student="second-file",
        files={"second-file/backprop.py": b"from my_layers import *\n", "second-file/my_layers.py": SOLUTION.encode()},
        outcomes=frozenset({passed}), full=every,
    )  # fmt: skip
    yield Sample(student="messy-notebook", files={"messy-notebook/backprop.ipynb": messy_notebook(SOLUTION)},
                 outcomes=frozenset({passed}), full=every, says="ZeroDivisionError")  # fmt: skip
    for student, files, says in (
        ("not-utf8", {"backprop.py": "x = 'é'".encode("latin-1")}, "UTF-8"),
        ("empty-file", {"backprop.py": b""}, "empty"),
        ("no-matching-file", {"one.py": b"x = 1", "two.py": b"x = 2"}, "no backprop.py"),
        ("two-candidates", {"backprop.py": b"x = 1", "backprop.ipynb": make_notebook("# %%\ny = 2\n").encode()}, "two"),
        ("no-notebook", {"backprop.ipynb": b"this is no JSON"}, "notebook"),
    ):
        placed = {f"{student}/{name}": content for name, content in files.items()}
        yield Sample(student=student, files=placed, outcomes=frozenset({unreadable}), less=every, says=says)
    yield Sample(student="broken-zip", files={"broken-zip.zip": b"PK\x03\x04 cut off"}, outcomes=frozenset({unreadable}), less=every,
                 says="zip")  # fmt: skip
    yield Sample(
        student="empty-folder", files={"empty-folder/": b""}, outcomes=frozenset({unreadable}), less=every, says="empty"
    )


def samples() -> list[Sample]:
    """The whole class."""
    makers: tuple[Callable[[], Iterator[Sample]], ...] = (right, by_hand, wrong, broken)
    return [sample for make in makers for sample in make()]

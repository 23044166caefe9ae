"""Hidden stays hidden, whatever student code does: nothing of a hidden check's inputs reaches the feedback.

The submissions here know that they are being graded and try to carry what they are given into
every text that a student gets to read. The feedback is written by the real reports.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.engine import seeds
from grader.engine.grade import info_of
from grader.reports import folder
from grader.sandbox.isolation import Level

SEED = "the secret seed"

SPIES = {
    "message": "def scale(x, factor): raise ValueError(f'{x.ravel().tolist()}')",
    "class-name": "def scale(x, factor): raise type(f'E{x.ravel().tolist()}', (Exception,), {})",
    "prints": "def scale(x, factor):\n    print(x.ravel().tolist())\n    return x",
    "prints-and-raises": "def scale(x, factor):\n    print(x.ravel().tolist())\n    1 / 0",
    "returns-a-named-type": "def scale(x, factor): return type(f'R{x.ravel().tolist()}', (), {})()",
    "file-name": (
        "def scale(x, factor):\n    name = f'{x.ravel().tolist()}'\n"
        "    exec(compile('raise ValueError', __file__.replace('tiny.py', name), 'exec'))"
    ),
    "function-name": (
        "def scale(x, factor):\n    def inner(): 1 / 0\n"
        "    inner.__code__ = inner.__code__.replace(co_name=f'{x.ravel().tolist()}')\n    inner()"
    ),
    "line-cache": (
        "import linecache\ndef scale(x, factor):\n    text = f'{x.ravel().tolist()}\\n'\n"
        "    linecache.cache[__file__] = (1, None, [text] * 99, __file__)\n    1 / 0"
    ),
    "own-file": "def scale(x, factor):\n    open(__file__, 'w').write(f'{x.ravel().tolist()}\\n' * 99)\n    1 / 0",
    "parameter-name": (
        "import inspect\nclass F:\n    def __call__(self, x, factor):\n        text = '_'.join(map(repr, x.ravel().tolist()))\n"
        "        self.__signature__ = inspect.Signature([inspect.Parameter('x' + ''.join(c for c in text if c.isdigit()), 1)])\n"
        "        x += 1\n        return x\nscale = F()"
    ),
    "exit-status": "import os\ndef scale(x, factor): os._exit(77)",
    "stored": (
        "kept = []\ndef scale(x, factor):\n    kept.append(x.ravel().tolist())\n    return x\n"
        "def mean(x): raise ValueError(str(kept))\ndef descend(grad, w, lr): print(kept); return grad(kept)"
    ),
    "thread": (
        "import threading, time\ndef scale(x, factor):\n"
        "    threading.Thread(target=lambda: [print(x.ravel().tolist()) or time.sleep(0.001) for _ in range(99)]).start()\n"
        "    return x\ndef mean(x):\n    time.sleep(0.01)\n    return x"
    ),
    "undefined-name": (
        "def scale(x, factor):\n    digits = ''.join(c for c in repr(x.ravel().tolist()) if c.isdigit())\n"
        "    raise NameError(f\"name 'x{digits}' is not defined\")\n"
        "x = undefined  # a problem of the import"
    ),
    "stub-name": "def scale(x, factor):\n    globals()[f'{x.ravel().tolist()}'] = print\n    raise NotImplementedError(f'{x}')",
}  # fmt: skip


def inputs_of(check: str) -> list[str]:
    """The numbers that this hidden check draws, as texts of their first digits."""
    rng = seeds.inputs_of(SEED, check)
    return [f"{number:.15f}"[:6].lstrip("-") for number in rng.normal(size=6)]


HIDDEN = [
    "hidden/check_scale_of_random_numbers",
    "hidden/check_mean_of_random_numbers",
    "hidden/check_descend_goes_down",
]


@pytest.fixture(scope="module")
def feedback(grade, tiny, tmp_path_factory) -> dict[str, dict[str, str]]:
    """What every spy gets back, and what the instructor sees of it."""
    submissions, out = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("out")
    for name, code in SPIES.items():
        (submissions / f"{name}.py").write_text(code)
    results = grade(submissions, tiny, seed=SEED)
    info = info_of(tiny, seed=SEED, level=Level.NONE, version="test")
    folder.write_folder(Path(out), info, results.values)
    return {
        name: {
            "feedback": "".join((out / "feedback" / f"{name}{suffix}").read_text() for suffix in (".html", ".md")),
            "report": (out / "report" / f"{name}.html").read_text(),
        }
        for name in SPIES
    }


@pytest.mark.parametrize("spy", SPIES)
def test_no_hidden_input_reaches_the_feedback(feedback, spy):
    numbers = [number for check in HIDDEN for number in inputs_of(check)]
    digits = [number.replace(".", "").lstrip("0") for number in numbers]
    text = feedback[spy]["feedback"]
    assert [number for number in numbers if number in text] == []
    assert [number for number in digits if len(number) == 5 and re.search(rf"(?<!\d)\d?{number}", text)] == []


def test_the_spies_would_be_seen_where_nothing_is_hidden(feedback):
    """The numbers looked for are the right ones: the instructor's report, which hides nothing, has them."""
    for spy in ("message", "class-name", "prints", "stored"):
        assert any(number in feedback[spy]["report"] for check in HIDDEN for number in inputs_of(check))


def test_an_exit_status_is_the_instructors_alone(feedback):
    assert "77" in feedback["exit-status"]["report"]
    hidden = feedback["exit-status"]["feedback"].replace(
        "exit status 77", "", 2
    )  # of the one public check, in both forms
    assert "77" not in hidden


def test_no_name_of_a_hidden_check_and_no_seed_reaches_the_feedback(feedback):
    for spy in SPIES:
        text = feedback[spy]["feedback"]
        assert SEED not in text
        assert "check_scale_of_random_numbers" not in text

"""A check that raises, hangs or returns garbage: nobody loses a point, and the instructor sees it first."""

from __future__ import annotations

import pytest

from ci.faults import without_times
from grader.engine import bench
from grader.engine.gradebook import Gradebook
from grader.reports import folder as report
from grader.results import Outcome

FAULTS = {
    "raises": '    raise KeyError("seed")\n',
    "hangs": "    while True:\n        pass\n",
    "hangs, and goes on when it is stopped": (
        "    while True:\n        try:\n            while True:\n                pass\n        except Exception:\n"
        "            if student.count():\n                raise\n"
    ),
    "hangs in a function that student code calls": (
        "    def grad(w):\n        while True:\n            pass\n    student.descend(grad, 1.0, 1.0)\n"
    ),
    "returns its verdict": "    return student.mean is not None\n",
    "returns what nobody waits for": "    async def verdict():\n        return True\n    return verdict()\n",
    "exits": "    raise SystemExit(0)\n",
    "skips": '    import pytest\n    pytest.skip("today")\n',
    "gives what cannot cross": "    student.mean(object())\n",
    "fails the reference too": '    assert False, "nobody is right"\n',
    "expects another number than is right": '    expect(student.mean(np.ones((2, 1))), "mean").close_to(np.array([3.0]))\n',
    "takes all memory": "    np.zeros(2**29)\n",
    "recurses without end": "    def f(): f()\n    f()\n",
}


@pytest.fixture(params=FAULTS, ids=str)
def faulty(request, own, folder, monkeypatch, right) -> str:
    """The id of a check that is at fault in one of these ways."""
    monkeypatch.setattr(bench, "_OWN_SECONDS", 0.3)
    count = "\n\ncounter = []\ndef count():\n    counter.append(1)\n    return len(counter) > 1\n"
    (folder / "anna.py").write_text(right + count)
    path = own.hidden / "checks.py"
    code = f'\n\n@exercise("mean")\ndef check_faulty(student):\n    """Faulty."""\n{FAULTS[request.param]}'
    path.write_text(path.read_text() + code)
    return "hidden/check_faulty"


def test_costs_no_point_and_no_other_check_and_is_what_the_instructor_reads_first(grade, faulty, tmp_path):
    results = grade()
    for name, points in (("anna", 6), ("berta", 4)):
        checks = {check.check: check for check in results[name].checks}
        assert checks[faulty].outcome is Outcome.GRADER_ERROR
        assert checks[faulty].hint == "This check is at fault, not your work: it costs no points."
        assert results[name].outcome is Outcome.GRADER_ERROR
        assert (results[name].earned >= points, results[name].exercises[1].total) == (True, 3)
    assert {check.outcome for check in results["anna"].checks if check.check != faulty} == {Outcome.PASSED}
    with Gradebook(tmp_path / "out" / "gradebook.sqlite") as book:
        report.write_folder(tmp_path / "out", book.info(), book.results)
    page = (tmp_path / "out" / "report" / "index.html").read_text()
    assert "2 grader errors" in page
    assert 0 < page.index(faulty) < page.index('id="submissions"')


def test_one_that_hangs_is_waited_for_once(grade, own, folder, right, monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "_OWN_SECONDS", 0.5)
    path, begun = own.hidden / "checks.py", tmp_path / "begun"
    note = f"    with open({str(begun)!r}, 'a') as file:\n        file.write('.')\n"
    path.write_text(
        f'{path.read_text()}\n\n@exercise("mean")\ndef check_h(student):\n    """H."""\n{note}    while 1: pass\n'
    )
    for number in range(4):
        (folder / f"c{number}.py").write_text(right)
    results = grade()
    # for the first submission, and for the reference, which says whose fault it is
    assert begun.read_text() == ".."
    last = [result.checks[-1].model_copy(update={"seconds": 0}) for result in results.values()]
    assert [without_times(check.model_dump_json()) for check in last] == 6 * [without_times(last[0].model_dump_json())]
    assert "no end within 2.5 s" in last[0].message


def test_one_that_hangs_over_one_answer_fails_that_answer(grade, own, folder, right, monkeypatch):
    """Of the reference it ends, so what it waits for is the submission's to give."""
    monkeypatch.setattr(bench, "_OWN_SECONDS", 0.3)
    path = own.hidden / "checks.py"
    code = '\n\n@exercise("mean")\ndef check_w(student):\n    """W."""\n    while student.mean(rows) > 2: pass\n'
    path.write_text(f"{path.read_text()}\n\nimport numpy as np\nrows = np.array([1.0, 3.0]){code}")
    (folder / "berta.py").write_text(right.replace("x.mean(axis=0)", "3.0"))
    results = grade()
    assert results["anna"].outcome is Outcome.PASSED
    assert results["berta"].checks[-1].outcome in {Outcome.FAILED, Outcome.TIMED_OUT}

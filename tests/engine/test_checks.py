"""Collecting the checks of an assignment, and what is refused before a class is graded by it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from grader.engine.checks import CheckSuite, with_checks
from grader.errors import CourseError


def collected(assignment) -> list[str]:
    return with_checks(assignment, lambda suite: [check.id for check in suite.checks])


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_checks_come_in_the_order_of_their_files_public_first(tiny):
    assert collected(tiny) == [
        "public/check_scale_of_an_example", "public/check_mean_of_an_example",
        "hidden/check_scale_of_random_numbers", "hidden/check_scale_of_nothing", "hidden/check_mean_of_random_numbers",
        "hidden/check_mean_of_constants", "hidden/check_descend_goes_down",
    ]  # fmt: skip


def test_a_course_given_by_a_relative_path_knows_its_public_checks(tiny, monkeypatch):
    from grader.course import Course

    monkeypatch.chdir(tiny.public.parent.parent)
    assert collected(Course(Path()).assignment("tiny"))[0] == "public/check_scale_of_an_example"


def test_cases_are_checks_of_their_own_with_the_case_in_their_title(own):
    replace(
        own.public / "checks.py",
        '@exercise("mean")\ndef check_mean_of_an_example(student):\n    """The mean of the example is 2."""',
        'import pytest\n@exercise("mean")\n@pytest.mark.parametrize("axis", ["rows", "columns"])\n'
        'def check_mean_of_an_example(student, axis):\n    """The mean of the example is 2."""',
    )
    titles = with_checks(own, lambda suite: [check.title for check in suite.checks])
    assert titles[1:3] == ["The mean of the example is 2 (rows).", "The mean of the example is 2 (columns)."]


def test_a_reference_that_overflows_on_its_way_prints_nothing_and_changes_no_setting(own, recwarn):
    replace(
        own.hidden / "checks.py",
        '"""The mean is right for any numbers."""',
        '"""The mean is right for any numbers."""\n    assert np.exp(np.array([1e3]))[0] == np.inf\n'
        "    warnings.warn('not right')",
    )
    replace(own.hidden / "checks.py", "from grader import", "import warnings\nimport numpy as np\nfrom grader import")
    (check,) = [
        c for c in with_checks(own, lambda suite: suite.checks) if c.id == "hidden/check_mean_of_random_numbers"
    ]
    before = np.geterr()
    with_checks(
        own, lambda suite: [suite.run(c, None, np.random.default_rng(0)) for c in suite.checks if c.id == check.id]
    )
    assert np.geterr() == before
    assert [str(one.message) for one in recwarn] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('@exercise("mean")\n', "", r"lacks @exercise\(\.\.\.\) and has no place in the points"),
        ('@exercise("mean")\n', '@exercise("means")\n', r"belongs to 'means', which assignment.toml does not know"),
        ('    """The mean of the example is 2."""\n', "", "has no docstring, which is the title that students read"),
        (
            "import numpy as np",
            "import numpy as np\nimport no_such_package",
            r"the checks .*cannot be read: .*tiny/checks\.py, line \d+: .*no_such_package",
        ),
        (
            "import numpy as np",
            "import numpy as np(",
            r"the checks .*cannot be read: .*tiny/checks\.py, line \d+: SyntaxError",
        ),
        ("def check_mean_of", "def test_mean_of", r"checks\.py, line \d+: test_mean_of_an_example is never run"),
        ('@exercise("mean")', '@exercise("mean", weight=0)', "weight must be a positive integer, not 0"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(own, old, new, message):
    replace(own.public / "checks.py", old, new)
    with pytest.raises(CourseError, match=message) as error:
        collected(own)
    assert len(str(error.value).splitlines()) == 1


def test_an_exercise_that_no_check_decides_about_is_refused(own):
    (own.hidden / "checks.py").write_text("")
    with pytest.raises(CourseError, match="no check decides about the exercise 'descend'"):
        collected(own)


def test_an_assignment_without_checks_is_refused(own):
    for folder in (own.public, own.hidden):
        (folder / "checks.py").unlink()
    with pytest.raises(CourseError, match=r"tiny has no checks.py in"):
        collected(own)


def test_two_courses_in_one_process_do_not_take_each_others_checks(tiny, own):
    replace(own.public / "checks.py", "check_mean_of_an_example", "check_mean_of_another")
    assert "public/check_mean_of_an_example" in collected(tiny)
    assert "public/check_mean_of_another" in collected(own)
    assert "public/check_mean_of_an_example" in collected(tiny)


def test_plugins_and_options_of_the_machine_do_not_matter(tiny, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "")
    assert len(collected(tiny)) == 7
    import os

    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"


def test_session_fixtures_live_as_long_as_the_suite(own):
    path = own.hidden / "checks.py"
    path.write_text(
        path.read_text("utf-8") + "\nimport pytest\n@pytest.fixture(scope='session')\ndef costly():\n    import sys\n"
        "    sys.modules['__main__'].costly = getattr(sys.modules['__main__'], 'costly', 0) + 1\n"
        "    return 1\n\n@exercise('mean')\ndef check_a(student, costly):\n    '''A.'''\n",
        "utf-8",
    )

    def rounds(suite: CheckSuite) -> int:
        for check in 3 * suite.checks:
            suite.run(check, None, np.random.default_rng(0))
        return sys.modules["__main__"].costly

    try:
        assert with_checks(own, rounds) == 1
    finally:
        del sys.modules["__main__"].costly


def test_checks_can_be_run_in_any_order(tiny):
    def backwards(suite: CheckSuite) -> list[str]:
        met = [suite.run(check, None, np.random.default_rng(0)) for check in reversed(suite.checks)]
        return [str(one.error) for one in met if "torn down" in str(one.error)]

    assert with_checks(tiny, backwards) == []


def test_what_the_work_raises_comes_out(tiny):
    def work(suite: CheckSuite) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_checks(tiny, work)


def test_control_c_while_the_checks_are_read_is_not_taken_for_a_fault_of_theirs(own):
    first = own.checks[0]
    first.write_text(f"raise KeyboardInterrupt\n{first.read_text()}")
    with pytest.raises(KeyboardInterrupt):
        with_checks(own, lambda suite: len(suite.checks))


def test_an_only_check_runs_again_and_again_with_fixtures_of_its_own(tmp_path):
    from grader.course import Course

    files = {
        "assignments/one/assignment.toml": 'title = "One"\n[[exercise]]\nname = "f"\ntitle = "f"\npoints = 1\nfunctions = ["f"]\n',
        "assignments/one/checks.py": (
            "from grader import exercise\n@exercise('f')\ndef check_f(student, rng):\n    '''f.'''\n    student.f(rng.random())\n"
        ),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    seen: list[tuple[str, float]] = []

    class Named:
        def __init__(self, name: str) -> None:
            self.f = lambda x: seen.append((name, x))

    def work(suite: CheckSuite) -> list[BaseException | None]:
        (check,) = suite.checks
        return [suite.run(check, Named(name), np.random.default_rng(0)).error for name in "abc"]

    assert with_checks(Course(tmp_path).assignment("one"), work) == [None] * 3
    assert [name for name, _ in seen] == ["a", "b", "c"]
    assert len({x for _, x in seen}) == 1

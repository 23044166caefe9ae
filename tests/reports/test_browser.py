"""The class page in a real browser: what its script does, and that the browser has nothing to complain about.

Skipped where no Chromium is installed; what needs no browser is in ``test_html.py``.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from grader.reports.html import class_page, feedback_page, student_page
from grader.reports.rows import row_of

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--v=0",
)  # fmt: skip

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


@pytest.fixture
def load(tmp_path):
    """Load a page and return its document as the browser has it afterwards, and the lines of its console."""

    def loaded(source: str, fragment: str = "") -> tuple[str, list[str]]:
        page = tmp_path / "page.html"
        page.write_text(source, encoding="utf-8")
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri() + fragment]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]

    return loaded


@pytest.fixture
def source(info, results):
    return class_page(info, [row_of(result) for result in results])


def students(document: str) -> list[str]:
    body = re.search(r'<table id="class">.*?<tbody>(.*?)</tbody>', document, re.DOTALL)[1]
    rows = re.findall(r"<tr(.*?)>\s*<th.*?<bdi>(.*?)</bdi>", body, re.DOTALL)
    return [name.split()[0] for attributes, name in rows if "hidden" not in attributes]


def test_a_link_opens_the_page_sorted_and_the_console_stays_empty(load, source):
    assert students(source) == ["Grace", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;", "Ada", "Nobody,"]
    document, console = load(source, "#sort=points")
    assert students(document) == ["Nobody,", "&lt;script&gt;alert('x')&lt;/script&gt;", "Grace", "Ada"]
    assert re.findall(r'data-key="(\w+)"[^>]*aria-sort="(\w+)"', document) == [("points", "ascending")]
    assert "4 of 4 shown" in document
    assert console == []


def with_user(source: str, actions: str) -> str:
    """The page with a user who acts on it: the policy would forbid this script, so it has to go."""
    without_policy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", source)
    return without_policy.replace("</body>", f"<script>{actions}</script></body>")


def test_a_second_press_on_a_header_reverses_the_order(load, source):
    press = "document.querySelector('[data-key=student] button').click();"
    document, console = load(with_user(source, press * 2))
    assert students(document)[:3] == ["Nobody,", "Grace", "Ada"]
    assert re.findall(r'data-key="(\w+)"[^>]*aria-sort="(\w+)"', document) == [("student", "descending")]
    assert console == []


def test_the_filter_hides_rows_without_the_words(load, source):
    typing = "filter.value = ' CRASHED'; filter.dispatchEvent(new Event('input'));"
    document, console = load(with_user(source, f"{{ const filter = document.getElementById('filter'); {typing} }}"))
    assert students(document) == ["Grace"]
    assert "1 of 4 shown" in document
    assert console == []


def test_the_policy_stops_a_script_that_is_not_ours_and_the_console_says_so(load, source):
    document, console = load(source.replace("</body>", "<script>document.title = 'owned'</script></body>"))
    assert "<title>owned" not in document
    assert any("Content Security Policy" in line for line in console)


@pytest.mark.parametrize("page", [student_page, feedback_page])
def test_pages_about_a_hostile_submission_load_in_silence(load, info, mallory, page):
    document, console = load(page(info, mallory))
    assert "<script" not in document
    assert "<img" not in document
    assert console == []

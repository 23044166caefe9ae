from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

import pytest

from grader.reports.html import class_page, feedback_page, page_name, student_page
from grader.reports.rows import row_of

VOID = {"meta", "input", "br", "rect", "line"}


class Page(HTMLParser):
    """The tags, attributes and text of a page; refuses tags that do not match."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.raw: dict[str, str] = {}
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in {"script", "style"}:
            self.raw[self.open[-1]] = self.raw.get(self.open[-1], "") + data
        else:
            self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def rows(results):
    return [row_of(result) for result in results]


@pytest.fixture
def pages(info, results, rows) -> dict[str, str]:
    named = {"class": class_page(info, rows)}
    for name, result in zip(["grace", "mallory", "ada", "nobody"], results, strict=True):
        named |= {f"student_{name}": student_page(info, result), f"feedback_{name}": feedback_page(info, result)}
    return named


def test_the_golden_pages(pages, golden):
    for name, source in pages.items():
        golden(f"{name}.html", source)


def test_tags_match_and_every_id_is_unique(pages):
    for source in pages.values():
        ids = [attributes["id"] for _, attributes in Page(source).tags if "id" in attributes]
        assert len(ids) == len(set(ids))


def test_links_within_a_page_lead_somewhere(pages):
    for source in pages.values():
        page = Page(source)
        ids = {attributes.get("id") for _, attributes in page.tags}
        inner = {link["href"][1:] for link in page.named("a") if link["href"].startswith("#")}
        referenced = {attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes}
        assert inner | referenced <= ids


def test_headings_skip_no_level_on_the_way_down(pages):
    for name, source in pages.items():
        levels = [int(tag[1]) for tag, _ in Page(source).tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), name


def test_no_page_asks_for_anything_from_elsewhere(pages):
    for source in pages.values():
        page = Page(source)
        assert not {"img", "link", "iframe", "object", "base", "form"} & {tag for tag, _ in page.tags}
        assert not any(set(attributes) & {"src", "srcset", "onclick", "onload"} for _, attributes in page.tags)
        assert not re.search(r"@import|url\(", page.raw["style"])
        assert not re.search(r"https?:", source)


def test_the_policy_allows_the_one_script_of_the_class_page_and_no_other(pages):
    for name, source in pages.items():
        page = Page(source)
        policy = next(meta["content"] for meta in page.named("meta") if meta.get("http-equiv"))
        assert policy.startswith("default-src 'none'; ")
        if name == "class":
            digest = base64.b64encode(hashlib.sha256(page.raw["script"].encode()).digest()).decode()
            assert f"script-src 'sha256-{digest}'" in policy
            assert len(page.named("script")) == 1
        else:
            assert "script" not in policy
            assert page.named("script") == []


def test_what_a_student_wrote_is_text(pages):
    for name in ("class", "student_mallory", "feedback_mallory"):
        text = "".join(Page(pages[name]).text)
        assert "<script>alert('x')</script> \\u202eevil\\x1b[2J\\x00 \u05d0\u05d1 [bold]\"&amp;" in text
        assert not set(pages[name]) & set(map(chr, [*range(10), *range(11, 32), *range(127, 160), 0x202E]))
    text = "".join(Page(pages["feedback_mallory"]).text)
    assert "</pre><img src=x onerror=alert(1)>" in text
    assert "</pre><script>alert(2)</script>" in text


def test_names_are_isolated_from_the_direction_of_the_page(pages):
    for name in ("class", "student_ada", "feedback_ada"):
        assert "<bdi>Ada Lovelace</bdi>" in pages[name]


def test_the_class_page_links_to_each_student_by_file_name(pages, results):
    links = {link["href"] for link in Page(pages["class"]).named("a")}
    assert {unquote(link) for link in links} == {page_name(result.id) for result in results}
    assert not any(re.search(r'[/:"<>& ]', link) for link in links)


def test_an_id_cannot_become_a_scheme(info, ada):
    source = class_page(info, [row_of(ada.model_copy(update={"id": "javascript:alert(1)//"}))])
    assert 'href="javascript%3Aalert%281%29%2F%2F.html"' in source


def test_grader_errors_stand_before_everything_else(pages):
    assert pages["class"].index("KeyError: &#39;logits&#39;") < pages["class"].index('id="submissions"')
    assert pages["student_mallory"].index("KeyError") < pages["student_mallory"].index('class="exercise"')
    assert "Grader errors" not in pages["student_ada"]


def test_the_class_page_has_mean_counts_and_pass_rates(pages):
    text = " ".join("".join(Page(pages["class"]).text).split())
    assert "4 submissions · 1 passed · 1 crashed · 1 forbidden · 1 unreadable" in text
    assert "Mean 4.94 of 10.5, over 3 submissions that could be graded." in text
    assert "Backward is the gradient of your forward. linear hidden 1 of 3" in text


def test_the_histogram_is_told_in_words_too(pages):
    label = next(attributes["aria-label"] for attributes in Page(pages["class"]).named("svg"))
    assert label == "Submissions by points: 0 to 1.05: 1; 3.15 to 4.2: 1; 9.45 to 10.5: 1"


def test_a_class_of_none_has_a_page(info):
    assert "Nothing could be graded yet." in class_page(info, [])


def test_the_instructor_sees_the_evidence(pages):
    text = " ".join("".join(Page(pages["student_grace"]).text).split())
    assert "db_hidden differs most at [41, 17], by 0.45 (allowed 1e-06)" in text
    assert "Got array([[0.1187, -2.4406]]) Expected array([[0.5531, -1.9902]])" in text
    assert "backprop.ipynb, cell 4, line 3, in sigmoid" in text


def test_prose_of_the_author_shows_its_code(pages):
    assert "<code>swish</code> equals its definition." in pages["feedback_grace"]


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2 of ``#rrggbb``."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [0, 1, 2], ids=["light", "dark", "print"])
def test_every_pair_of_text_and_ground_has_the_contrast_of_wcag(pages, palette):
    style = Page(pages["class"]).raw["style"]
    colours = dict(
        re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", style, re.DOTALL)[palette])
    )
    pairs = [(text, ground) for text in ("text", "muted", "link") for ground in ("ground", "surface")]
    pairs += [(tone, f"{tone}-ground") for tone in ("good", "bad", "pending", "alarm")]
    for text, ground in pairs:
        dark, light = sorted([luminance(colours[text]), luminance(colours[ground])])
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)

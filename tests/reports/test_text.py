from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reports.text import counted, one_line, prose, shortened, visible

OBEYED = [*map(chr, [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])]


@given(st.text(st.one_of(st.sampled_from(OBEYED), st.characters()), max_size=50))
def test_no_control_code_survives_except_tab_and_line_feed(text):
    shown = visible(text)
    assert not set(shown) & (set(OBEYED) - {"\t", "\n"})
    shown.encode()  # a lone surrogate would raise
    assert not set(one_line(text)) & set(OBEYED)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("a\x00b", "a\\x00b"),
        ("\u202eabc", "\\u202eabc"),
        ("a\r\nb\rc", "a\nb\\x0dc"),
        ("caf\u00e9 \u05d0\u200f\tb", "caf\u00e9 \u05d0\u200f\tb"),
        ("\udc80", "\\udc80"),
    ],
)
def test_what_is_obeyed_is_written_as_its_escape_and_the_rest_stays(text, shown):
    assert visible(text) == shown


def test_a_line_stays_one_line():
    assert one_line("a\nb\tc\r\n") == "a\\x0ab\\x09c\\x0d\\x0a"


def test_long_output_says_how_much_is_left_out():
    assert shortened("a\nb\nc\n", lines=3) == "a\nb\nc"
    assert shortened("a\nb\nc\nd", lines=2) == "a\nb\n… 2 more lines"
    assert shortened("a\nb\nc", lines=2) == "a\nb\n… 1 more line"
    assert shortened("abcdef", characters=3) == "abc …"


def test_backticks_mark_code():
    assert prose("`db` is ``wrong``.") == [("db", True), (" is ", False), ("wrong", True), (".", False)]
    assert prose("one ` alone") == [("one ` alone", False)]
    assert prose("") == []


def test_numbers_agree_with_their_noun():
    assert (counted(1, "check"), counted(0, "check")) == ("1 check", "0 checks")

"""What is said of a submission besides what is in it."""

from __future__ import annotations

from grader.submissions import notes


def test_one_alone_is_no_group():
    assert notes.of_group(["Anna"]) == ()

"""Small images as vectors: shades, places, and what is not drawn."""

from __future__ import annotations

import re

import pytest

from grader.evidence import Evidence, Picture
from grader.reports.html import feedback_page, student_page
from grader.reports.pictures import picture

TWO = Picture(name="samples", height=2, width=3, images=("0f0000", "00000f"))


def test_pixels_of_a_shade_are_one_path_with_images_a_pixel_apart():
    drawn = picture(TWO)
    assert (drawn.width, drawn.height) == (7, 2)
    assert drawn.shades == (("1.00", "M1 0h1v1h-1zM6 1h1v1h-1z"),)
    assert drawn.words == "samples: 2 images of 2 by 3 pixels"


def test_shades_are_opacities_and_empty_pixels_cost_nothing():
    assert picture(Picture(name="s", height=1, width=4, images=("0360",))).shades == (
        ("0.20", "M1 0h1v1h-1z"), ("0.40", "M2 0h1v1h-1z"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        Picture(name="s", height=2, width=3, images=()),
        Picture(name="s", height=2, width=3, images=("0f0",)),
        Picture(name="s", height=1, width=3, images=('0">',)),
        Picture(name="s", height=0, width=3, images=("",)),
        Picture(name="s", height=500, width=500, images=("0" * 250_000,)),
    ],
)
def test_what_is_no_picture_is_not_drawn(wrong):
    assert picture(wrong) is None


def test_the_instructor_sees_it_of_a_check_that_passed_and_the_student_of_a_hidden_one_does_not(info, ada):
    checks = [
        check.model_copy(update={"evidence": (Evidence(name="model", pictures=(TWO,)),), "visibility": "hidden"})
        for check in ada.checks
    ]
    shown = ada.model_copy(update={"checks": tuple(checks)})
    page = student_page(info, shown)
    assert len(re.findall('<svg class="picture"', page)) == len(checks)
    assert 'aria-label="samples: 2 images of 2 by 3 pixels"' in page
    assert "<svg" not in feedback_page(info, shown)

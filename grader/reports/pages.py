"""What every HTML page has in common: its security policy and the environment of the templates.

Each page is one file that needs no network: style and script stand inside it, and its content
security policy forbids everything else. The environment escapes every value for HTML and
makes control codes visible, so that a template cannot forget to.
"""

from __future__ import annotations

from fractions import Fraction

import jinja2
from markupsafe import Markup

from grader.reports.pictures import picture
from grader.reports.plots import plot
from grader.reports.text import counted, prose, visible
from grader.reports.words import WORDS, added_hint, by_hand, causes, place, unusable, whole_file
from grader.results import format_points

POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'"
"""Content security policy of a page without script."""


def environment() -> jinja2.Environment:
    """Return a new environment with all that ``base.html.jinja`` and ``parts.html.jinja`` use.

    A module of pages adds its own filters and keeps it, for the templates that it has compiled.
    """
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("grader.reports"),
        autoescape=True,
        finalize=_harmless,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,  # looking at the files again would double the time of a page
    )
    made.filters.update(added_hint=added_hint, by_hand=by_hand, causes=causes, picture=picture, place=place, plot=plot)
    made.filters.update(points=format_points, prose=prose, unusable=unusable, whole_file=whole_file)
    made.globals.update(words=WORDS, percent=_percent, counted=counted)
    return made


def _harmless(value: object) -> object:
    # Markup is what a macro of ours returned: its values have been here before.
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _percent(part: Fraction | int, whole: Fraction | int) -> str:
    return f"{float(Fraction(100 * part) / whole):.1f}" if whole else "0"

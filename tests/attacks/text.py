"""Attacks by text: markup, terminal codes and formulas in all that is shown; archives that are none."""

from __future__ import annotations

import io
import json
import stat
import zipfile

from tests.attacks.attack import RIGHT, Attack, scale

_MARKUP = "</pre></td><script>$MARK()</script><img src=$MARK onerror=$MARK()>"
_TERMINAL = "\\x1b[2J\\x1b]0;$MARK\\x07\\x9b31m\\r\\x00\\u202e\\u2066"
"""As Python writes it, so that it stands in a source without being obeyed there."""
_ALL = ("scale", "mean", "descend")


def _zip(*members: tuple[str, str | bytes], link: str = "") -> bytes:
    """Return an archive of these members; ``link`` is one more, a symbolic link to that target."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
        if link:
            info = zipfile.ZipInfo("tiny.py")
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, link)
    return stream.getvalue()


def _nested(depth: int) -> bytes:
    inner = _zip(("tiny.py", RIGHT))
    for _ in range(depth):
        inner = _zip(("inner.zip", inner))
    return inner


def _notebook(*cells: object) -> str:
    return json.dumps({
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {"title": _MARKUP, "kernelspec": {"name": "sh", "language": "sh", "display_name": _MARKUP}},
        "cells": [
            {"cell_type": "code", "id": f"c{n}", "execution_count": None, "metadata": {}, "source": cell, "outputs": []}
            for n, cell in enumerate(cells)
        ],
    })  # fmt: skip


ATTACKS = (
    Attack(name="markup-in-output", source=scale(f"print('''tried {_MARKUP}''')")),
    Attack(name="markup-in-an-exception", source=scale(f"raise ValueError('''tried {_MARKUP}''')")),
    Attack(name="markup-in-names", source=scale(f"raise type('''tried {_MARKUP}''', (Exception,), {{}})('''{_MARKUP}''')")),
    Attack(name="markup-in-the-line", source=scale(f"1 / 0  # {_MARKUP}"), shows="crashed"),
    Attack(name="markup-in-a-type", source=scale(f"return type('''tried {_MARKUP}''', (), {{}})()")),
    Attack(name="markup-at-import", source=f"raise ValueError('''tried {_MARKUP}''')\n{RIGHT}", solves=_ALL),
    Attack(
        name="markup-in-a-file-name",
        file="<img src=$MARK onerror=$MARK()>.py",
        source=scale("raise ValueError('tried')"),
    ),
    Attack(name="codes-in-output", source=scale(f"print('tried {_TERMINAL}')")),
    Attack(name="codes-in-an-exception", source=scale(f"raise ValueError('tried {_TERMINAL}')")),
    Attack(
        name="codes-in-a-file-name",
        file="\x1b[2J\x07\r\n$MARK\u202e.py",
        source=scale("raise ValueError('tried')"),
    ),
    Attack(name="a-formula-as-a-name", file="=HYPERLINK('http:$MARK').py", source=RIGHT, solves=_ALL, shows="passed"),
    Attack(name="a-name-that-is-an-option", file="--isolation=none.py", source=RIGHT, solves=_ALL, shows="passed"),
    Attack(name="text-that-no-encoding-holds", source=scale("print('tried \\udc80'); raise ValueError('\\ud800' * 10)")),
    Attack(name="text-as-long-as-memory", source=scale("raise ValueError('tried' + 'x' * 10**7)")),
    Attack(name="an-archive-with-ways-out", file="out.zip", source=_zip(
        ("../../outside/touched", "x"), ("/tmp/$MARK", "x"), ("..\\..\\outside\\touched", "x"), ("tiny.py", RIGHT),
    ), solves=_ALL, shows="unreadable|passed"),
    Attack(name="an-archive-with-a-link", file="link.zip", source=_zip(link="../../course/reference/tiny/tiny.py"),
           solves=(), shows="unreadable"),
    Attack(name="a-bomb", file="bomb.zip", source=_zip(("tiny.py", bytes(2**28))), solves=(), shows="unreadable"),
    Attack(name="archives-in-archives", file="nested.zip", source=_nested(40), solves=_ALL, shows="unreadable|passed"),
    Attack(
        name="an-archive-of-many",
        file="many.zip",
        source=_zip(*((f"f{n}.txt", "x") for n in range(20000)), ("tiny.py", RIGHT)),
        solves=_ALL,
        shows="unreadable|passed",
    ),
    Attack(
        name="a-notebook-of-markup",
        file="markup.ipynb",
        source=_notebook(f"raise ValueError('''tried {_MARKUP}''')", scale(f"print('''tried {_MARKUP}''')")),
    ),
    Attack(
        name="a-notebook-of-commands",
        file="commands.ipynb",
        source=_notebook("!touch $OUTSIDE/touched", "%%bash\ntouch $OUTSIDE/touched", "%run /etc/passwd", RIGHT),
        solves=_ALL,
        shows="passed",
    ),
    Attack(
        name="a-notebook-without-bottom",
        file="deep.ipynb",
        source='{"cells": ' + "[" * 10**5 + "]" * 10**5 + ', "nbformat": 4}',
        solves=(),
        shows="unreadable",
    ),
    Attack(name="a-source-without-bottom", source=f"{RIGHT}\nx = {'(' * 10**5}{')' * 10**5}\n", solves=_ALL, shows="mean"),
    Attack(name="a-source-of-one-line", source=f"{RIGHT}\nx = {'1+' * 10**5}1\n", solves=_ALL, shows="mean"),
)  # fmt: skip

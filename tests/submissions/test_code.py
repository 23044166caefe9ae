"""From bytes to cells: what is read, and what each kind of broken file is told."""

from __future__ import annotations

import contextlib
import json
import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.submissions import Unreadable
from grader.submissions.code import MAX_SOURCE, cells_of

NOT_TEXT = "backprop.py is not UTF-8 text: save it as UTF-8 and hand it in again"
NO_NOTEBOOK = "backprop.ipynb is not a notebook: save it in Jupyter and hand it in again"
NO_CODE = "backprop.ipynb has no code cells: save your work and hand it in again"


def script(data):
    return cells_of("backprop.py", data)


def read_notebook(data):
    return cells_of("backprop.ipynb", data)


def refused(function, data, message):
    with pytest.raises(Unreadable, match=f"^{re.escape(message)}$"):
        function(data)


class TestScripts:
    def test_a_script_is_one_cell(self):
        assert script(b"x = 1\ny = 2\n") == ("x = 1\ny = 2\n",)

    def test_a_byte_order_mark_is_dropped(self):
        assert script(b"\xef\xbb\xbfx = 1\n") == ("x = 1\n",)

    @pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gbk", "shift_jis", "utf-8"])
    def test_a_declared_encoding_is_honoured(self, encoding):
        text = f"# -*- coding: {encoding} -*-\nname = '§'\n"
        assert script(text.encode(encoding)) == (text,)

    def test_line_ends_of_other_systems_become_newlines(self):
        assert script(b"x = 1\r\ny = 2\rz = 3\n") == ("x = 1\ny = 2\nz = 3\n",)

    def test_text_that_is_no_python_is_the_workers_affair(self):
        assert script(b"def broken(:\n") == ("def broken(:\n",)

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param("name = 'Zoë'".encode("latin-1"), id="latin-1, not declared"),
            pytest.param("x = 1\n".encode("utf-16"), id="utf-16"),
            pytest.param(b"x = '\0'\n", id="a null"),
            pytest.param(b"# coding: martian\nx = 1\n", id="an unknown encoding"),
            pytest.param(b"# coding: punycode\nx = 1\n", id="an encoding of quadratic cost"),
            pytest.param(b"# coding: rot13\nk = 1\n", id="a transformation"),
            pytest.param(b"# coding: utf-16\nx = 1\n", id="a wrong declaration"),
            pytest.param("# coding: ascii\nname = 'Zoë'\n".encode(), id="a declaration that does not hold"),
            pytest.param(b"\xef\xbb\xbf# coding: latin-1\n", id="a mark against a declaration"),
        ],
    )
    def test_what_is_no_text_is_refused(self, data):
        refused(script, data, NOT_TEXT)

    @pytest.mark.parametrize("data", [b"", b"  \n\t\n", b"\xef\xbb\xbf"])
    def test_an_empty_file_is_refused(self, data):
        refused(script, data, "backprop.py is empty: save your work and hand it in again")

    def test_a_script_full_of_data_is_refused(self):
        message = "backprop.py holds more than 2 MB of code: move data out of it and hand it in again"
        refused(script, b"x" * (MAX_SOURCE + 1), message)


class TestNotebooks:
    def test_code_cells_come_in_order_and_prose_is_left_out(self, notebook):
        assert read_notebook(notebook("x = 1\n", "y = 2")) == ("x = 1\n", "y = 2")

    def test_empty_cells_stay_so_that_cells_keep_their_numbers(self, notebook):
        assert read_notebook(notebook("x = 1", "", "y = 2")) == ("x = 1", "", "y = 2")

    def test_the_source_may_be_one_text(self):
        cells = [{"cell_type": "code", "source": "x = 1\r\ny = 2"}]
        assert read_notebook(json.dumps({"nbformat": 4, "cells": cells}).encode()) == ("x = 1\ny = 2",)

    def test_format_3_keeps_cells_in_worksheets_and_code_in_input(self):
        cells = [
            {"cell_type": "heading", "source": ["title"], "level": 1},
            {"cell_type": "code", "input": ["x = 1\n", "y = 2"], "language": "python", "outputs": []},
        ]
        whole = {"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells}, {"cells": cells[1:]}]}
        assert read_notebook(json.dumps(whole).encode()) == ("x = 1\ny = 2", "x = 1\ny = 2")

    def test_a_byte_order_mark_is_dropped(self, notebook):
        assert read_notebook(b"\xef\xbb\xbf" + notebook("x = 1")) == ("x = 1",)

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**30])
    def test_numbers_that_json_lacks_do_no_harm_in_outputs(self, notebook, value):
        output = {"output_type": "display_data", "data": {"application/json": {"loss": value}}, "metadata": {}}
        assert read_notebook(notebook("x = 1", outputs=[output])) == ("x = 1",)

    def test_half_of_a_surrogate_pair_becomes_a_question_mark(self, notebook):
        data = notebook("x = 'HALF'", "y = 'PAIR'").replace(b"HALF", rb"\ud83d").replace(b"PAIR", rb"\ud83d\ude00")
        assert read_notebook(data) == ("x = '?'", "y = '😀'")

    def test_huge_outputs_are_skipped_where_they_lie(self, notebook):
        picture = {"output_type": "display_data", "data": {"image/png": "A" * (50 * 2**20)}, "metadata": {}}
        data = notebook("x = 1", outputs=[picture])
        tracemalloc.start()
        try:
            assert read_notebook(data) == ("x = 1",)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 2**20

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"{", id="cut off"),
            pytest.param(b"x = 1", id="a script"),
            pytest.param(b"\x80\x04\x95", id="binary"),
            pytest.param(b"[]", id="a list"),
            pytest.param(b"{}", id="an empty object"),
            pytest.param(b'{"cells": []}', id="no format"),
            pytest.param(b'{"nbformat": 4, "cells": {}}', id="cells that are no list"),
            pytest.param(b'{"nbformat": 4, "cells": [{"cell_type": 1}]}', id="a cell of no type"),
            pytest.param(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 1}]}', id="a source of numbers"),
            pytest.param(
                b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["x", 1]}]}', id="lines of numbers"
            ),
            pytest.param(b'{"nbformat": 4, "x": ' + b"[" * 100_000, id="nested without end"),
            pytest.param(b'{"nbformat": NaN}', id="not even a number"),
            pytest.param(b"[" * 100_000 + b"NaN", id="nested without end, and no JSON"),
        ],
    )
    def test_what_is_no_notebook_is_refused(self, data):
        refused(read_notebook, data, NO_NOTEBOOK)

    def test_an_empty_file_is_refused(self):
        refused(read_notebook, b" \n", "backprop.ipynb is empty: save your work and hand it in again")

    def test_a_notebook_without_code_is_refused(self, notebook):
        refused(read_notebook, notebook(), NO_CODE)
        refused(read_notebook, notebook("", " \n"), NO_CODE)

    def test_a_notebook_full_of_data_is_refused(self, notebook):
        message = "backprop.ipynb holds more than 2 MB of code: move data out of it and hand it in again"
        refused(read_notebook, notebook("x" * (MAX_SOURCE + 1)), message)

    def test_the_slow_way_of_reading_has_its_own_limit(self, notebook):
        output = {"output_type": "stream", "name": "stdout", "text": "A" * (17 * 2**20)}
        refused(read_notebook, notebook("x = 1", outputs=[output], extra=float("nan")), NO_NOTEBOOK)


def _parts(draw_json):
    return st.fixed_dictionaries(
        {"nbformat": st.integers(0, 5)}, optional={"cells": draw_json, "worksheets": draw_json}
    )


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["cell_type", "source"]), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=60), _parts(_ANYTHING).map(lambda whole: json.dumps(whole).encode())))
def test_any_bytes_are_read_or_refused(data):
    for name in ("backprop.py", "backprop.ipynb"):
        with contextlib.suppress(Unreadable):
            assert "".join(cells_of(name, data)).encode("utf-8").strip()


@settings(max_examples=100, deadline=None)
@given(position=st.integers(0, 10_000), value=st.binary(max_size=2))
def test_a_damaged_notebook_is_read_or_refused(notebook, position, value):
    whole = notebook("x = 1\n", "y = 'é'")
    data = whole[: position % len(whole)] + value + whole[position % len(whole) + 1 :]
    with contextlib.suppress(Unreadable):
        assert "".join(read_notebook(data)).encode("utf-8").strip()

"""Every kind of value that student code can return, and what of it reaches a check."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import pytest

from grader.worker import forms, values, wire


class Gradients(NamedTuple):
    dx: int
    dw: int


def _keep(value: Any) -> forms.Value:
    return forms.Handle(0, type(value).__name__)


def _special(value: Any) -> Any:
    return value


def crossed(value: Any) -> Any:
    """The value as it arrives on the other side, through real frames."""
    import msgspec

    encoded = msgspec.msgpack.encode(wire.CallbackResult(values.encode(value, _keep)))
    return values.decode(msgspec.msgpack.decode(encoded, type=wire.CallbackResult).value, _special)


def is_kept(value: Any) -> bool:
    return isinstance(crossed(value), forms.Handle)


class TestPlainValues:
    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            False,
            0,
            1,
            -(2**63),
            2**64 - 1,
            2**64,
            -(2**200),
            0.5,
            float("inf"),
            1 + 2j,
            "text",
            "",
            b"\x00",
        ],
        ids=repr,
    )
    def test_cross_with_their_type(self, value):
        got = crossed(value)
        assert type(got) is type(value)
        assert got == value

    def test_not_a_number_stays_one(self):
        assert np.isnan(crossed(float("nan")))

    def test_true_is_not_one(self):
        assert crossed([True, 1]) == [True, 1]
        assert [type(item) for item in crossed([True, 1])] == [bool, int]

    def test_lone_surrogates_are_written_out(self):
        assert crossed("a\udc80b") == "a\\udc80b"

    def test_subclasses_may_lie_about_themselves_and_stay(self):
        class Text(str):
            __slots__ = ()

        class Number(IntEnum):
            ONE = 1

        assert is_kept(Text("x"))
        assert is_kept(Number.ONE)


class TestContainers:
    def test_lists_and_tuples_stay_apart(self):
        assert crossed([1, (2, [3])]) == [1, (2, [3])]

    def test_named_tuples_become_tuples(self):
        got = crossed(Gradients(1, 2))
        assert type(got) is tuple
        assert got == (1, 2)

    @pytest.mark.parametrize("kind", [dict, OrderedDict, lambda items: defaultdict(list, items)])
    def test_dicts_of_the_standard_library_become_dicts(self, kind):
        got = crossed(kind({"dw": 1, 2: None, (3, 4): 5.0}))
        assert type(got) is dict
        assert got == {"dw": 1, 2: None, (3, 4): 5.0}

    def test_a_key_that_is_not_a_number_survives(self):
        got = crossed({float("nan"): 1})
        assert [np.isnan(key) for key in got] == [True]

    def test_a_subclass_of_dict_stays(self):
        assert is_kept(Counter("aab"))

    @pytest.mark.parametrize("value", [{1}, iter([]), range(3), object(), len, dict], ids=lambda v: type(v).__name__)
    def test_what_is_no_data_stays(self, value):
        assert is_kept(value)

    def test_a_list_that_holds_itself_stays_where_it_closes(self):
        ring: list[Any] = [1]
        ring += [ring, ring]
        assert crossed(ring) == [1, forms.Handle(0, "list"), forms.Handle(0, "list")]

    def test_the_same_list_twice_is_no_ring(self):
        shared = [1]
        assert crossed([shared, shared]) == [[1], [1]]

    def test_too_deep_a_nesting_stays_from_there_on(self):
        deep: Any = 0
        for _ in range(2 * forms.MAX_DEPTH):
            deep = [deep]
        got = crossed(deep)
        for _ in range(forms.MAX_DEPTH):
            got = got[0]
        assert got == forms.Handle(0, "list")


class TestArrays:
    @pytest.mark.parametrize("dtype", ["?", "i1", "u8", "f2", "f4", "f8", "c16"])
    def test_cross_with_dtype_shape_and_bits(self, dtype):
        array = np.arange(12).reshape(3, 4).astype(dtype)
        got = crossed(array)
        assert (got.dtype, got.shape) == (array.dtype, array.shape)
        assert (got == array).all()

    @pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0, 2), (1, 1, 1)])
    def test_empty_ones_keep_their_shape(self, shape):
        assert crossed(np.zeros(shape)).shape == shape

    def test_an_array_without_axes_is_a_number(self):
        assert isinstance(crossed(np.array(2.5)), np.float64)
        assert isinstance(crossed(np.float32(2.5)), np.float32)

    @pytest.mark.parametrize(
        "view",
        [lambda a: a[::-1, ::-2], np.asfortranarray, lambda a: a.T, lambda a: np.broadcast_to(a[:1], (5, 6))],
        ids=["negative strides", "Fortran order", "transposed", "broadcast"],
    )
    def test_any_layout_in_memory_crosses_as_its_values(self, view):
        array = view(np.arange(24.0).reshape(4, 6))
        got = crossed(array)
        assert (got == array).all()
        assert got.flags.c_contiguous

    def test_the_other_byte_order_crosses_as_its_values(self):
        got = crossed(np.array([1.0, 2.0], dtype=">f8"))
        assert got.dtype == np.dtype("f8")
        assert got.tolist() == [1, 2]

    @pytest.mark.parametrize(
        "array",
        [
            np.array([object()]),
            np.zeros(2, dtype=[("a", float)]),
            np.array(["text"]),
            np.array(["2026-01-01"], dtype="M8[D]"),
            np.ma.masked_array([1.0], [True]),
            np.rec.array([(1.0,)], dtype=[("a", float)]),
        ],
        ids=["objects", "structured", "text", "dates", "masked", "records"],
    )
    def test_arrays_of_anything_else_stay(self, array):
        assert is_kept(array)

    @pytest.mark.parametrize(("long", "double"), [(np.longdouble, np.float64), (np.clongdouble, np.complex128)])
    def test_extended_precision_crosses_as_double(self, long, double):
        got = crossed(np.arange(6, dtype=long).reshape(2, 3) / 4)
        assert (got.dtype, got.shape) == (np.dtype(double), (2, 3))
        assert np.array_equal(got, np.arange(6, dtype=double).reshape(2, 3) / 4)
        assert type(crossed(long(0.5))) is double

    def test_extended_precision_beyond_double_crosses_as_infinity(self):
        with np.errstate(all="raise"):
            assert crossed(np.full(2, np.finfo(np.longdouble).max)).tolist() == [np.inf, np.inf]

    @pytest.mark.filterwarnings("ignore:the matrix subclass")
    def test_a_matrix_and_a_memmap_cross_as_the_array_below_them(self, tmp_path):
        mapped = np.memmap(tmp_path / "h", dtype=np.float64, mode="w+", shape=(2, 2))
        mapped[:] = np.eye(2)
        for value in (np.asmatrix(np.eye(2)), mapped):
            got = crossed(value)
            assert type(got) is np.ndarray
            assert np.array_equal(got, np.eye(2))

    def test_what_a_subclass_says_of_itself_does_not_cross(self):
        class Liar(np.ndarray):
            shape = dtype = ndim = property(lambda self: "a lie")

            def __array_ufunc__(self, *_args: Any, **_options: Any) -> Any:
                return True

            def tobytes(self, *_args: Any) -> bytes:
                return b"a lie"

        assert crossed(np.arange(3.0).view(Liar)).tolist() == [0, 1, 2]

    def test_a_received_array_can_be_written(self):
        got = crossed(np.zeros(2))
        got += 1
        assert got.tolist() == [1, 1]


class TestTensors:
    torch = pytest.importorskip("torch")

    @pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "int64", "bool"])
    def test_cross_with_dtype_and_values(self, dtype):
        tensor = self.torch.tensor([[0, 1], [1, 0]]).to(getattr(self.torch, dtype))
        got = crossed(tensor)
        assert got.dtype == tensor.dtype
        assert self.torch.equal(got, tensor)

    def test_parameters_cross_as_their_values(self):
        assert crossed(self.torch.nn.Parameter(self.torch.ones(2))).tolist() == [1, 1]

    def test_what_has_no_values_stays(self):
        assert is_kept(self.torch.ones(2, device="meta"))
        assert is_kept(self.torch.eye(2).to_sparse())


class TestRefusals:
    """What a hostile worker may write."""

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (forms.Array("O", (1,), memoryview(b"\0" * 8)), "an array of dtype 'O' with 1 axes cannot cross"),
            (forms.Array("d", (1,) * 33, memoryview(b"\0" * 8)), "an array of dtype 'd' with 33 axes cannot cross"),
            (forms.Array("d", (3,), memoryview(b"\0" * 8)), "an array of shape (3,) came with 8 bytes"),
            (forms.Array("d", (2**40,), memoryview(b"")), "an array of shape (1099511627776,) came with 0 bytes"),
            (forms.Array("d", (-1, -1), memoryview(b"\0" * 8)), "an array has a negative size"),
            (forms.Array("d", (0, 2**62, 2**62), memoryview(b"")), "an array has the impossible shape"),
            (forms.Tensor("object", (1,), memoryview(b""), "cpu", False), "a tensor of dtype 'object' cannot cross"),
            (forms.BigInt("0xnothing"), "an integer came that is none"),
            (forms.Dict([1], []), "a dict came with unequal numbers of keys and values"),
            (forms.Dict([forms.List([])], [1]), "a dict came with a key that cannot be one"),
        ],
        ids=lambda case: case if isinstance(case, str) else "",
    )
    def test_malformed_values_are_refused(self, value, message):
        with pytest.raises(wire.WireError) as refusal:
            values.decode(value, _special)
        assert str(refusal.value).startswith(message)

    def test_a_bottomless_nesting_is_refused(self):
        value: forms.Value = None
        for _ in range(forms.MAX_DEPTH + 1):
            value = forms.List([value])
        with pytest.raises(wire.WireError, match="a value is nested deeper than 48"):
            values.decode(value, _special)


class TestChangesInPlace:
    @staticmethod
    def watched(value: Any) -> tuple[Any, list[Any]]:
        watch: list[Any] = []
        return values.decode(values.encode(value, _keep), _special, watch), watch

    @pytest.mark.parametrize(
        ("value", "change"),
        [
            (np.zeros(2), lambda a: a.__iadd__(1)),
            ([np.zeros(2)], lambda items: items[0].__setitem__(0, 1)),
            ([1, 2], lambda items: items.append(3)),
            ([1, 2], lambda items: items.__setitem__(0, 7)),
            ({"w": 1}, lambda d: d.update(w=2)),
            ({"w": 1}, lambda d: d.clear()),
        ],
    )
    def test_are_seen(self, value, change):
        got, watch = self.watched(value)
        assert not any(values.is_changed(*seen) for seen in watch)
        change(got)
        assert any(values.is_changed(*seen) for seen in watch)

    def test_of_a_tensor_are_seen(self):
        torch = pytest.importorskip("torch")
        got, watch = self.watched(torch.zeros(2, dtype=torch.bfloat16))
        got.add_(1)
        assert any(values.is_changed(*seen) for seen in watch)


@pytest.mark.parametrize("kind", sorted(forms.GENERATORS))
def test_a_generator_crosses_as_its_state(kind):
    generator = np.random.Generator(getattr(np.random, kind)(7))
    generator.integers(5, dtype=np.uint32)  # half a word is left over
    crossed = values.decode(values.encode(generator, _special), _special)
    assert type(crossed.bit_generator).__name__ == kind
    assert np.array_equal(crossed.normal(size=9), generator.normal(size=9))


@pytest.mark.parametrize("kind", ["MT19937", "Philox"])
def test_a_generator_with_a_place_in_a_buffer_does_not_cross(kind):
    opaque = []
    values.encode(np.random.Generator(getattr(np.random, kind)(7)), opaque.append)
    assert len(opaque) == 1
    with pytest.raises(wire.WireError, match="cannot cross"):
        values.decode(forms.Generator(kind, forms.Dict([], [])), _special)


@pytest.mark.parametrize(
    "state",
    [
        None,
        3,
        forms.Dict([], []),
        forms.Dict(["bit_generator"], ["PCG64"]),
        forms.Dict(["bit_generator", "state"], ["SFC64", 1]),
        forms.Dict(
            ["bit_generator", "state", "has_uint32", "uinteger"],
            ["PCG64", forms.Dict(["state", "inc"], ["x", 1]), 0, 0],
        ),
        forms.Handle(1, "x"),
    ],
    ids=str,
)
def test_a_state_that_is_none_is__speciald(state):
    with pytest.raises(wire.WireError):
        values.decode(forms.Generator("PCG64", state), _special)


def test_generators_within_generators_are_no_deeper_than_other_values():
    nested = forms.Generator("PCG64", None)
    for _ in range(2000):
        nested = forms.Generator("PCG64", nested)
    with pytest.raises(wire.WireError, match="nested deeper"):
        values.decode(nested, _special)


def test_a_dict_has_few_keys():
    most = forms.Dict(list(range(forms.MAX_KEYS)), [0] * forms.MAX_KEYS)
    assert len(values.decode(most, _special)) == forms.MAX_KEYS
    more = forms.Dict([*most.keys, -5], [*most.values, 0])
    with pytest.raises(wire.WireError, match="1001 keys, more than 1000"):
        values.decode(more, _special)


class TestAnArrayOfTooManyEntries:
    """A frame holds eight times as many bytes as doubles, and doubles are what is made of them."""

    def test_is_refused_where_it_is_made(self):
        with pytest.raises(ValueError, match="an array of 8388609 entries is larger than can be handed over"):
            values.encode(np.zeros(2**23 + 1, np.int8), _keep)

    def test_is_refused_where_it_arrives(self):
        form = forms.Array("b", (2**23 + 1,), memoryview(bytes(2**23 + 1)))
        with pytest.raises(wire.WireError, match="has too many entries"):
            values.decode(form, _special)

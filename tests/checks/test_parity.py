"""Parity: the same in every dtype, on every device and twice, within what roundings are measured to do."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from grader.checks import modules, parity, record
from grader.evidence import CheckFailure
from grader.worker.tools import parity as tool
from grader.worker.tools.watching import Watch
from tests.checks import placed

RIGHT = (
    placed.Right, placed.IndexesFromTheCpu, placed.MultipliesByAScalarOfTheCpu, placed.BufferNotInTheState,
    placed.MovesItsConstant, placed.WritesConstantsIntoASlice, placed.KeepsALog, placed.MakesItsTableLate,
    placed.PromotesInSoftmax, placed.SetsNegativesToZero, placed.DropsOut, placed.NormalizesWithABias, placed.Recurs,
    placed.FourierTransforms, placed.RoundsOff, placed.BranchesOnValues,
)  # fmt: skip
WRONG = {
    placed.ReturnsFloat32: "in float64 on the CPU: output is float32 (float32 in line ",
    placed.NeedsFloat32: "A tensor or a cast has the fixed dtype float32: use the dtype of the input, `x.dtype`.",
    placed.StartsInFloat32: "mat1 and mat2 must have the same dtype, but got Float and Double (float32 in line ",
    placed.GoesByFloat32: "output: In float64 it has the digits of float32 only",
    placed.ComputesFloat32InBfloat16: "times what roundings of float32 do (allowed: 32)",
    placed.Counts: "in float64 on the CPU two runs differ",
    placed.UsesNewMemory: "It uses memory that nobody wrote to",
    placed.WantsAGpu: "Do not name a device: use the device of the input, `x.device`.",
    placed.MakesAMask: "On another device than the CPU it fails: a tensor is made on the CPU by `ones`",
}


def compared(make, *, seed=0, rows=5, train=True):
    """Run the check, and return what it recorded."""
    rng = np.random.default_rng(seed)
    state = modules.random_state(make, rng)
    x, upstream = rng.normal(size=(rows, placed.WIDTH)), rng.normal(size=(rows, 3 if make is placed.Recurs else 4))
    with record.recording() as kept:
        parity.across(make, x, state=state, upstream=upstream, train=train)
    return kept


def refused(make, **options):
    with pytest.raises(CheckFailure) as caught:
        compared(make, **options)
    return caught.value


class TestRightModules:
    @pytest.mark.parametrize("make", RIGHT, ids=lambda make: make.__name__)
    def test_pass_far_below_the_threshold(self, make):
        units = [one.units for seed in range(3) for one in compared(make, seed=seed).measurements]
        assert max(units) < parity.ALLOWED_UNITS / 8

    def test_are_compared_in_every_dtype_forward_and_backward(self):
        kept = compared(placed.Right)
        cpu = {(one.dtype, one.part) for one in kept.measurements if one.device == "cpu"}
        parts = {"output", "gradient of input 1", "gradient of linear.weight", "gradient of linear.bias"}
        assert cpu == {(dtype, part) for dtype in ("float32", "bfloat16") for part in parts}

    def test_may_draw_random_numbers_of_torch(self):
        kept = compared(placed.DropsOut)
        assert {"float32", "bfloat16"} <= {one.dtype for one in kept.measurements}

    def test_need_no_upstream_gradient_and_may_have_other_methods(self):
        with record.recording() as kept:
            parity.across(placed.Right, np.ones((2, placed.WIDTH)), method="after", train=False)
        assert {one.part for one in kept.measurements} == {"output"}

    def test_leave_generators_and_flags_as_they_were(self):
        torch.manual_seed(3)
        random.seed(3)
        before = torch.get_rng_state(), random.getstate(), torch.backends.cudnn.allow_tf32
        compared(placed.DropsOut)
        assert torch.equal(before[0], torch.get_rng_state())
        assert before[1:] == (random.getstate(), torch.backends.cudnn.allow_tf32)
        assert not torch.are_deterministic_algorithms_enabled()


class TestWrongModules:
    @pytest.mark.parametrize("make", WRONG, ids=lambda make: make.__name__)
    def test_are_told_what_is_wrong(self, make):
        placed.Counts.calls = 0
        assert WRONG[make] in refused(make).message

    def test_are_told_one_thing_once(self):
        message = refused(placed.ReturnsFloat32).message
        assert message.count("use the dtype of the input") == 1

    def test_are_told_of_what_stays_behind_and_not_of_what_comes_of_it(self):
        message = refused(placed.LayersInAList).message
        assert "ModuleList" in message
        assert "dtype" not in message

    def test_give_hints_without_the_words_of_the_worker(self):
        assert "line" not in refused(placed.StartsInFloat32).hint
        assert refused(placed.MaskNotRegistered).hint == (
            "A tensor that belongs to the module is not registered: `self.register_buffer(name, tensor)`."
        )

    def test_raise_their_own_errors_whatever_the_dtype(self):
        class Broken(placed.Right):
            def after(self, h):
                return h @ h

        with pytest.raises(RuntimeError, match="cannot be multiplied"):
            compared(Broken)

    def test_that_are_not_written_yet_are_not_written_yet(self):
        class Stub(placed.Right):
            def after(self, h):
                raise NotImplementedError

        with pytest.raises(NotImplementedError):
            compared(Stub)


class TestNotes:
    def test_say_that_there_is_no_gpu(self):
        assert (parity.NOT_ON_A_GPU in compared(placed.Right).notes) == (not torch.cuda.is_available())

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            (placed.BranchesOnValues, "where its tensors are was not decided"),
            (placed.DrawsByWeights, "draws random numbers: precisions and devices were not compared"),
            (placed.FourierTransforms, "uses an operation that torch does not have in bfloat16 on the CPU"),
        ],
        ids=lambda value: getattr(value, "__name__", ""),
    )
    def test_say_what_was_left_out(self, make, words):
        assert any(words in note for note in compared(make).notes)


class TestDecisions:
    def test_that_turn_over_in_bfloat16_leave_gradients_alone(self):
        class Relu(placed.Right):
            def after(self, h):
                return torch.relu(h - 0.999 * h.detach())  # bfloat16 has 8 bits: its 0.999 is 1, and what is left is 0

        kept = compared(Relu, rows=40)
        assert {one.part for one in kept.measurements if one.dtype == "bfloat16"} == {"output"}
        assert "gradient of linear.weight" in {one.part for one in kept.measurements if one.dtype == "float32"}

    @pytest.mark.parametrize(
        "decide",
        [
            torch.relu,
            torch.abs,
            lambda x: torch.clamp(x, -0.1, 0.1),
            lambda x: torch.maximum(x, torch.zeros_like(x)),
            lambda x: x.amax(-1),
            lambda x: x.max(-1).values,
            lambda x: torch.nn.functional.max_pool1d(x[None], 2),
            lambda x: torch.where(x > 0, x, 0),
            lambda x: (3 * x).round(),
            lambda x: x.clone().relu_(),
            lambda x: x.sort().values,
        ],
    )
    def test_are_seen(self, decide):
        def decisions(x):
            with Watch(torch.float64) as watch:
                decide(x)
            return watch.decisions

        x = torch.tensor([[0.5, -0.5, 0.25, -0.25]], dtype=torch.float64)
        assert decisions(x) == decisions(x * (1 + 1e-9)) != []
        assert decisions(x) != decisions(-x)

    def test_with_kinks_elsewhere_are_never_taken_for_the_same(self):
        class Hard(placed.Right):
            def after(self, h):
                return torch.nn.functional.hardswish(h)

        assert all("gradient" not in one.part for one in compared(Hard).measurements)

    def test_that_lie_on_the_edge_leave_all_gradients_alone(self):
        class Edge(placed.Right):
            def after(self, h):
                return torch.relu(h - h.exp().log())

        kept = compared(Edge)
        assert all("gradient" not in one.part for one in kept.measurements)
        assert any("takes decisions that one rounding turns over" in note for note in kept.notes)


class TestTheJudge:
    """Of answers that a machine with a GPU would give."""

    def answer(self, **changes):
        values = {"output": np.array([1.0, 2.0, 4.0])}
        first = {"device": "cpu", "dtype": "float64", "values": values, "decisions": True, "repeats": True}
        first |= {"free": False, "fault": None}
        gpu = first | {"device": "cuda", "dtype": "float32"} | changes
        disturbed = [{"decisions": True, "plus": {"output": values["output"] * (1 + 2.0**-23)}}] * 5
        return {
            "runs": [first, gpu],
            "disturbed": disturbed,
            "random": False,
            "placement": {"outcome": "placed"},
            "flags": {},
        }

    def judged(self, answer):
        class Answers:
            name = "ConvBlock"

            def through(self, tool):
                assert tool == "parity.across"
                return lambda *_: answer

        with record.recording() as kept:
            parity.across(Answers(), np.ones(3))
        return kept

    def test_measures_in_units_of_what_roundings_do(self):
        got = {"output": np.array([1.0, 2.0, 4.0 + 10 * 4 * 2.0**-23])}
        kept = self.judged(self.answer(values=got))
        assert [round(one.units, 6) for one in kept.measurements] == [5.0]  # 10 of the change and of the scale: 20 ulps
        assert parity.NOT_ON_A_GPU not in kept.notes

    def test_refuses_tf32(self):
        got = {"output": np.array([1.0, 2.0, 4.0 * (1 + 2.0**-11)])}
        with pytest.raises(CheckFailure) as caught:
            self.judged(self.answer(values=got))
        assert caught.value.hint == (
            "Its results in float32 on the GPU differ from those in float64 by more than rounding."
        )
        assert "output[2] is off by 0.002 in float32 on the GPU: 2e+03 times what roundings" in caught.value.message

    def test_lets_a_gpu_add_in_any_order_where_torch_has_no_other_way(self):
        self.judged(self.answer(repeats=False, free=True))
        with pytest.raises(CheckFailure, match="two runs differ"):
            self.judged(self.answer(repeats=False))

    def test_refuses_an_output_that_stayed_on_the_cpu(self):
        fault = {"kind": "device", "words": "output is on cpu", "place": ""}
        with pytest.raises(CheckFailure, match="in float32 on the GPU: output is on cpu. Tensors are on different"):
            self.judged(self.answer(fault=fault))

    def test_refuses_results_that_are_not_finite_there_alone(self):
        with pytest.raises(CheckFailure, match="is off by inf"):
            self.judged(self.answer(values={"output": np.array([1.0, np.nan, 4.0])}))

    def test_refuses_another_number_of_results(self):
        with pytest.raises(CheckFailure, match="another number or shape of results in float32 on the GPU"):
            self.judged(self.answer(values={}))


class TestTheTool:
    def test_says_how_float32_was_computed(self):
        answer = tool.across(
            placed.Right, [np.ones((2, 4))], None, {}, None, {"train": True, "method": "forward", "options": {}}
        )
        assert answer["flags"] == {
            "float32 matmul precision": "highest", "TF32 in cuDNN": False, "TF32 in cuBLAS": False
        }  # fmt: skip

    def test_says_what_the_module_did_to_that_and_undoes_it(self):
        class Fast(placed.Right):
            def after(self, h):
                torch.backends.cuda.matmul.allow_tf32 = True
                return h

        how = {"train": True, "method": "forward", "options": {}}
        assert tool.across(Fast, [np.ones((2, 4))], None, {}, None, how)["flags"]["TF32 in cuBLAS"]
        assert not torch.backends.cuda.matmul.allow_tf32
        assert any("turns TF32 on" in note for note in compared(Fast).notes)

    def test_hands_problems_on_in_the_words_of_modules(self):
        with pytest.raises(CheckFailure, match="it made an object of type dict"):
            parity.across(dict)

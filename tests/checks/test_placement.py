"""The dry run on `meta`: what it refuses and in which words, what it passes, and what it leaves undecided."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch

from grader.checks import placement
from grader.worker.tools import placement as tool
from grader.worker.tools.cases import Case
from tests.checks import placed

WRONG = {
    placed.MaskNotRegistered: "`mask` is a tensor that the module does not register: it stays on the CPU",
    placed.LayersInAList: "`layers[0]` is a module in a list or dict that is not registered: its weights stay",
    placed.ScalesInADict: "`scales['h']` is a parameter that the module does not register",
    placed.MakesAMask: "a tensor is made on the CPU by `ones` (line ",
    placed.UsesATableOfTheFile: "a tensor that was made outside of the module is used",
    placed.ReturnsFromTheCpu: "a value is moved to the CPU (line ",
    placed.GoesByTheCpu: "a value is moved to the CPU (line ",
    placed.ComputesInNumpy: "a value leaves torch for numpy (line ",
    placed.AsksNumpyAtOnce: "a value leaves torch for numpy, and the computation goes on with it",
    placed.DividesByAnItem: "a value is read as a Python number by `.item()` or `float()` (line ",
    placed.ShiftsByAFloat: "a value is read as a Python number by `.item()` or `float()` (line ",
    placed.FillsATensorOfTheCpu: "results are written into a tensor on the CPU (line ",
    placed.MakesATensorInBackward: "a tensor is made on the CPU by `full` in the backward pass",
    placed.ReturnsAConstant: "a tensor is made on the CPU by `zeros` (line ",
}
RIGHT = (
    placed.Right, placed.IndexesFromTheCpu, placed.MultipliesByAScalarOfTheCpu, placed.BufferNotInTheState,
    placed.MovesItsConstant, placed.WritesConstantsIntoASlice, placed.KeepsALog, placed.MakesItsTableLate,
    placed.PromotesInSoftmax, placed.SetsNegativesToZero, placed.DropsOut, placed.NormalizesWithABias, placed.Recurs,
    placed.FourierTransforms, placed.RoundsOff,
)  # fmt: skip
UNDECIDED = (placed.BranchesOnValues, placed.BranchesOnAnItem)


def dry_run(make, *, shape=(3, placed.WIDTH), upstream=None):
    x = np.ones(shape)
    upstream = np.ones((shape[0], 3 if make is placed.Recurs else placed.WIDTH)) if upstream is None else upstream
    return tool.dry_run(
        Case(make=make, inputs=[x], upstream=upstream, build={}, state=None, train=True, method="forward", options={})
    )


def words(answer):
    (found,) = placement.findings(answer)
    return found.message


@pytest.mark.parametrize("make", WRONG, ids=lambda make: make.__name__)
def test_a_tensor_that_is_elsewhere_is_named(make):
    assert WRONG[make] in words(dry_run(make))


def test_at_least_ten_wrong_modules_have_words_of_their_own():
    assert len({dry_run(make)["kind"] for make in WRONG}) >= 10


@pytest.mark.parametrize("make", RIGHT, ids=lambda make: make.__name__)
def test_what_follows_its_inputs_passes(make):
    assert dry_run(make) == {"outcome": "placed"}


@pytest.mark.parametrize("make", UNDECIDED, ids=lambda make: make.__name__)
def test_control_flow_on_data_is_not_decided_and_costs_nothing(make):
    answer = dry_run(make)
    assert answer["outcome"] == "undecided"
    assert list(placement.findings(answer)) == []


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: torch.nn.Conv2d(3, 2, 3), (2, 3, 5, 5)),
        (lambda: torch.nn.BatchNorm2d(3), (2, 3, 4, 4)),
        (lambda: torch.nn.LayerNorm(4), (2, 4)),
        (lambda: torch.nn.TransformerEncoderLayer(4, 2, 8), (5, 2, 4)),
        (lambda: torch.nn.MaxPool2d(2), (1, 2, 4, 4)),
    ],
)
def test_torchs_own_modules_pass(make, shape):
    with torch.device("meta"):
        upstream = np.ones(make()(torch.ones(shape)).shape)
    assert dry_run(make, shape=shape, upstream=upstream) == {"outcome": "placed"}


def test_the_line_is_where_the_tensor_is_made_and_where_it_does_harm():
    answer = dry_run(placed.ShiftsByAFloat)
    line = inspect.getsourcelines(placed.ShiftsByAFloat.after)[1] + 1
    assert (answer["made"], answer["place"]) == (f"line {line} of placed.py", f"line {line} of placed.py")


def test_nothing_is_left_in_force_after_a_failure():
    dry_run(placed.MakesAMask)
    assert torch.ones(2).sum().item() == 2


def test_names_and_lines_of_the_student_stand_in_no_hint():
    answer = {"outcome": "misplaced", "kind": "attribute", "name": "secret", "made": "line 7", "place": "line 8"}
    (found,) = placement.findings(answer)
    assert not {"secret", "7", "8"} & set(found.hint.replace(":", " ").split())
    assert "`secret`" in found.message
    assert "line 8" in found.message


def test_a_kind_that_is_not_known_is_told_in_fixed_words():
    (found,) = placement.findings({"outcome": "misplaced", "kind": "<script>"})
    assert found.hint == "A tensor is not on the device of the input."
    assert "<script>" not in found.message

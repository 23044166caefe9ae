"""Torch modules as functions of state and inputs: what is returned, compared and said."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grader.checks import modules, record
from grader.evidence import CheckFailure
from tests.checks import nets

BUILD = {"inputs": 3, "outputs": 2}


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def at(rng):
    """Batch, state and upstream gradient."""
    state = modules.random_state(nets.Scale, rng, build=BUILD)
    return {"x": rng.normal(size=(5, 3)), "state": state, "upstream": rng.normal(size=(5, 2))}


def compare(module, at, **options):
    modules.agrees(module, nets.Scale, at["x"], build=BUILD, state=at["state"], upstream=at["upstream"], **options)


def failure(module, at, **options):
    with pytest.raises(CheckFailure) as caught:
        compare(module, at, **options)
    return caught.value


class TestARun:
    def test_returns_output_gradients_and_state_in_float64(self, at):
        ran = modules.run(nets.Scale, at["x"], build=BUILD, state=at["state"], upstream=at["upstream"])
        weight, bias = at["state"]["linear.weight"], at["state"]["linear.bias"]
        h = at["x"] @ weight.T + bias
        centred = at["upstream"] - at["upstream"].mean(0)
        np.testing.assert_allclose(ran["output"], h - h.mean(0), atol=1e-14)
        np.testing.assert_allclose(ran["input_gradients"][0], centred @ weight, atol=1e-14)
        np.testing.assert_allclose(ran["gradients"]["linear.weight"], centred.T @ at["x"], atol=1e-14)
        np.testing.assert_allclose(ran["state"]["mean"], (at["state"]["mean"] + h.mean(0)) / 2, atol=1e-14)
        assert {array.dtype for array in ran["state"].values()} == {np.dtype(np.float64)}

    def test_can_go_on_from_the_state_of_another(self, at):
        trained = modules.run(nets.Scale, at["x"], build=BUILD, state=at["state"])
        evaluated = modules.run(nets.Scale, at["x"], build=BUILD, state=trained["state"], train=False)
        h = at["x"] @ at["state"]["linear.weight"].T + at["state"]["linear.bias"]
        np.testing.assert_allclose(evaluated["output"], h - trained["state"]["mean"], atol=1e-14)
        assert "gradients" not in evaluated

    def test_calls_methods_with_options_and_generators(self, at):
        ran = [
            modules.run(
                nets.Scale, at["x"], build=BUILD, method="shifted", options={"by": 2.0}, generators={"generator": seed}
            )["output"][1]
            for seed in (3, 3, 4)
        ]
        noise = torch.randn(5, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
        np.testing.assert_array_equal(ran[0], at["x"] + noise.numpy())
        np.testing.assert_array_equal(ran[0], ran[1])
        assert not np.array_equal(ran[0], ran[2])

    def test_in_float32_stays_there(self, at):
        ran = modules.run(nets.Scale, at["x"], build=BUILD, state=at["state"], dtype="float32")
        assert ran["output"].dtype == np.float32
        assert torch.get_default_dtype() == torch.float32

    def test_leaves_the_inputs_and_the_default_dtype_alone(self, at):
        before = {name: np.copy(array) for name, array in at["state"].items()}
        compare(nets.Scale, at)
        for name, array in before.items():
            np.testing.assert_array_equal(at["state"][name], array)
        assert torch.get_default_dtype() == torch.float32

    def test_of_a_trusted_class_draws_the_same_and_from_nobodys_generator(self, at):
        before = torch.random.get_rng_state()
        first, second = (modules.run(nets.Scale, at["x"], build=BUILD)["output"] for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert torch.equal(torch.random.get_rng_state(), before)


class TestAgreement:
    @pytest.mark.parametrize("module", [nets.InAnotherOrder, nets.NotContiguous])
    @pytest.mark.parametrize("train", [True, False])
    def test_passes_what_is_right_and_is_recorded(self, module, train, at):
        with record.recording() as kept:
            compare(module, at, train=train)
        assert max(one.ratio for one in kept.measurements) < 1e-3
        seen = {sighting.name.partition("[")[0].partition(".")[0] for sighting in kept.sightings}
        assert seen == set(modules.PARTS)

    def test_finds_what_is_wrong_in_evaluation_alone(self, at):
        compare(nets.WrongInEvaluation, at)
        assert "output" in failure(nets.WrongInEvaluation, at, train=False).message

    def test_names_the_parameters_that_no_gradient_reaches(self, at):
        found = failure(nets.Detached, at)
        assert found.hint.startswith("No gradient reaches `input 1`: it is not used, or the graph is cut")
        assert "`linear.weight`" in found.message

    def test_takes_no_gradient_for_a_gradient_of_zeros_and_for_no_other(self, at):
        def against(module, reference):
            modules.agrees(module, reference, at["x"], h, build=BUILD, state=at["state"], upstream=h)

        h = np.ones((len(at["x"]), at["state"]["linear.bias"].size))
        against(nets.LeftOut, nets.TimesZero)
        against(nets.TimesZero, nets.TimesZero)
        with pytest.raises(CheckFailure, match=r"(?s)No gradient reaches `input 2`.*`linear\.bias`"):
            against(nets.LeftOut, nets.TimesOne)

    def test_looks_at_what_it_is_told(self, at):
        compare(nets.Detached, at, looks_at=("state",))

    def test_evaluates_the_reference_once_for_the_class(self, at, monkeypatch):
        calls = []
        monkeypatch.setattr(nets.Scale, "__init__", _counted(nets.Scale.__init__, calls))
        compare(nets.Scale, at)
        first = len(calls)
        compare(nets.Scale, at)
        assert len(calls) == first + 1  # the submission's own


def _counted(function, calls):
    def counted(self, *args, **kwargs):
        calls.append(1)
        return function(self, *args, **kwargs)

    return counted


@pytest.mark.parametrize(
    ("module", "hint", "message"),
    [
        (nets.NoModule, "Derive the class from torch.nn.Module.", "an object of type NoModule"),
        (nets.BufferNotRegistered, "The state dict lacks `mean`: register it", "It has"),
        (nets.OtherShape, "`mean` of the state dict has the wrong shape.", "It is (1, 2); (2,) is due."),
        (nets.More, "The state dict holds more than the handout says.", "Not due: extra."),
        (nets.ReturnsText, "Return a tensor, as the handout says.", "an object of type str"),
        (nets.OnMeta, "Make tensors on the device of the input.", "on the device `meta`"),
        (nets.WrongShape, "The output has another shape than is due.", "its output has shape (2,); due is (5, 2)"),
        (nets.ReturnsNothing, "Return the output.", "it returned None"),
        (nets.ReturnsTwo, "Return one tensor.", "it returned 2 tensors where one tensor is due"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(module, hint, message, at):
    found = failure(module, at)
    assert found.hint.startswith(hint)
    if module is not nets.BufferNotRegistered:  # which has nothing else to show
        assert message in found.message


@pytest.mark.parametrize("without", [["Linear"], ["Bilinear", "Linear"]])
def test_a_module_may_have_to_do_without_torchs_own(without, at):
    failed = failure(nets.Scale, at, without=without)
    assert failed.hint == "Write the module yourself: torch's own is not to be part of it."
    assert "it is made of torch.nn.Linear" in failed.message
    compare(nets.Scale, at, without=["Bilinear", "RNNCellBase"])


class TestARandomState:
    def test_has_positive_buffers_and_all_names(self, rng):
        state = modules.random_state(torch.nn.BatchNorm1d, rng, build={"num_features": 50})
        assert list(state) == ["bias", "weight", "num_batches_tracked", "running_mean", "running_var"]
        assert np.all(state["running_var"] > 0)
        assert state["num_batches_tracked"] == 0

    def test_keeps_signals_of_their_size(self, rng):
        state = modules.random_state(torch.nn.Linear, rng, build={"in_features": 400, "out_features": 300})
        # 120,000 entries: the relative deviation of the variance has standard deviation 0.004, and a level of 1e-6 takes 5
        assert abs(400 * state["weight"].var() - 1) < 0.02

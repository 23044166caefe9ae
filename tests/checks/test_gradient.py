"""The gradient checks: what passes, what fails, in which words, and at what price in calls."""

import numpy as np
import pytest

from grader.checks import gradient
from grader.checks.value import expect
from grader.evidence import CheckFailure


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def at(rng):
    return {"x": rng.normal(size=(5, 4)), "S": rng.normal(size=(4, 3)), "b": rng.normal(size=3)}


def linear_forward(x, S, b):
    return x @ S + b, (x, S)


def linear_backward(dh, cache):
    x, S = cache
    return dh @ S.T, x.T @ dh, dh.sum(axis=0)


def identity_backward(dout, cache):
    return dout


def failure_of(forward, backward, **options):
    with pytest.raises(CheckFailure) as caught:
        gradient.agrees(forward, backward, **options)
    return caught.value


class Counted:
    """A student's proxy that counts its calls and knows what is kept."""

    def __init__(self, function, name):
        self.function = function
        self.name = name
        self.calls = 0
        self.kept = ()

    def keeping(self, *positions):
        self.kept = positions
        return self

    def __call__(self, *args):
        self.calls += 1
        return self.function(*args)


class TestRightLayers:
    def test_a_linear_layer_costs_44_calls_forward_and_one_backward(self, at, rng):
        forward, backward = Counted(linear_forward, "linear_forward"), Counted(linear_backward, "linear_backward")
        gradient.agrees(forward, backward, at=at, rng=rng)
        assert (forward.calls, backward.calls) == (44, 1)

    def test_the_cache_stays_where_it_is(self, at, rng):
        forward = Counted(linear_forward, "linear_forward")
        gradient.agrees(forward, linear_backward, at=at, rng=rng)
        assert forward.kept == (1,)

    def test_a_single_gradient_may_come_bare_or_in_a_tuple(self, rng):
        x = rng.normal(size=4)
        gradient.agrees(lambda x: (np.tanh(x), x), lambda dh, x: dh / np.cosh(x) ** 2, at={"x": x}, rng=rng)
        gradient.agrees(lambda x: (np.tanh(x), x), lambda dh, x: (dh / np.cosh(x) ** 2,), at={"x": x}, rng=rng)

    def test_gradients_may_come_as_a_list_or_by_name(self, at, rng):
        gradient.agrees(linear_forward, lambda dh, c: list(linear_backward(dh, c)), at=at, rng=rng)

        def by_name(dh, c):
            dx, dS, db = linear_backward(dh, c)
            return {"S": dS, "b": db, "x": dx}

        gradient.agrees(linear_forward, by_name, at=at, rng=rng)

    def test_constants_are_not_differentiated_by(self, rng):
        def forward(x, slope, labels, activation):
            return np.where(x > 0, x, slope * x) * labels, (x, slope, labels)

        def backward(dout, cache):
            x, slope, labels = cache
            return np.where(x > 0, dout, slope * dout) * labels

        at = {"x": rng.normal(size=5), "slope": 0.1, "labels": np.arange(1, 6), "activation": np.tanh}
        gradient.agrees(forward, backward, at=at, rng=rng)

    def test_a_python_float_is_differentiated_by_when_it_is_named(self, rng):
        at = {"x": rng.normal(size=5), "scale": 2.0}

        def forward(x, scale):
            assert type(scale) is float
            return scale * x, x

        gradient.agrees(forward, lambda dout, x: float(dout @ x), at=at, rng=rng, wrt="scale")

    def test_a_scalar_output_gets_a_number_upstream(self, rng):
        def backward(dloss, x):
            assert type(dloss) is float
            assert dloss != 1.0
            return 2 * dloss * x

        gradient.agrees(lambda x: (np.sum(x**2), x), backward, at={"x": rng.normal(size=4)}, rng=rng)

    def test_several_outputs_take_a_structured_upstream_gradient(self, rng):
        def forward(x):
            return (np.sin(x), np.cos(x)), x

        def backward(dout, x):
            return dout[0] * np.cos(x) - dout[1] * np.sin(x)

        upstream = (rng.normal(size=4), rng.normal(size=4))
        gradient.agrees(forward, backward, at={"x": rng.normal(size=4)}, rng=rng, upstream=upstream)

    def test_changes_in_place_do_no_harm(self, at, rng):
        before = {name: array.copy() for name, array in at.items()}

        def forward(x, S, b):
            h = x @ S + b
            cache = (x.copy(), S.copy())
            x *= 0
            return h, cache

        def backward(dh, cache):
            result = linear_backward(dh.copy(), cache)
            dh *= 0
            return result

        upstream = rng.normal(size=(5, 3))
        kept = upstream.copy()
        gradient.agrees(forward, backward, at=at, rng=rng, upstream=upstream)
        assert np.array_equal(upstream, kept)
        assert all(np.array_equal(at[name], before[name]) for name in at)

    def test_an_argument_that_truly_has_no_effect_can_be_declared(self, rng):
        def forward(x, b):
            h = x + b
            return h - h.mean(axis=0), None

        def backward(dout, cache):
            dx = dout - dout.mean(axis=0)
            return dx, dx.sum(axis=0)

        at = {"x": rng.normal(size=(5, 3)), "b": rng.normal(size=3)}
        gradient.agrees(forward, backward, at=at, rng=rng, vanishing=("b",))
        assert "does not depend on b" in failure_of(forward, backward, at=at, rng=rng).message

        def wrong(dout, cache):
            return dout - dout.mean(axis=0), dout.sum(axis=0)

        assert "db is not the gradient" in failure_of(forward, wrong, at=at, rng=rng, vanishing=("b",)).message

    def test_a_kink_that_only_some_directions_meet_is_stepped_around(self):
        """Half of all directions meet it: two of two avoid it in a quarter of the cases, two of four in 11/16."""
        start = np.array([0.3, 0.7])

        def forward(x):
            return np.array([x.sum() + max(0.0, float((x - start).min()))]), None

        def fault(seed):
            rng = np.random.default_rng(seed)
            try:
                gradient.agrees(forward, lambda dout, _: np.full(2, dout[0]), at={"x": start}, rng=rng)
            except CheckFailure as failure:
                return failure.evidence[0].cause
            return "none"

        faults = [fault(seed) for seed in range(40)]
        assert set(faults) == {"none", "forward is not smooth here"}
        assert faults.count("none") > 20

    def test_the_same_generator_state_gives_the_same_verdict_word_for_word(self, at):
        def wrong(dh, cache):
            return tuple(-part for part in linear_backward(dh, cache))

        messages = {failure_of(linear_forward, wrong, at=at, rng=np.random.default_rng(9)).message for _ in range(3)}
        assert len(messages) == 1


class TestWrongGradients:
    def test_the_gradient_the_entry_and_the_cause_are_named(self, at, rng):
        def linear_backward_mean(dh, cache):
            dx, dS, db = linear_backward(dh, cache)
            return dx, dS, db / len(dh)

        upstream = np.arange(1.0, 16.0).reshape(5, 3)
        failure = failure_of(linear_forward, linear_backward_mean, at=at, rng=rng, upstream=upstream)
        opening = "linear_backward_mean: db is not the gradient of linear_forward: along a random direction it gives "
        assert failure.message.startswith(opening)
        assert failure.message.endswith(
            " It differs in 3 of the 3 entries tried; the worst is db[2] = 9 where differences give 45. "
            "db is 1/N of what it should be (N = 5)."
        )
        assert failure.hint == ("`db` is not the gradient of your `linear_forward`. `db` is 1/N of what it should be.")
        (evidence,) = failure.evidence
        assert (evidence.name, evidence.got, evidence.where) == ("db", "[7., 8., 9.]", "[2]")
        assert evidence.deviation > 1e3 * evidence.allowed

    @pytest.mark.parametrize(
        ("change", "hint"),
        [
            (lambda dx: -dx, "has the wrong sign"),
            (lambda dx: 2 * dx, "is twice what it should be"),
            (lambda dx: 0 * dx, "is zero everywhere"),
            (lambda dx: dx[::-1], "is reversed along axis 0"),
            (lambda dx: dx + 1, "is off by the same number in every entry"),
            (lambda dx: np.roll(dx, 1, axis=1), "is shifted by one along axis 1"),
            (lambda dx: dx * (np.arange(4) != 2), "is wrong only at one index of axis 1"),
        ],
    )
    def test_the_mistake_is_recognised(self, at, rng, change, hint):
        def wrong(dh, cache):
            dx, dS, db = linear_backward(dh, cache)
            return change(dx), dS, db

        failure = failure_of(linear_forward, wrong, at=at, rng=rng)
        assert failure.hint == f"`dx` is not the gradient of your `linear_forward`. `dx` {hint}."

    def test_a_transposed_gradient_is_recognised(self, rng):
        at = {"x": rng.normal(size=(5, 3)), "S": rng.normal(size=(3, 3)), "b": rng.normal(size=3)}

        def wrong(dh, cache):
            dx, dS, db = linear_backward(dh, cache)
            return dx, dS.T, db

        assert "`dS` holds the transposed values." in failure_of(linear_forward, wrong, at=at, rng=rng).hint

    def test_a_backward_that_ignores_the_upstream_gradient_fails(self, rng):
        failure = failure_of(
            lambda x: (np.tanh(x), x), lambda dh, x: 1 / np.cosh(x) ** 2, at={"x": rng.normal(size=4)}, rng=rng
        )
        assert failure.message.startswith("backward: dx is not the gradient of forward")

    def test_one_wrong_entry_of_a_large_array_is_found_though_not_located(self, rng):
        def wrong(dout, x):
            dx = 2 * x * dout
            dx[17, 23] *= 1.5
            return dx

        x = rng.uniform(1, 2, size=(60, 60))
        failure = failure_of(lambda x: (x**2, x), wrong, at={"x": x}, rng=rng)
        assert "dx is not the gradient of forward" in failure.message

    def test_the_sign_of_a_large_array_is_recognised_from_a_selection(self, rng):
        x = rng.uniform(1, 2, size=(60, 60))
        failure = failure_of(lambda x: (x**2, x), lambda dout, x: -2 * x * dout, at={"x": x}, rng=rng)
        assert "It differs in 100 of the 100 entries tried" in failure.message
        assert failure.hint.endswith("`dx` has the wrong sign.")

    def test_the_wrong_layer_of_a_network_is_named(self, rng):
        params = [{"S": rng.normal(size=(3, 3)), "b": rng.normal(size=3)} for _ in range(3)]

        def forward(x, params):
            hs = [x]
            for layer in params:
                hs.append(np.tanh(hs[-1] @ layer["S"] + layer["b"]))
            return hs[-1], (hs, params)

        def backward(dout, cache):
            hs, params = cache
            gradients = []
            for layer, before, after in zip(params[::-1], hs[-2::-1], hs[:0:-1], strict=True):
                dz = dout * (1 - after**2)
                factor = 2 if layer is params[1] else 1
                gradients.insert(0, {"S": before.T @ dz, "b": factor * dz.sum(axis=0)})
                dout = dz @ layer["S"].T
            return dout, gradients

        failure = failure_of(forward, backward, at={"x": rng.normal(size=(4, 3)), "params": params}, rng=rng)
        assert failure.hint == (
            "`dparams[1].b` is not the gradient of your `forward`. `dparams[1].b` is twice what it should be."
        )

    def test_other_names_of_gradients_are_used(self, at, rng):
        failure = failure_of(
            linear_forward, lambda dh, c: (None, None, None), at=at, rng=rng, returns=("grad_x", "grad_S", "grad_b")
        )
        assert failure.hint == "`grad_x` is None: return it. `grad_S` is None: return it. `grad_b` is None: return it."

    def test_form_and_values_are_reported_together(self, at, rng):
        def wrong(dh, cache):
            dx, dS, db = linear_backward(dh, cache)
            return -dx, dS.tolist(), db[None]

        failure = failure_of(linear_forward, wrong, at=at, rng=rng)
        assert "dS is a list; return a numpy array of shape (4, 3)." in failure.message
        assert (
            "db has shape (1, 3), due is (3,): it has two axes where one is due: drop the extra axis."
            in failure.message
        )
        assert failure.message.endswith("dx has the wrong sign.")

    def test_a_missing_gradient_is_named(self, at, rng):
        failure = failure_of(linear_forward, lambda dh, c: linear_backward(dh, c)[:2], at=at, rng=rng)
        assert failure.hint == "Return 3 results: dx, dS and db."

    @pytest.mark.parametrize("size", [1e10, 1e160, 1e308, -1.7e308])
    def test_a_gradient_of_wild_numbers_never_passes(self, rng, size):
        at = {"x": rng.normal(size=(5, 4))}
        for forward in (lambda x: (np.tanh(x), None), lambda x: (np.round(x, 3), None)):
            failure_of(forward, lambda dout, _: np.full(dout.shape, size), at=at, rng=rng)

    def test_a_forward_of_wild_numbers_never_passes(self, rng):
        at = {"x": rng.normal(size=(5, 4)), "b": rng.normal(size=4)}
        for size in (1e20, 1e300, 1e308):
            failure_of(
                lambda x, b: (x + b + size, None),  # noqa: B023 - called within this round
                lambda dout, _: (dout, np.zeros(4)),
                at=at,
                rng=rng,
                vanishing=("b",),
            )

    def test_nan_in_a_gradient_is_named(self, rng):
        failure = failure_of(lambda x: (x, None), lambda dout, _: dout * np.nan, at={"x": rng.normal(size=3)}, rng=rng)
        assert failure.hint == "`dx` is not finite."


class TestForwardsThatEarnNothing:
    def at_x(self, rng):
        return {"at": {"x": rng.normal(size=(5, 4))}, "rng": rng}

    @pytest.mark.parametrize("constant", [0.0, 1.0, 1e6])
    def test_a_constant_with_a_zero_gradient_fails(self, rng, constant):
        def forward(x):
            return np.full(x.shape, constant), None

        failure = failure_of(forward, lambda dout, _: 0 * dout, **self.at_x(rng))
        assert failure.message == "backward: forward does not depend on x, so dx cannot be judged."
        assert failure.hint == "Your `forward` does not depend on `x`."

    def test_a_forward_that_forgets_the_bias_is_told_so(self, at, rng):
        def forgetful(x, S, b):
            return x @ S, (x, S)

        def backward(dh, cache):
            dx, dS, db = linear_backward(dh, cache)
            return dx, dS, 0 * db

        failure = failure_of(forgetful, backward, at=at, rng=rng)
        assert failure.message == "backward: forgetful does not depend on b, so db cannot be judged."

    def test_a_noisy_forward_fails(self, rng):
        noise = np.random.default_rng(0)
        failure = failure_of(
            lambda x: (x + 1e-9 * noise.normal(size=x.shape), None), identity_backward, **self.at_x(rng)
        )
        assert failure.hint == (
            "`forward` returns different results for the same input: use no other randomness than it is given."
        )

    @pytest.mark.parametrize("digits", [0, 1, 2, 3, 4, 5])
    @pytest.mark.parametrize("backward", [identity_backward, lambda dout, _: 0 * dout])
    def test_a_rounded_forward_fails_whatever_the_gradient(self, rng, digits, backward):
        failure_of(lambda x: (np.round(x, digits), None), backward, **self.at_x(rng))

    def test_a_rounded_forward_is_called_not_smooth(self, rng):
        failure = failure_of(lambda x: (np.round(x, 3), None), identity_backward, **self.at_x(rng))
        assert failure.message.endswith(
            "forward is not smooth in x here (noise, rounding or a jump?), so its differences say nothing about dx."
        )
        assert (
            failure.hint
            == "Your `forward` is not smooth in `x`: is something random, rounded or converted to integers?"
        )

    def test_a_kink_exactly_at_the_point_is_never_passed(self, rng):
        failure = failure_of(
            lambda x: (np.abs(x), x), lambda dout, x: dout * np.sign(x), at={"x": np.zeros(4)}, rng=rng
        )
        assert "not smooth" in failure.message

    def test_float32_inside_is_called_by_its_name(self, rng):
        failure = failure_of(lambda x: (np.float32(x), None), identity_backward, **self.at_x(rng))
        assert failure.hint == "`out` came as float32; compute in float64."

    @pytest.mark.parametrize(
        ("out", "message"),
        [
            (None, "out is None; an array of floats is due."),
            ([1.0], "out is a list of 1; an array of floats is due."),
            (np.array([True]), "out is an array of dtype bool; an array of floats is due."),
            (np.array([np.nan]), "out is not finite: it holds 1 NaN among 1 entries, the first at out[0]."),
        ],
    )
    def test_an_output_that_is_no_finite_array_is_named(self, rng, out, message):
        failure = failure_of(lambda x: (out, None), identity_backward, **self.at_x(rng))
        assert failure.message == f"forward: {message}"

    def test_the_output_is_called_by_its_name_in_the_handout(self, rng):
        failure = failure_of(lambda x: x, identity_backward, output="h", **self.at_x(rng))
        assert failure.hint == "Return 2 results: h and cache."
        failure = failure_of(lambda x: (x * np.inf, None), identity_backward, output="h", **self.at_x(rng))
        assert failure.hint == "`h` is not finite."

    def test_a_forward_without_cache_is_told_the_protocol(self, rng):
        failure = failure_of(lambda x: x, identity_backward, **self.at_x(rng))
        assert failure.hint == "Return 2 results: out and cache."

    @pytest.mark.parametrize("late", [None, "text", (np.zeros(3), None), (None, None), (np.zeros((5, 4), complex), 0)])
    def test_a_forward_that_changes_its_mind_later_is_a_failure_and_not_a_fault(self, rng, late):
        answers = iter([True] * 5)
        failure_of(lambda x: (2 * x, None) if next(answers, False) else late, identity_backward, **self.at_x(rng))

    def test_a_forward_that_is_not_finite_nearby_is_judged_closer(self, rng):
        def forward(x):
            with np.errstate(invalid="ignore"):
                return np.sqrt(x), x

        x = np.full(4, 1.0)
        x[0] = 4e-3
        gradient.agrees(forward, lambda dout, x: dout / (2 * np.sqrt(x)), at={"x": x}, rng=rng)

    def test_exceptions_of_the_student_pass_through(self, rng):
        def forward(x):
            raise ZeroDivisionError("mine")

        with pytest.raises(ZeroDivisionError, match="mine"):
            gradient.agrees(forward, identity_backward, **self.at_x(rng))


def mse(h, y):
    return np.mean(np.sum((h - y) ** 2, axis=1)) / 2, (h - y) / len(h)


class TestLosses:
    @pytest.fixture
    def at(self, rng):
        return {"h": rng.normal(size=(5, 3)), "y": rng.normal(size=(5, 3))}

    def test_a_right_loss_passes_in_few_calls(self, at, rng):
        function = Counted(mse, "mse")
        gradient.of_loss(function, at=at, rng=rng, wrt="h")
        assert function.calls == 16
        assert function.kept == (1,)

    def test_a_gradient_of_another_loss_fails(self, at, rng):
        def mse_sum(h, y):
            return mse(h, y)[0], h - y

        with pytest.raises(CheckFailure) as caught:
            gradient.of_loss(mse_sum, at=at, rng=rng, wrt=("h",))
        assert caught.value.message.startswith("mse_sum: dh is not the gradient of the loss that mse_sum returns:")
        assert caught.value.hint == (
            "`dh` is not the gradient of the loss that your `mse_sum` returns. `dh` is N times what it should be."
        )

    def test_a_loss_that_ignores_its_argument_is_told_so(self, at, rng):
        with pytest.raises(CheckFailure) as caught:
            gradient.of_loss(lambda h, y: (0.0, 0 * h), at=at, rng=rng, wrt="h")
        assert caught.value.hint == "The loss that your `function` returns does not depend on `h`."

    @pytest.mark.parametrize(
        ("loss", "hint"),
        [
            (None, "`loss` is None: return it."),
            (np.ones((1, 1)), "`loss` has two axes where none is due: drop the extra axis."),
            (np.nan, "`loss` is not finite."),
        ],
    )
    def test_a_loss_that_is_no_number_is_named(self, at, rng, loss, hint):
        with pytest.raises(CheckFailure) as caught:
            gradient.of_loss(lambda h, y: (loss, h), at=at, rng=rng, wrt="h")
        assert caught.value.hint == hint

    def test_a_noisy_loss_fails(self, at, rng):
        noise = np.random.default_rng(0)
        with pytest.raises(CheckFailure, match="different results for the same input"):
            gradient.of_loss(lambda h, y: (mse(h, y)[0] + noise.random(), h), at=at, rng=rng, wrt="h")

    def test_nested_parameters_have_nested_gradients(self, rng):
        params = [(rng.normal(size=(3, 2)), rng.normal(size=2)), (rng.normal(size=(2, 2)), rng.normal(size=2))]

        def decay(params, strength):
            loss = strength / 2 * sum(np.sum(S**2) + np.sum(b**2) for S, b in params)
            return loss, [[strength * S, strength * b] for S, b in params]

        def forgets_the_last_bias(params, strength):
            loss, grads = decay(params, strength)
            grads[1][1] = 0 * grads[1][1]
            return loss, grads

        at = {"params": params, "strength": 0.3}
        gradient.of_loss(decay, at=at, rng=rng, wrt="params")
        with pytest.raises(CheckFailure, match=r"dparams\[1\]\[1\] is zero everywhere"):
            gradient.of_loss(forgets_the_last_bias, at=at, rng=rng, wrt="params")

    @pytest.mark.parametrize(
        ("pack", "gradients"),
        [
            (lambda loss, dh, dy: (loss, (dh, dy)), 1),
            (lambda loss, dh, dy: (loss, {"y": dy, "h": dh}), 1),
            (lambda loss, dh, dy: [loss, dh, dy], (1, 2)),
        ],
    )
    def test_several_gradients_come_together_or_each_for_itself(self, at, rng, pack, gradients):
        def function(h, y):
            loss, dh = mse(h, y)
            return pack(loss, dh, -dh)

        gradient.of_loss(function, at=at, rng=rng, wrt=("h", "y"), gradients=gradients)

    def test_loss_and_gradient_may_stand_elsewhere(self, at, rng):
        def function(h, y):
            loss, dh = mse(h, y)
            return "probabilities", dh, loss

        gradient.of_loss(function, at=at, rng=rng, wrt="h", value=2, gradients=1)

    def test_missing_results_are_named(self, at, rng):
        with pytest.raises(CheckFailure) as caught:
            gradient.of_loss(lambda h, y: 1.0, at=at, rng=rng, wrt="h")
        assert caught.value.hint == "Return 2 results: loss and dh."


class TestAuthorsMistakes:
    def test_a_name_that_is_no_argument_is_refused(self, at, rng):
        with pytest.raises(ValueError, match=r"wrt names 'W', but the arguments are \['x', 'S', 'b'\]"):
            gradient.agrees(linear_forward, linear_backward, at=at, rng=rng, wrt=("W",))

    @pytest.mark.parametrize("array", [np.arange(3), np.zeros(3, dtype=np.float32)])
    def test_an_array_that_is_not_float64_is_refused(self, rng, array):
        with pytest.raises(ValueError, match=r"x must be float64 to differentiate by it, not (int64|float32)"):
            gradient.agrees(linear_forward, linear_backward, at={"x": array}, rng=rng, wrt="x")

    def test_nothing_to_differentiate_by_is_refused(self, rng):
        with pytest.raises(ValueError, match=r"there is nothing to differentiate by among \['labels'\]"):
            gradient.agrees(linear_forward, linear_backward, at={"labels": np.arange(3)}, rng=rng)

    def test_names_that_do_not_fit_are_refused(self, at, rng):
        with pytest.raises(ValueError, match="returns names 1 gradients, but there are 3"):
            gradient.agrees(linear_forward, linear_backward, at=at, rng=rng, returns=("dx",))
        with pytest.raises(ValueError, match=r"vanishing names \['c'\]"):
            gradient.agrees(linear_forward, linear_backward, at=at, rng=rng, vanishing=("c",))
        with pytest.raises(ValueError, match="2 positions of gradients for 1 names"):
            gradient.of_loss(mse, at=at, rng=rng, wrt="x", gradients=(1, 2))


class TestAlong:
    def test_the_derivative_along_a_symmetry_vanishes(self, rng):
        """Scaling one ReLU layer up and the next down changes nothing (notes 4.3)."""
        x, params = rng.normal(size=(6, 4)), {"S": rng.normal(size=(4, 5)), "T": rng.normal(size=(5, 2))}

        def loss(params):
            return float(np.sum(np.sin(np.maximum(x @ params["S"], 0) @ params["T"])))

        found = gradient.along(loss, params, {"S": params["S"], "T": -params["T"]}, magnitude=12.0)
        expect(found.value, "derivative").is_zero(within=found.allowed)
        assert found.allowed < 1e-8
        other = gradient.along(loss, params, {"S": params["S"], "T": params["T"]})
        assert abs(other.value) > 1e-3

    def test_it_is_linear_in_the_direction(self, rng):
        point, way = rng.normal(size=4), rng.normal(size=4)
        one = gradient.along(lambda x: np.sum(np.exp(x)), point, way)
        three = gradient.along(lambda x: np.sum(np.exp(x)), point, 3 * way)
        assert one.value == pytest.approx(np.exp(point) @ way, rel=1e-9)
        assert three.value == pytest.approx(3 * one.value, rel=1e-8)

    def test_a_kink_is_flagged(self):
        assert gradient.along(lambda x: 1 + np.abs(x).sum(), np.zeros(3), np.ones(3)).kink

    @pytest.mark.parametrize("direction", [np.ones(4), [np.ones(3)], {"x": np.ones(3)}])
    def test_a_direction_of_another_form_is_refused(self, direction):
        with pytest.raises(ValueError, match="same structure and the same shapes"):
            gradient.along(np.sum, np.zeros(3), direction)

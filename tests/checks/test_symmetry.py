"""The properties: which functions have them, which earn nothing, and what a failure says."""

import contextlib

import numpy as np
import pytest

from grader import symmetry
from grader.checks.record import recording
from grader.evidence import CheckFailure

X = np.random.default_rng(1).normal(size=(2, 3, 6, 7))
W = np.random.default_rng(2).normal(size=(4, 3, 3, 3))
SEQUENCE = np.random.default_rng(3).normal(size=(2, 8, 5))
TIME = np.arange(8)
SHIFT = {
    "change": lambda x, w: (np.roll(x, 2, axis=3), w),
    "response": lambda y: np.roll(y, 2, axis=3),
    "named": "a shift by two columns",
    "returns": ("y",),
}
MIRRORED = {"change": lambda x: (x[::-1],), "named": "the reversal of the samples"}


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def failure_of(check, *args, **options):
    with pytest.raises(CheckFailure) as caught:
        check(*args, **options)
    return caught.value


def windows(padded, w, shape):
    out = np.zeros((len(padded), len(w), *shape), dtype=padded.dtype)
    for i, j in np.ndindex(3, 3):
        out += np.einsum("nchw,fc->nfhw", padded[:, :, i : i + shape[0], j : j + shape[1]], w[:, :, i, j])
    return out


def periodic(x, w):
    return windows(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="wrap"), w, x.shape[2:])


def padded_with_zeros(x, w):
    return windows(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), w, x.shape[2:])


def by_fourier(x, w):
    kernel = np.zeros((*w.shape[:2], *x.shape[2:]))
    for i, j in np.ndindex(3, 3):
        kernel[:, :, 1 - i, 1 - j] = w[:, :, i, j]
    product = np.einsum("nchw,fchw->nfhw", np.fft.fft2(x), np.fft.fft2(kernel))
    return np.fft.ifft2(product).real


def attention(x, mask):
    scores = np.where(mask, x @ x.transpose(0, 2, 1), -1e9)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ x


class Proxy:
    """A student's function that counts its calls and knows what is kept."""

    def __init__(self, function, name="layer_forward"):
        self.function, self.name, self.calls, self.kept = function, name, 0, ()

    def keeping(self, *positions):
        self.kept = positions
        return self

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.function(*args, **kwargs)


class TestEquivariant:
    @pytest.mark.parametrize("function", [periodic, by_fourier])
    def test_a_right_function_passes_in_four_calls(self, function):
        student = Proxy(function)
        symmetry.equivariant(student, X, W, **SHIFT)
        assert student.calls == 4

    def test_the_message_names_the_first_wrong_entry_and_the_columns(self):
        failure = failure_of(symmetry.equivariant, padded_with_zeros, X, W, **SHIFT)
        got = padded_with_zeros(np.roll(X, 2, axis=3), W)[0, 0, 0, 0]
        want = np.roll(padded_with_zeros(X, W), 2, axis=3)[0, 0, 0, 0]
        opening = (
            f"padded_with_zeros: under a shift by two columns: y[0, 0, 0, 0] is {got:.10g} where {want:.10g} is due "
        )
        assert failure.message.startswith(opening)
        assert failure.message.endswith("; 192 of 336 entries differ, all at 0, 1, 2, 6 of axis 3.")
        assert failure.hint == "`y` does not follow a shift by two columns."
        assert failure.evidence[0].where == "[0, 0, 0, 0]"

    def test_a_permutation_of_several_results(self):
        order = np.array([2, 0, 1, 4, 3, 7, 6, 5])

        def both(x, scale):
            return attention(x, np.ones((8, 8), dtype=bool)), scale * x.sum(axis=2), "cache"

        options = {
            "change": lambda x: (x[:, order],),
            "response": lambda parts: tuple(part[:, order] for part in parts),
            "named": "a permutation of the tokens",
            "returns": ("out", "total", None),
            "scale": 2.0,
        }
        student = Proxy(both)
        symmetry.equivariant(student, SEQUENCE, **options)
        assert student.kept == (2,)
        failure = failure_of(
            symmetry.equivariant, lambda x, scale: (x, (x + np.arange(8)[:, None])[..., 0], None), SEQUENCE, **options
        )
        assert failure.hint == "`total` does not follow a permutation of the tokens."

    @pytest.mark.parametrize("constant", [0.0, 3.0])
    def test_a_constant_earns_nothing(self, constant):
        student = Proxy(lambda x, w: np.full((2, 4, 6, 7), constant))
        failure = failure_of(symmetry.equivariant, student, X, W, **SHIFT)
        assert failure.hint == "`layer_forward` returns the same whatever its input: it does not use it."

    def test_a_function_of_the_other_arguments_alone_earns_nothing(self):
        failure = failure_of(symmetry.equivariant, lambda x, w: np.full((2, 4, 6, 7), w.sum()), X, W, **SHIFT)
        assert "does not use it" in failure.hint

    def test_noise_is_called_noise(self, rng):
        failure = failure_of(
            symmetry.equivariant, lambda x, w: periodic(x, w) + rng.normal(0, 0.01, (2, 4, 6, 7)), X, W, **SHIFT
        )
        assert "returned different results for the same input" in failure.message

    @pytest.mark.parametrize(
        ("result", "hint"),
        [
            (None, "`y` is not an array of floats."),
            ([1.0, 2.0], "`y` is not an array of floats."),
            (2.5, "`y` has a shape to which a shift by two columns cannot be applied."),
            (np.full((2, 4, 6, 7), np.nan), "`y` is not finite."),
        ],
    )
    def test_results_of_a_wrong_form_are_named(self, result, hint):
        assert failure_of(symmetry.equivariant, lambda x, w: result, X, W, **SHIFT).hint == hint

    def test_a_shape_that_depends_on_the_arrangement_is_named(self):
        failure = failure_of(
            symmetry.equivariant, lambda x, w: x[..., : 3 + int(x[0, 0, 0, 0] != X[0, 0, 0, 0])], X, W, **SHIFT
        )
        assert failure.hint == "`y` has the wrong length along axis 3."

    def test_the_checks_own_mistakes_are_no_failures(self):
        with pytest.raises(ValueError, match="change must return a tuple of 2 arguments"):
            symmetry.equivariant(periodic, X, W, **{**SHIFT, "change": lambda x, w: x})
        with pytest.raises(ValueError, match="change left all arguments as they were"):
            symmetry.equivariant(periodic, X, W, **{**SHIFT, "change": lambda x, w: (x, w)})
        with pytest.raises(ValueError, match="response must return 1 arrays"):
            symmetry.equivariant(periodic, X, W, **{**SHIFT, "response": lambda y: None})
        with pytest.raises(ValueError, match="returns must name a result"):
            symmetry.equivariant(periodic, X, W, **{**SHIFT, "returns": (None,)})


class TestInvariant:
    def test_a_sum_does_not_mind_the_order(self):
        symmetry.invariant(lambda x: x.sum(axis=0), X, **MIRRORED)
        symmetry.invariant(lambda x: float(x.sum()), X, **MIRRORED)

    def test_a_function_of_one_sample_is_named(self):
        failure = failure_of(symmetry.invariant, lambda x: float(x[0].sum()), X, **MIRRORED)
        due = float(X[0].sum())
        assert failure.message.startswith(
            f"the function: under the reversal of the samples: result is {float(X[1].sum()):.10g} where {due:.10g} is due"
        )
        assert failure.hint == "`result` changes under the reversal of the samples, and must not."

    def test_a_constant_earns_nothing(self):
        assert "does not use it" in failure_of(symmetry.invariant, lambda x: 1.0, X, **MIRRORED).hint

    def test_integer_results_need_not_move(self):
        symmetry.invariant(lambda x: x.sum(axis=(0, 2, 3)).argsort(), X, **MIRRORED)

    def test_a_function_that_changes_its_arguments_does_no_harm(self):
        def in_place(x):
            x += 1
            return x.sum(axis=0)

        symmetry.invariant(in_place, X, **MIRRORED)

    def test_students_of_hidden_checks_read_no_number(self):
        failure = failure_of(symmetry.invariant, lambda x: x[0], X, **MIRRORED)
        assert not any(character.isdigit() for character in failure.hint)


class TestLinear:
    def test_a_matrix_passes_in_four_calls(self, rng):
        student = Proxy(lambda x: x @ W[0, 0])
        symmetry.linear(student, X[..., :3], rng=rng)
        assert student.calls == 4

    def test_numbers_and_pairs_of_arguments(self, rng):
        symmetry.linear(lambda t: 3 * t, 2.0, rng=rng)
        symmetry.linear(lambda x, w: x.sum() - w.sum(), X, W, rng=rng, positions=(0, 1))
        assert (
            "additive" in failure_of(symmetry.linear, lambda t, s: t * t / s, 2.0, 3.0, rng=rng, positions=(0, 1)).hint
        )

    @pytest.mark.parametrize(
        ("function", "law", "hint"),
        [
            (
                lambda x: x + 1,
                "f(0) is not 0: f(-1.5 u + 0.5 v) is not -1.5 f(u) + 0.5 f(v): y[",
                "is affine, not linear: it is not 0 where the input is 0.",
            ),
            (lambda x: np.maximum(x, 0), "f(-1.5 u) is not -1.5 f(u): y[", "does not scale with the input."),
            (lambda x: x * np.abs(x).max(), "f(-1.5 u) is not -1.5 f(u): y[", "does not scale with the input."),
            (lambda x: x**3 / (x * x).sum(), "f(u + v) is not f(u) + f(v): y[", "is not additive in the input."),
        ],
    )
    def test_the_law_that_fails_is_named(self, function, law, hint, rng):
        failure = failure_of(symmetry.linear, function, X, rng=rng, returns=("y",))
        assert failure.message.startswith(f"the function: {law}")
        assert failure.hint == f"`y` {hint}"

    def test_zero_earns_nothing(self, rng):
        assert "does not use it" in failure_of(symmetry.linear, np.zeros_like, X, rng=rng).hint

    def test_integers_are_refused(self, rng):
        with pytest.raises(ValueError, match="no float argument at position 0"):
            symmetry.linear(np.sum, TIME, rng=rng)


def ratio(check, *args, **options):
    with recording() as record, contextlib.suppress(CheckFailure):
        check(*args, **options)
    return max(measurement.ratio for measurement in record.measurements)


class TestSeparation:
    """Right functions stay far below the threshold, wrong ones far above, in both precisions."""

    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_equivariance(self, dtype):
        x, w = X.astype(dtype), W.astype(dtype)
        for right in (periodic, by_fourier):
            assert ratio(symmetry.equivariant, right, x, w, **SHIFT) < 0.05
        assert ratio(symmetry.equivariant, padded_with_zeros, x, w, **SHIFT) > 100

    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_linearity(self, dtype, rng):
        x, w = X.astype(dtype), W.astype(dtype)
        assert ratio(symmetry.linear, lambda x: periodic(x, w), x, rng=rng) < 0.05
        assert ratio(symmetry.linear, lambda x: periodic(x, w) + dtype(0.1), x, rng=rng) > 100

    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_a_result_that_cancels_is_granted_the_rounding_of_its_arguments(self, dtype):
        def mean_of_centred(x):
            return (x - x.mean(axis=0)).mean(axis=0)

        assert ratio(symmetry.invariant, mean_of_centred, X.astype(dtype), **MIRRORED) < 0.2

    def test_one_number_in_which_small_moves_are_lost_is_no_constant(self):
        # 2^20 and a bit in float32: moves by 1e-6 are below the last digit
        symmetry.invariant(lambda x: np.float32(2**20) + x.sum(), X[:, 0].astype(np.float32), **MIRRORED)

    @pytest.mark.parametrize("size", [1e-3, 1e-1])
    def test_noise_and_jumps_earn_no_tolerance(self, size, rng):
        noisy = failure_of(symmetry.invariant, lambda x: x.sum() + rng.normal(0, size * 10), X, **MIRRORED)
        assert noisy.evidence[0].allowed < 1e-2
        # the last digit of the input decides
        jumpy = failure_of(
            symmetry.invariant, lambda x: x.sum() + size * (x.view(np.int64)[0].sum() % 7), X, **MIRRORED
        )
        assert jumpy.evidence[0].allowed < 1e-2


def test_a_submission_behind_the_wall_is_judged_like_any_function(submit, rng):
    student = submit("import numpy as np\ndef running_mean(x):\n    return np.cumsum(x, axis=1) / x.shape[1], object()")
    options = {"returns": ("mean", None)}
    symmetry.linear(student.running_mean, SEQUENCE, rng=rng, **options)
    symmetry.causal(student.running_mean, SEQUENCE, rng=rng, **options)
    failure = failure_of(symmetry.invariant, student.running_mean, SEQUENCE, **MIRRORED, **options)
    assert failure.message.startswith("running_mean: under the reversal of the samples: mean[0, 0, 0] is ")

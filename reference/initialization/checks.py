"""Hidden checks of the assignment: tests of random weights with a stated level, and values against the definition.

Every check has a level of at most 1e-6, shared out among its decisions. Some forty are random, so a right answer fails
any of them with a chance of at most 1e-4. Lengths are all different, and their ratio is none of the factors (2, 3, 4)
that other slips bring.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from math import comb, lgamma, log
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from grader import CheckFailure, exercise, expect, statistics, value
from grader.checks.calling import name_of, results
from grader.checks.statistics import LEVEL, Normal, Uniform
from grader.checks.statistics.chances import sample_of

Array = npt.NDArray[np.float64]
Function = Callable[..., Any]


# --- gaussian ---------------------------------------------------------------------------------------------------------

FAN_IN, FAN_OUT = 300, 120
"""36,000 weights, four times what a power of 1 - 1e-6 asks for: ``samples_for(distance=0.057)``, a uniform distribution
in the place of a normal one, says 8,932. Then the p-value of the wrong answer nearest to a right one, He with the mean
of both fans (a variance off by 1.43), is about the tenth power of the level in each of these checks."""


def laws(fan_in: int, fan_out: int) -> dict[str, Normal | Uniform]:
    """Return what is due in a layer, by initialiser, with its mode where that is not the default."""
    bound, torch_bound = np.sqrt(6 / (fan_in + fan_out)), 1 / np.sqrt(fan_in)
    return {
        "lecun_normal": Normal(variance=1 / fan_in),
        "xavier_normal": Normal(variance=2 / (fan_in + fan_out)),
        "xavier_uniform": Uniform(low=-bound, high=bound),
        "he_normal": Normal(variance=2 / fan_in),
        "he_normal(fan_out)": Normal(variance=2 / fan_out),
        "torch_default": Uniform(low=-torch_bound, high=torch_bound),
    }


LAWS = laws(FAN_IN, FAN_OUT)

INSTEAD: dict[str, dict[str, float]] = {
    "lecun_normal": {
        "divide by fan_in, the inputs of a neuron, and not by fan_out": 1 / FAN_OUT,
        "divide by fan_in alone: the compromise of both fans is Xavier's": 2 / (FAN_IN + FAN_OUT),
    },
    "xavier_normal": {
        "divide 2 by the sum of both fans, not by one of them": 2 / FAN_IN,
        "use both fans, not fan_in alone": 1 / FAN_IN,
        "add the two fans: their mean is not the geometric one": 1 / np.sqrt(FAN_IN * FAN_OUT),
    },
    "xavier_uniform": {
        "divide 6 by the sum of both fans, not by one of them": 2 / FAN_IN,
        "use both fans, not fan_in alone": 1 / FAN_IN,
        "add the two fans: their mean is not the geometric one": 1 / np.sqrt(FAN_IN * FAN_OUT),
    },
    "he_normal": {
        "divide by fan_in in the mode fan_in, and not by fan_out": 2 / FAN_OUT,
        "divide by one fan, as the mode says, not by the sum of both": 2 / (FAN_IN + FAN_OUT),
    },
    "he_normal(fan_out)": {
        "divide by fan_out in the mode fan_out, and not by fan_in": 2 / FAN_IN,
        "divide by one fan, as the mode says, not by the sum of both": 2 / (FAN_IN + FAN_OUT),
    },
    "torch_default": {
        "divide by fan_in, the inputs of a neuron, and not by fan_out": 1 / (3 * FAN_OUT),
        "the bound is 1 / sqrt(fan_in), without a factor 3 or 6: torch's variance is a third of LeCun's": 1 / FAN_IN,
    },
}
"""What other variances mean."""

ALL = pytest.mark.parametrize("name", LAWS, ids=[name.replace("(", ", ").rstrip(")") for name in LAWS])


def initialiser(student: Any, name: str) -> Function:
    """Return an initialiser of (fan_in, fan_out, rng)."""
    function: Function = getattr(student, name.partition("(")[0])
    if "(" not in name:
        return function

    def he_normal(fan_in: int, fan_out: int, rng: Any) -> Any:
        return function(fan_in, fan_out, rng, "fan_out")

    return he_normal


def weights(student: Any, name: str, rng: Any) -> Array:
    """Draw the weights of one layer, and refuse what is none: of a few numbers no test could say anything."""
    S = sample_of(initialiser(student, name)(FAN_IN, FAN_OUT, rng), f"S of {name}", (FAN_IN, FAN_OUT))
    # before anything is said about their law: of neurons that are drawn once and repeated it comes out wrong as well
    statistics.never_repeats(S.T, name=f"S of {name}")
    return S


@exercise("gaussian", weight=2)
@ALL
def check_weights_have_the_right_variance(student: Any, rng: Any, name: str) -> None:
    """The weights have the right mean and variance."""
    S = weights(student, name, rng)
    # the variance first: around the mean that is due, where it is wrong the mean may be far off for that reason alone
    statistics.has_variance(S, LAWS[name], name=f"S of {name}", instead=INSTEAD[name], level=LEVEL / 2)
    statistics.has_mean(S, LAWS[name], name=f"S of {name}", level=LEVEL / 2)


@exercise("gaussian")
@ALL
def check_weights_follow_the_right_distribution(student: Any, rng: Any, name: str) -> None:
    """The weights follow the right distribution."""
    statistics.follows(weights(student, name, rng), LAWS[name], name=f"S of {name}")


@exercise("gaussian")
@ALL
def check_weights_are_independent(student: Any, rng: Any, name: str) -> None:
    """The weights are independent, within a layer and between layers."""
    S = weights(student, name, rng)
    statistics.independent(S, LAWS[name], name=f"S of {name}", level=LEVEL / 2)
    other = weights(student, name, rng)
    statistics.uncorrelated(S, other, LAWS[name], name=f"S of two layers of {name}", level=LEVEL / 2)


NARROW, LAYERS = (1, 2), 500
"""1,000 weights, twice what a factor 2 in the variance asks for; their law shows what is the same in wide layers: which
fan is the larger one, and a scale taken from the numbers themselves."""


@exercise("gaussian")
@ALL
def check_many_narrow_layers(student: Any, rng: Any, name: str) -> None:
    """Layers of one input and two outputs follow the same law, and none comes twice."""
    what, law = f"S of {name} for narrow layers", laws(*NARROW)[name]
    S = np.array([sample_of(initialiser(student, name)(*NARROW, rng), what, NARROW) for _ in range(LAYERS)])
    statistics.never_repeats(S, name=what)
    # the usual guesses (a gain, a root) would mislead: what is wrong in general, the checks of one wide layer say
    hint = f"`{what}` has the wrong {{}}: take the fans as they are, also where fan_out is the larger one"
    hint += ", and leave the numbers as they are drawn, neither centred nor rescaled."
    statistics.has_variance(S, law, name=what, hint=hint.format("variance"), level=LEVEL / 2)
    statistics.follows(S, law, name=what, hint=hint.format("distribution"), level=LEVEL / 2)


@exercise("gaussian")
def check_mode_of_he_comes_from_rng(student: Any, rng: Any) -> None:
    """With mode="fan_out" too, weights are drawn from rng and from nothing else."""

    def he_normal(fan_in: int, fan_out: int, rng: Any) -> Any:
        return student.he_normal(fan_in, fan_out, rng, mode="fan_out")

    statistics.draws_only_from(he_normal, 6, 4, rng=rng, name="S")


@exercise("gaussian")
def check_narrow_layers(student: Any, rng: Any) -> None:
    """Layers with one input or one output work."""
    for name in LAWS:
        for shape in ((1, 7), (7, 1), (1, 1)):
            sample_of(initialiser(student, name)(*shape, rng), f"S of {name}", shape)


@exercise("gaussian", weight=2)
def check_conv_fans_follow_the_definition(student: Any, reference: Any) -> None:
    """The fans of a convolution are right, for one, two and three spatial axes."""
    for shape in ((5, 7, 3), (5, 7, 2, 4), (8, 3, 1, 1), (2, 3, 2, 3, 5)):
        value.agrees(student.conv_fans, reference.conv_fans, np.zeros(shape), returns=("fan_in", "fan_out"))


# --- orthogonal -------------------------------------------------------------------------------------------------------

DRAWS = 400
"""Matrices of 3 x 3: a sign that is always the same is off by 1/2, for which ``samples_for(distance=1/2)``, at a tenth
of the level, asks for 125."""

LONG, LONG_DRAWS = 50, 190
"""With three columns 28,500 numbers: three times as many as a uniform in the place of a normal asks for. Not longer:
who cuts the columns out of a square matrix, which is right, factors one of 50 x 50 each time, and larger ones are
shared out among threads, which wait for each other on a busy machine."""


HAAR = (
    "Q prefers some directions: it is not Haar distributed. Look at the numbers that you start from, and at the signs."
)


def by(shape: object) -> str:
    """Write a shape as it is read, ``40 by 3``."""
    return " by ".join(map(str, shape)) if isinstance(shape, tuple) else str(shape)


@exercise("orthogonal")
@pytest.mark.parametrize("shape", [(40, 40), (50, 3), (3, 50), (1, 5), (5, 1), (1, 1)], ids=by)
def check_matrix_is_orthonormal_in_every_shape(student: Any, rng: Any, shape: tuple[int, int]) -> None:
    """Columns are orthonormal, or rows where there are fewer of them."""
    Q = student.orthogonal(*shape, rng)
    expect(Q, "Q").has_shape(shape)
    product, what = (Q.T @ Q, "Q^T Q") if shape[0] >= shape[1] else (Q @ Q.T, "Q Q^T")
    expect(product, what).close_to(np.eye(min(shape)))


@exercise("orthogonal", weight=2)
@pytest.mark.parametrize("shape", [(3, 3), (3, 2), (2, 3)], ids=by)
def check_entries_of_small_matrices(student: Any, rng: Any, shape: tuple[int, int]) -> None:
    """No direction is preferred: neither by an entry, nor by the second column as seen from the first."""
    # The first two coordinates aside, a coordinate of a random point of the sphere is uniform (Archimedes), and each
    # column of a Haar matrix, and each row, is such a point. In three dimensions that decides about all nine entries.
    matrices = np.array([sample_of(student.orthogonal(*shape, rng), "Q", shape) for _ in range(DRAWS)])
    level = LEVEL / (matrices[0].size + 1)
    for i, j in np.ndindex(shape):
        law = Uniform(low=-1.0, high=1.0)
        statistics.follows(matrices[:, i, j], law, name=f"Q[{i}, {j}]", hint=HAAR, level=level)
    # Given the first column the second is uniform on a circle, so its angle is, from any zero that the first one sets:
    # here one that turns round with its sign, which shows signs that two columns share. (Rows, where they are fewer.)
    columns = matrices if shape[0] >= shape[1] else matrices.transpose(0, 2, 1)
    first, second = columns[:, :, 0], columns[:, :, 1]
    zero = (np.array([0.0, 1.0, 0.0]) - first[:, 1:2] * first) * np.sign(first[:, :1])  # orthogonal to the first
    quarter = np.cross(first, zero)  # as long as zero
    angle = np.arctan2((second * quarter).sum(axis=1), (second * zero).sum(axis=1))
    law = Uniform(low=-np.pi, high=np.pi)
    statistics.follows(angle, law, name="angle of the second column around the first", hint=HAAR, level=level)


@exercise("orthogonal")
@pytest.mark.parametrize("shape", [(LONG, 3), (3, LONG)], ids=by)
def check_long_matrices_are_haar(student: Any, rng: Any, shape: tuple[int, int]) -> None:
    """Long matrices prefer no direction either."""
    # A normal matrix is a Haar matrix times an independent triangular one. So the check draws triangular factors of its
    # own; the products have independent standard normal entries, exactly, if and only if the matrices are Haar.
    products = []
    for _ in range(LONG_DRAWS):
        Q = sample_of(student.orthogonal(*shape, rng), "Q", shape)
        other = rng.normal(size=(LONG, 3))
        R = np.linalg.cholesky(other.T @ other).T  # (3, 3), upper triangular with a positive diagonal
        products.append((Q if shape[0] > shape[1] else Q.T) @ R)
    product, name = np.vstack(products), "Q times a random triangular matrix"
    statistics.follows(product, Normal(variance=1.0), name=name, hint=HAAR, level=LEVEL / 2)
    statistics.independent(product, Normal(variance=1.0), name=name, hint=HAAR, level=LEVEL / 2)


# --- propagation ------------------------------------------------------------------------------------------------------

DEPTH = 50


def softplus(z: Array) -> Array:
    """log(1 + exp z): smooth, and of a mean that is not 0, so that variance and mean square differ."""
    return np.logaddexp(0, z)


def softplus_derivative(z: Array) -> Array:
    """Derivative of softplus, the sigmoid."""
    return 1 / (1 + np.exp(-z))


def relu(z: Array) -> Array:
    """max(0, z)."""
    return np.maximum(z, 0)


def step(z: Array) -> npt.NDArray[np.bool_]:
    """Derivative of relu as the handout writes it, in booleans; inputs at 0 do not occur."""
    return z > 0


def layers(rng: Any, widths: list[int], gain: float = 1.0) -> list[Array]:
    """Draw normal weights of variance gain / fan_in."""
    return [rng.normal(0.0, np.sqrt(gain / fan_in), size=(fan_in, fan_out)) for fan_in, fan_out in pairwise(widths)]


def refuse_not_positive(found: Any, what: str) -> None:
    """Refuse a variance that has no logarithm, and say so of the variance."""
    expect(found, what).is_finite()
    if np.any(np.asarray(found) <= 0):
        raise CheckFailure(f"{what}: one of them is 0 or negative.", hint=f"A variance is 0 or negative ({what}).")


def logarithms(function: Function, what: str) -> Function:
    """Return the function with the logarithms of its results: so a layer deep down counts as much as the first."""

    def log_variances(*arguments: Any) -> Any:
        found = function(*arguments)
        if not (isinstance(found, np.ndarray) and found.dtype.kind == "f"):
            return found
        refuse_not_positive(found, what)
        return np.log(found)

    log_variances.__name__ = name_of(function)
    return log_variances


NETWORKS = pytest.mark.parametrize(
    ("N", "widths"),
    [(6, [4, 7, 5, 3]), (1, [5, 4, 6]), (7, [3, 5])],
    ids=["three layers", "one sample", "one layer"],
)


@exercise("propagation")
@NETWORKS
def check_forward_variances_follow_the_definition(
    student: Any, reference: Any, rng: Any, N: int, widths: list[int]
) -> None:
    """The variances of the pre-activations are right."""
    arguments = layers(rng, widths), rng.normal(size=(N, widths[0])), softplus
    value.agrees(student.forward_variances, reference.forward_variances, *arguments, returns=("variances",))


@exercise("propagation")
@NETWORKS
def check_backward_variances_follow_the_definition(
    student: Any, reference: Any, rng: Any, N: int, widths: list[int]
) -> None:
    """The variances of the gradients are right."""
    arguments = layers(rng, widths), rng.normal(size=(N, widths[0])), rng.normal(size=(N, widths[-1]))
    functions = student.backward_variances, reference.backward_variances
    value.agrees(*functions, *arguments, softplus, softplus_derivative, returns=("variances",))


@exercise("propagation")
def check_variances_through_fifty_layers(student: Any, reference: Any, rng: Any) -> None:
    """The variances through fifty ReLU layers are right, forward and backward, where they fall by 2^50."""
    # 31 units: that one layer of the fifty is silent altogether has a chance below 1e-7
    weights, x = layers(rng, [20, *[31] * DEPTH]), rng.normal(size=(9, 20))
    forward, backward = (weights, x, relu), (weights, x, rng.normal(size=(9, 31)), relu, step)
    for name, arguments in (("forward", forward), ("backward", backward)):
        what = f"{name} variances"
        function, due = (logarithms(getattr(by, f"{name}_variances"), what) for by in (student, reference))
        value.agrees(function, due, *arguments, returns=(f"log of the {what}",))


@exercise("propagation")
def check_prediction_follows_the_definition(student: Any, reference: Any) -> None:
    """The theory's variances are right: constant for He, halved for LeCun, growing above."""
    what = "predicted variances"
    function, due = (logarithms(by.predicted_variance, what) for by in (student, reference))
    for sigma2, n, depth in ((2 / 40, 40, DEPTH), (1 / 40, 40, DEPTH), (0.3, 12, 9), (0.7, 5, 1)):
        value.agrees(function, due, sigma2, n, depth, returns=(f"log of the {what}",))


WIDTH = 128
FEWEST_ACTIVE = 20
"""Of 128 hidden units fewer are active in one of 49 layers with a chance below 1e-13."""


def log_moment_of_chi_square(k: int, t: float) -> float:
    """Logarithm of the mean of (chi square with k degrees of freedom)^t, for t above -k/2."""
    return t * log(2) + lgamma(k / 2 + t) - lgamma(k / 2)


def log_moment(t: float) -> float:
    """Logarithm of the mean of (measured by predicted variance)^t after all layers, for one sample and normal weights.

    A layer multiplies the squared length of a sample by independent factors: sums of squares of the active units, whose
    number is binomial. The input brings a chi square, and so does the last layer, with one degree less for its mean.
    """
    active = range(FEWEST_ACTIVE, WIDTH + 1)
    layer = [log(comb(WIDTH, k)) - WIDTH * log(2) + log_moment_of_chi_square(k, t) for k in active]
    hidden = float(np.logaddexp.reduce(layer)) + t * log(2 / WIDTH)
    ends = log_moment_of_chi_square(WIDTH, t) + log_moment_of_chi_square(WIDTH - 1, t) - 2 * t * log(WIDTH)
    return (DEPTH - 1) * hidden + ends


@lru_cache(maxsize=2)
def largest_drift(direction: int) -> float:
    """Return how far the log of measured by predicted variance goes up (1) or down (-1), but for half of the level.

    Chernoff's inequality: exceeding it has a chance of at most exp(log_moment(t) - |t| * drift), whatever t.
    """
    return min((log_moment(direction * t) - log(LEVEL / 2)) / t for t in np.arange(0.25, FEWEST_ACTIVE / 2, 0.25))


@exercise("propagation")
@pytest.mark.parametrize(("name", "gain"), [("He", 2.0), ("LeCun", 1.0), ("large", 5.0)], ids=["He", "LeCun", "large"])
def check_measured_variances_follow_the_prediction(student: Any, rng: Any, name: str, gain: float) -> None:
    """Through fifty ReLU layers, the variances that you measure follow those that you predict."""
    weights = layers(rng, [WIDTH] * (DEPTH + 1), gain)
    measured = student.forward_variances(weights, rng.normal(size=(1, WIDTH)), relu)
    predicted = student.predicted_variance(gain / WIDTH, WIDTH, DEPTH)
    for found, what in ((measured, "measured variances"), (predicted, "predicted variances")):
        expect(found, what).has_shape((DEPTH,))
        refuse_not_positive(found, what)
    drift = float(np.log(measured[-1]) - np.log(predicted[-1]))
    what = f"log of measured by predicted variance ({name})"
    expect(drift, what).at_most(largest_drift(1)).at_least(-largest_drift(-1))


# --- symmetry ---------------------------------------------------------------------------------------------------------


def two_layers(rng: Any) -> tuple[Array, Array]:
    """Draw a network from four inputs over seven hidden units to three outputs."""
    return rng.normal(size=(4, 7)), rng.normal(size=(7, 3))


def data(rng: Any, N: int = 6) -> tuple[Array, Array]:
    """Draw samples and targets for it."""
    return rng.normal(size=(N, 4)), rng.normal(size=(N, 3))


def trained(returned: Any) -> tuple[Any, ...]:
    """Take what train returned apart."""
    return results(returned, ("S1", "S2"), of="train")


@exercise("symmetry")
def check_rescale_follows_the_definition(student: Any, reference: Any, rng: Any) -> None:
    """Rescaled weights are right for factors above and below 1."""
    S1, S2 = two_layers(rng)
    for alpha in (0.3, 4.0):
        value.agrees(student.rescale, reference.rescale, S1, S2, alpha, returns=("S1", "S2"))


@exercise("symmetry")
def check_permute_follows_the_definition(student: Any, reference: Any, rng: Any) -> None:
    """Permuted weights are right for a permutation that is not its own inverse."""
    cycle = rng.permutation(7)
    pi = np.empty(7, dtype=np.int64)
    pi[cycle] = np.roll(cycle, 1)  # a cycle through all seven
    for S1, S2 in (two_layers(rng), rng.normal(size=(2, 7, 7))):
        value.agrees(student.permute, reference.permute, S1, S2, pi, returns=("S1", "S2"))


@exercise("symmetry", weight=2)
@pytest.mark.parametrize(("N", "steps"), [(6, 5), (1, 2), (4, 0)], ids=["a batch", "one sample", "no step"])
def check_train_follows_the_definition(student: Any, reference: Any, rng: Any, N: int, steps: int) -> None:
    """Gradient descent ends at the right weights."""
    arguments = *two_layers(rng), *data(rng, N), 0.2, steps
    value.agrees(student.train, reference.train, *arguments, returns=("S1", "S2"))


@exercise("symmetry")
def check_symmetric_starts(student: Any, reference: Any, rng: Any) -> None:
    """Hidden units that start equal stay equal while they learn, and from all zeros nothing moves."""
    x, y = data(rng)
    first, second = np.repeat(rng.normal(size=(4, 1)), 7, axis=1), np.repeat(rng.normal(size=(1, 3)), 7, axis=0)
    value.agrees(student.train, reference.train, first, second, x, y, 0.1, 20, returns=("S1", "S2"))
    zeros = np.zeros((4, 7)), np.zeros((7, 3))
    for S, name, start in zip(trained(student.train(*zeros, x, y, 0.5, 20)), ("S1", "S2"), zeros, strict=True):
        expect(S, f"{name} from zeros").has_shape(start.shape).is_finite()
        if np.any(S):  # tanh(0) and all products with 0 are 0 exactly: whatever moved was added
            raise CheckFailure(f"{name} moved from zeros.", hint="From all zeros nothing may move: add no noise.")
    # but one layer of zeros learns
    arguments = rng.normal(size=(4, 7)), zeros[1], x, y, 0.2, 3
    value.agrees(student.train, reference.train, *arguments, returns=("S1", "S2"))


@exercise("symmetry")
def check_training_commutes_with_permutations(student: Any, reference: Any, rng: Any) -> None:
    """Training a permuted network permutes the trained one."""
    first, second = two_layers(rng)
    x, y = data(rng)
    pi = rng.permutation(7)
    due1, due2 = reference.train(first, second, x, y, 0.2, 4)
    S1, S2 = trained(student.train(first[:, pi], second[pi], x, y, 0.2, 4))
    expect(S1, "S1 of the permuted network").close_to(due1[:, pi])
    expect(S2, "S2 of the permuted network").close_to(due2[pi])

"""What is special of ``cnn``: the reference against torch and against theory, bad input, and odd modules.

Everything that holds for any assignment is in ``test_assignments.py``.
"""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional

from grader.checks.statistics import LEVEL, tails
from grader.course import Course
from grader.engine.checks import with_checks
from grader.engine.plain import PlainStudent, module_of
from grader.evidence import CheckFailure
from tests.reference.conftest import ROOT

ASSIGNMENT = Course(ROOT).assignment("cnn")
SOLUTION = (ROOT / "reference/cnn/cnn.py").read_text(encoding="utf-8")
cnn = module_of(SOLUTION, "submission")


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def tensors(*arrays):
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other.detach().numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("setting", list(product((1, 2, 3), (0, 1, 3), (1, 2, 3))), ids=str)
def test_conv2d_is_that_of_torch(rng, setting):
    x, w, b = rng.normal(size=(2, 3, 9, 8)), rng.normal(size=(4, 3, 2, 3)), rng.normal(size=4)
    arguments = tensors(x, w, b)
    due = functional.conv2d(*arguments, *setting)
    y, cache = cnn.conv2d_forward(x, w, b, *setting)
    dy = rng.normal(size=y.shape)
    due.backward(torch.tensor(dy))
    same((y, *cnn.conv2d_backward(dy, cache)), (due, *(one.grad for one in arguments)))


def test_im2col_is_unfold_of_torch(rng):
    x = rng.normal(size=(2, 3, 7, 6))
    due = functional.unfold(torch.tensor(x), (2, 3), dilation=2, padding=1, stride=2)  # (N, C kh kw, H_out W_out)
    same([cnn.im2col(x, (2, 3), 2, 1, 2)], [due.transpose(1, 2).reshape(-1, 18)])


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("window", [(3, 2), (1, 4), (2, 2)], ids=str)
@pytest.mark.parametrize("stride", [1, 2, 3, 5])
def test_pooling_is_that_of_torch(rng, kind, window, stride):
    x = rng.normal(size=(2, 3, 8, 9))
    (argument,) = tensors(x)
    due = getattr(functional, f"{kind}_pool2d")(argument, window, stride)
    y, cache = getattr(cnn, f"{kind}_pool_forward")(x, window, stride)
    dy = rng.normal(size=y.shape)
    due.backward(torch.tensor(dy))
    same((y, getattr(cnn, f"{kind}_pool_backward")(dy, cache)), (due, argument.grad))


@pytest.mark.parametrize("shape", [(6, 3), (2, 3, 4, 5)], ids=["features", "images"])
def test_batch_norm_is_that_of_torch(rng, shape):
    x, a, b, mean, var = rng.normal(size=shape), *rng.normal(size=(3, 3)), rng.uniform(1, 2, size=3)
    name = "batch_norm" if len(shape) == 2 else "batch_norm2d"
    arguments = tensors(x, a, b)
    running = torch.tensor(mean), torch.tensor(var)
    due = functional.batch_norm(arguments[0], *running, *arguments[1:], training=True, momentum=0.2, eps=0.3)
    y, cache, *averages = getattr(cnn, f"{name}_forward")(x, a, b, mean, var, train=True, rho=0.8, eps=0.3)
    dy = rng.normal(size=shape)
    due.backward(torch.tensor(dy))
    gradients = getattr(cnn, f"{name}_backward")(dy, cache)
    same((y, *averages, *gradients), (due, *running, *(one.grad for one in arguments)))
    due = functional.batch_norm(arguments[0], *running, *arguments[1:], training=False, eps=0.3)
    same([getattr(cnn, f"{name}_forward")(x, a, b, *averages, train=False, eps=0.3)[0]], [due])


def test_layer_norm_is_that_of_torch(rng):
    x, a, b = rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=5)
    arguments = tensors(x, a, b)
    due = functional.layer_norm(arguments[0], (5,), *arguments[1:], eps=0.3)
    y, cache = cnn.layer_norm_forward(x, a, b, 0.3)
    dy = rng.normal(size=y.shape)
    due.backward(torch.tensor(dy))
    same((y, *cnn.layer_norm_backward(dy, cache)), (due, *(one.grad for one in arguments)))


def test_conv_block_is_made_of_the_functions_of_the_assignment(rng):
    x = rng.normal(size=(3, 2, 7, 6))
    block = cnn.ConvBlock(2, 4, momentum=0.2, eps=0.3).double()
    torch.nn.init.normal_(block.norm.weight)
    w, b, a, shift, mean, var, _ = (one.detach().numpy().copy() for one in block.state_dict().values())
    h, _ = cnn.conv2d_forward(x, w, b, padding=1)
    h, _, mean, var = cnn.batch_norm2d_forward(h, a, shift, mean, var, train=True, rho=0.8, eps=0.3)
    y, _ = cnn.max_pool_forward(np.maximum(h, 0), (2, 2), 2)
    same([y, mean, var], [block(torch.tensor(x)), block.norm.running_mean, block.norm.running_var])


LAYERS = [(3, 2, 1), (2, 1, 3), (5, 3, 2), (3, 1, 1)]


def test_the_receptive_field_is_how_many_pixels_get_a_gradient():
    for depth in range(len(LAYERS) + 1):
        image, caches = np.zeros((1, 1, 1, 120)), []
        for kernel, stride, dilation in LAYERS[:depth]:
            image, cache = cnn.conv2d_forward(image, np.ones((1, 1, 1, kernel)), np.zeros(1), stride, 0, dilation)
            caches.append(cache)
        gradient = np.zeros_like(image)
        gradient[..., 1] = 1
        for cache in reversed(caches):
            gradient, _, _ = cnn.conv2d_backward(gradient, cache)
        seen = np.flatnonzero(gradient)
        assert seen[-1] - seen[0] + 1 == cnn.receptive_field(LAYERS[:depth])


def test_the_toeplitz_matrix_of_a_convolution_is_the_product_of_those_of_its_parts(rng):
    v, w = rng.normal(size=3), rng.normal(size=4)
    np.testing.assert_allclose(cnn.toeplitz(w, 7) @ cnn.toeplitz(v, 5), cnn.toeplitz(cnn.convolve1d(v, w), 5))


def test_dropout_is_a_ridge_penalty_exactly_over_all_masks(rng):
    """N 7.14, with every mask of 2 x 3 entries and its probability."""
    p, (X, w, y) = 0.3, (rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=2))
    mean = 0.0
    for mask in product((0, 1), repeat=6):
        kept = np.reshape(mask, (2, 3))
        chance = (1 - p) ** kept.sum() * p ** (6 - kept.sum())
        mean += chance * ((y - (X * kept / (1 - p)) @ w) ** 2).sum()
    ridge = p / (1 - p) * (X**2).sum(axis=0) @ w**2
    assert mean == pytest.approx(((y - X @ w) ** 2).sum() + ridge)


@pytest.mark.parametrize(("n", "p"), [(60_000, 0.3), (64_000, 0.15), (60_000, 0.85)])
def test_the_level_of_the_mean_of_a_mask_holds_within_a_fifth(n, p):
    """What the check takes for the chance of so many kept entries, against the binomial law, on either side."""
    deviation, excess = np.sqrt(n * p * (1 - p)), (1 / (p * (1 - p)) - 6) / n
    for z in (-4.9, 4.9):
        claimed = tails.nearly_normal(z, skewness=0.0, excess=excess)
        kept = n * (1 - p) + z * deviation
        law = stats.binom(n, 1 - p)
        exact = law.cdf(kept) if z < 0 else law.sf(kept)
        assert claimed / 2 == pytest.approx(exact, rel=0.2)
        assert 0.5 * LEVEL < claimed < 2 * LEVEL


def four_loops(x, w, b):
    (N, _, H, W), (F, _, kh, kw) = x.shape, w.shape
    y = np.zeros((N, F, H - kh + 1, W - kw + 1))
    for n in range(N):
        for f in range(F):
            for i in range(H - kh + 1):
                for j in range(W - kw + 1):
                    y[n, f, i, j] = np.sum(x[n, :, i : i + kh, j : j + kw] * w[f]) + b[f]
    return y


def test_the_layer_is_the_sum_that_four_loops_take(rng):
    arguments = rng.normal(size=(8, 3, 32, 32)), rng.normal(size=(8, 3, 3, 3)), rng.normal(size=8)
    np.testing.assert_allclose(cnn.conv2d_forward(*arguments)[0], four_loops(*arguments))


X, W, B = np.ones((2, 3, 8, 7)), np.ones((4, 3, 5, 3)), np.ones(4)
BAD = {
    "channels last": (lambda: cnn.conv2d_forward(np.ones((2, 8, 7, 3)), W, B), r"axis 1 of x \(2, 8, 7, 3\).* takes 3"),
    "one image without its axis": (lambda: cnn.conv2d_forward(X[0], W, B), r"four axes, \(N, C, H, W\)"),
    "a kernel higher than the image": (
        lambda: cnn.conv2d_forward(X[:, :, :4], W, B),
        r"spans 5 .* axis 2 \(H\).*have 4",
    ),
    "a kernel wider than the image": (lambda: cnn.conv2d_forward(X[..., :2], W, B), r"spans 3 .* axis 3 \(W\).*have 2"),
    "a dilated kernel": (lambda: cnn.conv2d_forward(X, W, B, 1, 0, 2), r"spans 9 .* axis 2 \(H\)"),
    "an empty batch": (lambda: cnn.conv2d_forward(X[:0], W, B), r"axis 0 \(N\) of x .* is empty"),
    "no channels": (lambda: cnn.max_pool_forward(X[:, :0], (2, 2), 2), r"axis 1 \(C\) of x .* is empty"),
    "a bias of another length": (lambda: cnn.conv2d_forward(X, W, B[:3]), r"b \(3,\) must be .*\(F,\)"),
    "a stride of 0": (lambda: cnn.im2col(X, (2, 2), 0), "stride 0"),
    "a negative padding": (lambda: cnn.im2col(X, (2, 2), 1, -1), "padding must be at least 0, not -1"),
    "a window above the image": (lambda: cnn.avg_pool_forward(X, (2, 8), 1), r"spans 8 .* axis 3 \(W\)"),
    "an upstream gradient of another shape": (
        lambda: cnn.conv2d_backward(X, cnn.conv2d_forward(X, W, B)[1]),
        r"dy \(2, 3, 8, 7\) must have the shape of y, \(2, 4, 4, 5\)",
    ),
    "a batch of one": (
        lambda: cnn.batch_norm_forward(np.ones((1, 4)), B, B, B, B, train=True),
        r"axis 0 \(N\).*no variance",
    ),
    "features for images": (lambda: cnn.batch_norm2d_forward(np.ones((2, 4)), B, B, B, B, train=True), "four axes"),
    "a scale of another length": (lambda: cnn.layer_norm_forward(np.ones((2, 3)), B, B), r"a \(4,\)"),
    "p = 1": (lambda: cnn.dropout_forward(X, 1.0, np.random.default_rng(0), train=True), r"p must lie in \[0, 1\)"),
    "an even kernel": (lambda: cnn.ConvBlock(3, 4, kernel=2), "kernel must be odd, not 2"),
    "an empty signal": (lambda: cnn.convolve1d(B, B[:0]), "not empty"),
    "a stride of 0 in a stack": (lambda: cnn.receptive_field([(3, 0, 1)]), r"at least 1, not \(3, 0, 1\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_and_the_message_names_the_axis(case):
    call, words = BAD[case]
    with pytest.raises(ValueError, match=words):
        call()


def test_a_stride_above_the_kernel_skips_pixels(rng):
    x = rng.normal(size=(1, 1, 7, 5))
    y, _ = cnn.conv2d_forward(x, np.ones((1, 1, 1, 1)), np.zeros(1), stride=3)
    np.testing.assert_array_equal(y, x[:, :, ::3, ::3])


HEAD = """
class ConvBlock(ConvBlock):
    def forward(self, x):
        y = super().forward(x)
"""
MODULES = {
    "a tuple": ("return y, x", "shape|tensor"),
    "channels last": ("return y.permute(0, 2, 3, 1)", "shape"),
    "numpy": ("return y.detach().numpy()", "tensor"),
    "nothing": ("y", "Return the output"),
    "a tensor that asks for gradients and is not contiguous": (
        "return y.transpose(2, 3).contiguous().transpose(2, 3)",
        "",
    ),
    "prints": ("print(y)\n        return y", ""),
    "a leaf": ("return y.detach().requires_grad_()", "No gradient reaches"),
}
"""The end of forward, and words of what the student is told; none where the module is right."""


@pytest.mark.parametrize("case", MODULES)
def test_odd_modules_are_graded_or_refused_in_words(case):
    body, words = MODULES[case]

    def work(suite):
        (check,) = [one for one in suite.checks if one.id.endswith("in_evaluation[a rest at the border]")]
        student = PlainStudent(module_of(f"{SOLUTION}\n{HEAD}        {body}\n", "submission"))
        return suite.run(check, student, np.random.default_rng(3)).error

    error = with_checks(ASSIGNMENT, work)
    if words:
        assert isinstance(error, CheckFailure)
        assert re.search(words, error.hint)
    else:
        assert error is None

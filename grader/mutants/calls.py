"""Rules for calls and tuples: another function, arguments or values in the wrong order, copies not made."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from grader.mutants.code import Code, Edit, Rules, called, same
from grader.mutants.places import axis_of

_PAIRS = [
    *(("sum", "mean"), ("max", "min"), ("amax", "amin"), ("maximum", "minimum"), ("argmax", "argmin")),
    *(("zeros", "ones"), ("zeros_like", "ones_like"), ("any", "all"), ("floor", "ceil"), ("var", "std")),
    *(("sin", "cos"), ("tril", "triu"), ("normal", "uniform"), ("randn", "rand"), ("standard_normal", "random")),
    *(("randn_like", "rand_like"), ("normal_", "uniform_"), ("vstack", "hstack")),
    *(("no_grad", "enable_grad"), ("train", "eval"), ("softmax", "log_softmax")),
]
# One way: numpy has no sigmoid to put in the place of tanh.
_OTHER = {**dict(_PAIRS), **{second: first for first, second in _PAIRS}, "sigmoid": "tanh"}
_BUILTIN = {"max", "min", "any", "all"}  # the builtins among them whose partner is one too
_LEFT_OUT = {
    *("exp", "log", "sqrt", "abs", "absolute", "square", "tanh", "relu", "softmax", "clip", "clamp"),
    *("expm1", "log1p", "log2", "rsqrt", "sigmoid", "softplus", "round", "sorted", "normalize", "cumsum", "cumprod"),
}
_COPIES = {"copy", "clone", "detach", "deepcopy"}
# Their arguments have no order, or one that only an error would come from.
_NO_ORDER = {
    *("maximum", "minimum", "max", "min", "hypot", "multiply", "add", "gcd", "logical_and", "logical_or", "swapaxes"),
    *("allclose", "isclose", "isinstance", "getattr", "setattr", "hasattr", "cast", "full", "range", "enumerate"),
}


def function(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``x.sum() -> x.mean()``, ``np.maximum -> np.minimum``, ``zeros -> ones`` and the like."""
    name = called(node)
    if name in _OTHER and (isinstance(node.func, ast.Attribute) or name in _BUILTIN):
        end = code.stop(node.func)
        yield Edit(end - len(name), end, _OTHER[name])


def dropped_function(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``np.exp(x) -> x``, ``x.sqrt() -> x``."""
    if called(node) in _LEFT_OUT:
        yield from code.undone(node)


def dropped_copy(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``x.copy() -> x``."""
    if called(node) in _COPIES:
        yield from code.undone(node)


def degrees_of_freedom(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``x.var() -> x.var(ddof=1)``, of torch ``correction=0``: divided by n - 1 and not n, or the other way round."""
    given = {keyword.arg for keyword in node.keywords}
    if called(node) in {"var", "std"} and not given & {"ddof", "correction", "unbiased"}:
        root = code.text(node.func).partition(".")[0]
        yield code.appended(node, "correction=0" if "dim" in given or root == "torch" else "ddof=1")


def exchanged_arguments(code: Code, node: ast.Call) -> Iterator[Edit]:
    """``f(a, b, c) -> f(b, a, c)`` and ``f(a, c, b)``; of ``where`` and ``clip`` the last two only.

    To clip the lower bound at the value is to clip the value at the lower bound.
    """
    turned = called(node) == "transpose" and len(node.args) == 2 and "torch" in code.imported  # of torch, two axes
    if called(node) in _NO_ORDER or turned:
        return
    args = node.args[1:] if called(node) in {"where", "clip", "clamp"} and code.is_function(node) else node.args
    for first, second in itertools.pairwise(args):
        fixed = _is_fixed(first) or _is_fixed(second) or second is axis_of(code, node)
        if not fixed and not same(first, second):
            yield code.exchanged(first, second)


def exchanged_values(code: Code, node: ast.Tuple) -> Iterator[Edit]:
    """``return a, b -> return b, a``, ``a, b = f() -> b, a = f()``: neighbours in a tuple."""
    parent = code.parent(node)
    indices = isinstance(parent, ast.Subscript) and node is parent.slice  # they have a rule of their own
    members = isinstance(parent, ast.Compare) or called(parent) == "isinstance"  # in no order
    # Of a, b = c, d the values are exchanged, which says the same.
    parallel = isinstance(parent, ast.Assign) and node is not parent.value and isinstance(parent.value, ast.Tuple)
    if not (indices or members or parallel):
        for first, second in itertools.pairwise(node.elts):
            if not same(first, second):
                yield code.exchanged(first, second)


def _is_fixed(argument: ast.expr) -> bool:
    """Whether an argument has its place: ``*args``, and texts such as the formula of einsum."""
    return isinstance(argument, ast.Starred) or (isinstance(argument, ast.Constant) and isinstance(argument.value, str))


RULES: Rules = [
    ("function", ast.Call, function),
    ("function", ast.Call, dropped_function),
    ("function", ast.Call, degrees_of_freedom),
    ("copy", ast.Call, dropped_copy),
    ("argument", ast.Call, exchanged_arguments),
    ("tuple", ast.Tuple, exchanged_values),
]

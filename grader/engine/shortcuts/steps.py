"""The step of one division, and whether two values in its function are that step apart."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from itertools import product

from grader.engine.shortcuts.names import Names, dotted, last_name, root
from grader.engine.shortcuts.written import Budget, Written

_COPIES = frozenset(
    {"copy", "deepcopy", "clone", "detach", "array", "asarray", "astype", "tensor", "float", "double", "list", "dict"}
)
"""Functions and methods whose result has the values of what is copied."""
_PACKAGES = frozenset({"np", "numpy", "torch", "math", "copy"})
"""What stands before the dot of a function or constant; before that of a method stands what it is of."""
_FOLLOWED = 4
"""Names that are followed one after the other: a quotient, its difference, a value, the point that it is taken at."""


class Division:
    """One division, and what in its function is its step: a name or number of the divisor, or a multiple of it.

    Parameters
    ----------
    written
        The function where it stands.
    names
        Of that function.
    divisor
        What is divided by.
    budget
        What the work is counted on; every method raises :class:`TooMuchError` when it is spent.
    """

    def __init__(self, written: Written, names: Names, divisor: ast.expr, budget: Budget) -> None:
        self.called: set[str] = set()
        self._written = written
        self._names = names
        self._budget = budget
        self._steps: set[str] = set()
        self._numbers: set[float] = set()
        self._stripped = 0
        for part in (divisor, *names.of(divisor)):
            self._read(_copied(part) or part)
        self._follow()
        moved = [target for target, value in names.summands if self._is_step(value)]
        moved += [target for target, value in names.settings if self._base(value) is not None]
        self._moved = {root(target) for target in moved}
        """Names of what is moved in place by the step."""
        self._moves_inside = any(not isinstance(target, ast.Name) for target in moved)
        """Whether one of them is a part of something: what is called may hold it without being given it."""

    def _read(self, divisor: ast.expr) -> None:
        """Take the names and numbers of a divisor that is a product of them; indices are not taken."""
        if not _is_product(divisor):
            return
        parts = list(_outside_indices(divisor, self._budget))
        self._steps |= {name for part in parts if (name := dotted(part)) and name.partition(".")[0] not in _PACKAGES}
        # beside 1e-5 stands 2e-5 as a divisor
        self._numbers |= {number / by for part in parts if (number := _step_size(part)) for by in (1, 2)}

    def _follow(self) -> None:
        """Add the names of multiples of the step, and of arrays that hold it."""
        while self._steps or self._numbers:
            found = {name for name, values in self._names.values.items() if any(map(self._is_step, values))}
            found |= {name for name, values in self._names.entries.items() if any(map(self._is_step, values))}
            found |= {
                root(target)
                for target, value in self._names.summands
                if self._is_step(value) and any(map(_is_zeros, self._names.of(target)))
            }
            if found <= self._steps:
                return
            self._steps |= found

    def _is_step(self, node: ast.expr) -> bool:
        """Whether an expression is the step, or a multiple of it."""
        self._budget.spend()
        match node:
            case ast.UnaryOp(operand=inner) | ast.Subscript(value=inner) | ast.BinOp(left=inner, op=ast.Div()):
                return self._is_step(inner)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return self._is_step(left) or self._is_step(right)
            case ast.Constant():
                number = _step_size(node)
                return number is not None and any(math.isclose(number, one) for one in self._numbers)
        return dotted(node) in self._steps

    def _base(self, node: ast.AST) -> ast.expr | None:
        """Return what the step is added to, or taken from, by an expression; None when it is not."""
        match node:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right) if self._is_step(right):
                return left
            case ast.BinOp(left=left, op=ast.Add(), right=right) if self._is_step(left):
                return right
        return None

    def has_imaginary_step(self) -> bool:
        """Whether the step, times the imaginary unit, occurs in the function."""
        return any(map(self._is_imaginary_step, self._written.nodes))

    def _is_imaginary_step(self, node: ast.AST) -> bool:
        match node:
            case ast.BinOp(op=ast.Mult()):
                factors = list(_factors(node))
                return any(map(_is_imaginary, factors)) and any(map(self._is_step, factors))
            case ast.Constant(value=complex()):
                return self._is_step(node)
            case ast.Call(args=[_, part]) if last_name(node) == "complex":
                return self._is_step(part)
            case ast.Assign(targets=[target], value=value) | ast.AugAssign(target=target, value=value):
                whole = target.value if isinstance(target, ast.Subscript) else target
                return isinstance(whole, ast.Attribute) and whole.attr == "imag" and self._is_step(value)
        return False

    def is_between_values(self, total: ast.expr) -> bool:
        """Whether a sum holds a value of something, less its value a step away; ``called`` is then what is called."""
        if not self._steps and not self._numbers:
            return False
        terms = list(_terms(total))
        added, taken = ([term for sign, term in terms if sign == one] for one in (1, -1))
        return any(self._are_apart(*pair) for pair in product(added, taken))

    def _are_apart(self, one: ast.expr, other: ast.expr) -> bool:
        if {root(one), root(other)} & self._steps:  # a change in relation to a value: that is no step
            return False
        pairs = product(self._names.of(one) or [one], self._names.of(other) or [other])
        return any(self._are_a_step_apart(*pair) for pair in pairs)

    def _are_a_step_apart(self, one: ast.expr, other: ast.expr) -> bool:
        """Whether two expressions are calls that are the same when the step is left out, and it is in one of them."""
        self._stripped, self.called = 0, set()
        if (text := self._without_step(one, _FOLLOWED)) != self._without_step(other, _FOLLOWED) or "Call(" not in text:
            return False
        if one is other:  # two entries of one list
            return self._stripped > 0 and isinstance(one, ast.List | ast.ListComp | ast.GeneratorExp)
        return self._stripped > 0 or self._moves_inside

    def _without_step(self, node: ast.AST, follow: int) -> str:
        """Write an expression down, with the step left out and with what its names stand for in their place."""
        self._budget.spend()
        if (base := self._base(node)) is not None or (base := self._negative_step(node)) is not None:
            self._stripped += 1
            return self._without_step(base, follow)
        if (copied := _copied(node)) is not None:
            return self._without_step(copied, follow)
        match node:
            case ast.Name(id=name):
                return self._name_without_step(name, follow)
            case ast.Constant(value=value):
                return repr(value)
            case ast.Subscript(value=value, slice=index):
                self._budget.count(index)
                return f"{self._without_step(value, follow)}[{ast.dump(index)}]"
            case ast.Call(func=ast.Name(id=name)):
                self.called.add(name)
        parts = [self._without_step(child, follow) for child in ast.iter_child_nodes(node)]
        return f"{type(node).__name__}({getattr(node, 'attr', '')}{getattr(node, 'arg', '')} {', '.join(parts)})"

    def _negative_step(self, node: ast.AST) -> ast.expr | None:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand) if self._is_step(operand):
                return operand
        return None

    def _name_without_step(self, name: str, follow: int) -> str:
        self._stripped += name in self._moved
        values = self._names.values.get(name, []) if follow else []
        if len(values) == 1 and isinstance(values[0], ast.Call | ast.Subscript):
            return self._without_step(values[0], follow - 1)
        found = set()
        for value in values:
            base = self._base(value)
            self._stripped += base is not None
            origin = base or _copied(value)
            # x = x + h is still about x
            if origin is not None and root(origin) != name:
                found.add(self._without_step(origin, follow - 1))
            elif origin is None:
                found.add(name)
        return found.pop() if len(found) == 1 else name


def _terms(node: ast.expr, sign: int = 1) -> Iterator[tuple[int, ast.expr]]:
    """Yield the terms of a sum with their signs."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as operation, right=right):
            yield from _terms(left, sign)
            yield from _terms(right, -sign if isinstance(operation, ast.Sub) else sign)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield from _terms(operand, -sign)
        case _:
            yield sign, node


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from _factors(left)
            yield from _factors(right)
        case _:
            yield node


def _outside_indices(node: ast.expr, budget: Budget) -> Iterator[ast.expr]:
    """Yield an expression and all below it, without indices and without what stands before a dot."""
    budget.spend()
    yield node
    match node:
        case ast.Subscript(value=value):
            yield from _outside_indices(value, budget)
        case ast.Attribute():
            pass
        case _:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    yield from _outside_indices(child, budget)


def _is_product(node: ast.expr) -> bool:
    """Whether an expression is made of names and numbers by products, quotients and powers."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() | ast.Pow(), right=right):
            return _is_product(left) and _is_product(right)
        case ast.UnaryOp(operand=inner) | ast.Subscript(value=inner):
            return _is_product(inner)
    return isinstance(node, ast.Name | ast.Constant | ast.Attribute)


def _step_size(node: ast.AST) -> float | None:
    """Return the size of a number that may be a step, strictly between 0 and 1."""
    match node:
        case ast.Constant(value=float() | complex() as number) if 0 < abs(number) < 1:
            return abs(number)
    return None


def _is_imaginary(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, complex)


def _is_zeros(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and last_name(node).startswith("zeros")


def _copied(node: ast.AST) -> ast.expr | None:
    """Return what a call copies: ``np.copy(x)``, ``x.copy()``, ``x.astype(complex)``; None when it is no such call."""
    if not isinstance(node, ast.Call) or last_name(node) not in _COPIES:
        return None
    match node:
        case ast.Call(func=ast.Attribute(value=value)) if dotted(value) not in _PACKAGES:
            return value
        case ast.Call(args=[value, *_]):
            return value
    return None

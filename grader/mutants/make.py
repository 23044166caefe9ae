"""The mutants of a reference: every rule at every place, no two alike, in the order of the lines."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import itertools
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.mutants import arithmetic, calls, indices, logic, shapes, statements
from grader.mutants.code import Code, Edit, Rules
from grader.mutants.names import change
from grader.mutants.sites import FunctionNode, functions_named, sites, validators

RULES: Rules = [rule for family in (arithmetic, logic, shapes, indices, calls, statements) for rule in family.RULES]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A reference with one place changed by a rule. Made by :func:`mutants`."""

    function: str
    """Top-level function or dotted method that is changed."""
    rule: str
    """What is changed, in the field's words: ``operator``, ``axis``, ``factor`` and so on."""
    line: int
    """Line of the reference where the change begins, counted from 1."""
    source: str
    """The whole mutated source."""
    change: str = ""
    """The change on one line, ``axis=0 -> axis=1``, with a count where a line has several that read alike."""

    @property
    def name(self) -> str:
        """A short name for tables, unique within an assignment."""
        return f"{self.function}:{self.line} {self.change}"

    def diff(self, original: str) -> str:
        """Return the change as a unified diff against the reference, for a report of survivors."""
        lines = difflib.unified_diff(
            original.splitlines(), self.source.splitlines(), "reference", "mutant", n=1, lineterm=""
        )
        return "\n".join(lines)


def mutants(source: str, functions: Iterable[str]) -> list[Mutant]:
    """Return the mutants of some functions of a reference.

    Parameters
    ----------
    source
        The reference, as a whole.
    functions
        Names of top-level functions, methods (``Adam.step``) or classes, which stand for their
        methods; in any order, each once or more often.

    Returns
    -------
    list
        By line. Each differs from the reference and from each other in its syntax tree, and compiles.

    Raises
    ------
    SyntaxError
        When the source is no Python.
    ValueError
        When the source defines no function of a name.
    """
    code = Code(source)
    nodes = {node: name for given in sorted(set(functions)) for name, node in functions_named(code.tree, given)}
    refusing = validators(code.tree)
    made = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 1 is called or compared by identity is the mutant's affair
        for node, name in sorted(nodes.items(), key=lambda item: item[0].lineno):
            made += list(_mutants_of(code, node, name, refusing))
    return list(_named(sorted(made, key=lambda mutant: mutant.line)))


def _mutants_of(code: Code, function: FunctionNode, name: str, refusing: frozenset[str]) -> Iterator[Mutant]:
    start, stop = code.line_span(function.lineno)[0], code.stop(function)
    seen = {_form(code.source[start:stop])}
    for rule, edit in sorted(_edits(code, function, refusing), key=lambda pair: pair[1]):
        form = _form(code.source[start : edit.start] + edit.text + code.source[edit.stop : stop])
        if form is not None and form not in seen:
            seen.add(form)
            text = code.source[: edit.start] + edit.text + code.source[edit.stop :]
            line = code.line(_first_difference(code, edit))
            yield Mutant(function=name, rule=rule, line=line, source=text, change=change(code, edit))


def _edits(code: Code, function: FunctionNode, refusing: frozenset[str]) -> Iterator[tuple[str, Edit]]:
    for node in sites(function, refusing):
        for name, kind, rule in RULES:
            if isinstance(node, kind):
                yield from ((name, edit) for edit in rule(code, node))


def _form(function: str) -> str | None:
    """Return the syntax tree of one function as text, wherever it stands; None when it does not compile.

    To compile the function alone, not the file, is what makes a mutant cheap.
    """
    indented = function[:1].isspace()
    try:
        tree = ast.parse(f"class _:\n{function}" if indented else function)
        compile(tree, "<mutant>", "exec", dont_inherit=True)
    except SyntaxError:
        return None
    return ast.dump(tree)


def _first_difference(code: Code, edit: Edit) -> int:
    """Offset of the first character that an edit really changes, so that the line of a long one is right."""
    old = code.source[edit.start : edit.stop]
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(old, edit.text, strict=False))
    return edit.start + min(sum(1 for _ in same), max(len(old) - 1, 0))


def _named(made: list[Mutant]) -> Iterator[Mutant]:
    """Count those whose names read alike."""
    counts: Counter[str] = Counter()
    for mutant in made:
        counts[mutant.name] += 1
        number = counts[mutant.name]
        yield mutant if number == 1 else dataclasses.replace(mutant, change=f"{mutant.change} ({number})")

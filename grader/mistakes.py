"""Right and wrong answers of an assignment, as sources: the solution, its variants, its mistakes.

A *mistake* is a patch of the reference with the hint that a student should get; a *variant*
is another right answer. Both are used to prove the checks, and mistakes name failures. This
module only makes sources; it runs none.
"""

from __future__ import annotations

import ast
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from grader.course import Assignment
from grader.errors import CourseError, in_one_line

_CELL = re.compile(r"^# %% *(?P<title>.*)$", re.MULTILINE)


class PatchError(ValueError):
    """A mistake that cannot be applied to the reference; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A wrong answer that students really give. Made by :func:`mistake`."""

    function: str
    """Name of the function of the reference that is patched."""
    right: str
    """Text that occurs exactly once in the function; empty when ``whole`` is given."""
    wrong: str
    """Text that replaces it."""
    whole: str
    """Source that replaces the function, where a patch does not read well."""
    hint: str
    """One sentence for the student: what to do, in words of the handout."""

    @property
    def name(self) -> str:
        """A short name for tables, unique as long as the patches differ."""
        return f"{self.function}: {' '.join((self.wrong or self.hint).split())[:60]}"

    def apply(self, source: str) -> str:
        """Return ``source`` with this mistake made in it.

        Raises
        ------
        PatchError
            When the function is not there exactly once, or the right text does not
            occur exactly once in it.
        """
        start, stop = _function_span(source, self.function)
        before, body, after = source[:start], source[start:stop], source[stop:]
        if self.whole:
            return before + self.whole.strip("\n") + "\n" + after
        found = body.count(self.right)
        if found != 1:
            raise PatchError(f"{self.function}: the right text occurs {found} times, not once: {self.right!r}")
        return before + body.replace(self.right, self.wrong) + after


def mistake(function: str, *, right: str = "", wrong: str = "", whole: str = "", hint: str) -> Mistake:
    """Describe a wrong answer: a patch of ``function`` in the reference, and the hint that names it.

    Parameters
    ----------
    function
        The function of the reference that goes wrong.
    right, wrong
        Text that occurs exactly once in that function, and what students write in its place.
    whole
        Instead of a patch: the whole wrong function.
    hint
        What the student is told.

    Raises
    ------
    ValueError
        When neither or both forms are given, or the hint is empty.
    """
    if bool(right) == bool(whole):
        raise ValueError(f"mistake({function!r}): give either right= and wrong=, or whole=")
    if not hint.strip():
        raise ValueError(f"mistake({function!r}): the hint is empty")
    return Mistake(function=function, right=right, wrong=wrong, whole=whole, hint=hint)


def read_mistakes(assignment: Assignment) -> tuple[Mistake, ...]:
    """Return the mistakes of an assignment: all that its ``mistakes.py`` defines, in lists or alone, in order.

    Raises
    ------
    CourseError
        When the file cannot be executed.
    """
    path = assignment.hidden / "mistakes.py" if assignment.hidden else None
    if path is None or not path.is_file():
        return ()
    names: dict[str, object] = {"__name__": f"_mistakes_of_{assignment.name}", "__file__": str(path)}
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), names)  # noqa: S102 - the author's own file
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is the author's to mend
        raise CourseError(f"{path}: {in_one_line(error)}") from None
    items = itertools.chain.from_iterable(v if isinstance(v, list | tuple) else [v] for v in names.values())
    return tuple(dict.fromkeys(item for item in items if isinstance(item, Mistake)))


def reached_from(source: str, name: str) -> frozenset[str]:
    """Return the functions of a source that a function uses, itself included, as far as their names tell."""
    functions = definitions(source)
    seen: set[str] = set()
    reached: set[str] = set()
    todo = [name]
    while todo:
        current = todo.pop()
        node = functions.get(current)
        if current in seen or node is None:
            continue
        seen.add(current)
        if not isinstance(node, ast.Assign):
            reached.add(current)
        if isinstance(node, ast.ClassDef):
            reached.update(f"{current}.{item.name}" for item in node.body if isinstance(item, ast.FunctionDef))
        todo += [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return frozenset(reached)


def definitions(source: str) -> dict[str, ast.FunctionDef | ast.ClassDef | ast.Assign]:
    """Return what a source defines at its top, by name, the last of each; ``softmax = _stable_softmax`` too."""
    found: dict[str, ast.FunctionDef | ast.ClassDef | ast.Assign] = {}
    for node in _parsed(source):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    return found


def changed(source: str, other: str) -> frozenset[str]:
    """Return the names that another answer defines in another way."""
    ours, theirs = definitions(source), definitions(other)
    return frozenset(
        name for name, node in theirs.items() if name not in ours or ast.dump(node) != ast.dump(ours[name])
    )


def exercises_by_function(assignment: Assignment, source: str) -> dict[str, str]:
    """Return the exercise of every function, of helpers and methods that of the first function which uses them."""
    found = {name: exercise.name for exercise in assignment.exercises for name in exercise.functions}
    for name, exercise in list(found.items()):
        for used in sorted(reached_from(source, name)):
            found.setdefault(used, exercise)
    return found


@lru_cache(maxsize=4)
def _parsed(source: str) -> tuple[ast.stmt, ...]:
    return tuple(ast.parse(source).body)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Another right answer to an exercise: functions that replace the solution's."""

    exercise: str
    title: str
    source: str
    """Source of the whole submission: the solution, followed by the functions that replace its own."""


def read_variants(path: Path, solution: str) -> tuple[Variant, ...]:
    """Read ``variants.py``: a percent script whose cells are titled ``exercise: in which way it differs``.

    What stands above the first cell (imports) belongs to every variant.

    Raises
    ------
    ValueError
        When a cell has no title of that form.
    """
    text = path.read_text(encoding="utf-8")
    marks = list(_CELL.finditer(text))
    preamble = text[: marks[0].start()] if marks else ""
    variants = []
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        exercise, colon, title = mark["title"].partition(":")
        if not colon:
            raise ValueError(f"{path.name}: a cell is titled {mark['title']!r}, and not 'exercise: how it differs'")
        body = text[mark.end() : end]
        source = f"{solution}\n\n{preamble}\n{body}"
        variants.append(Variant(exercise=exercise.strip(), title=title.strip(), source=source))
    return tuple(variants)


def _function_span(source: str, name: str) -> tuple[int, int]:
    """Offsets of the top-level function (or dotted method) ``name`` in ``source``, decorators included."""
    body: Sequence[ast.stmt] = _parsed(source)
    node: ast.stmt | None = None
    for part in name.split("."):
        found = [n for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == part]
        if len(found) != 1:
            raise PatchError(f"{name}: the reference defines it {len(found)} times, not once")
        node = found[0]
        body = node.body if isinstance(node, ast.ClassDef) else []
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    offsets = [0]
    for line in io.StringIO(source, newline=""):  # lines as Python counts them: not at form feeds
        offsets.append(offsets[-1] + len(line))
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    assert node.end_lineno is not None
    return offsets[first - 1], offsets[node.end_lineno]

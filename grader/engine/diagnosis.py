"""Names the mistakes of a submission: what a check saw of it is what the check sees of known mistakes.

An explanation accounts for everything that a check looked at. The shortest one wins; of several
that the check cannot tell apart, the submission's other checks decide, and where they cannot
either, all are given. The search is the same for the same submission, whatever was graded before.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.checks.sightings import same
from grader.engine.catalogue import Catalogue, Combination
from grader.engine.checks import Check
from grader.engine.views import View

LONGEST = 3
"""Mistakes in one explanation: of 23 wrong solutions of one function, 18 were explained by at most three."""

MOST_TRIED = 200
"""Combinations that one check of an exercise tries: all pairs of twenty mistakes, some 0.3 s, paid once a class."""

MOST_DERIVED = 30
"""Combinations derived from parts of what was seen; the first few are right or none is."""

MOST_SHOWN = 3
"""Explanations of one failure that are told: beyond that they name a topic and no mistake."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One check of a submission: what it saw, and whether it needs an explanation."""

    check: Check
    view: View
    wrong: bool


def diagnose(catalogue: Catalogue, looks: Sequence[Look]) -> dict[str, list[Combination]]:
    """Explain the failed checks of one submission.

    Parameters
    ----------
    catalogue
        The known mistakes.
    looks
        All checks that ran to an end, passed ones included.

    Returns
    -------
    dict
        By the id of the check: its explanations, all of the same length, at least one.
    """
    found: dict[str, list[Combination]] = {}
    if not catalogue.mistakes:
        return found
    searched: set[str] = set()
    accepted: list[Combination] = []
    for look in looks:
        if not look.wrong or not look.view.says_something:
            continue
        # what explains another failure already is the shorter explanation of both, and spares the search
        again = [c for c in accepted if catalogue.explains(c, look.check, look.view)]
        matches = again[:1] or _explain(catalogue, look, looks, accepted, searched)
        if matches:
            found[look.check.id] = matches[:MOST_SHOWN]
        if len(matches) == 1 and matches[0] not in accepted:
            accepted += matches
    return found


def _explain(
    catalogue: Catalogue, look: Look, looks: Sequence[Look], accepted: Sequence[Combination], searched: set[str]
) -> list[Combination]:
    """Return the shortest explanations of one check that the exercise's other checks do not contradict."""
    for candidates in _candidates(catalogue, look, accepted, searched):
        matches = [c for c in candidates if catalogue.explains(c, look.check, look.view)]
        best = _consistent(catalogue, look, matches, looks) if matches else []
        if best:
            return best
    return []


def _candidates(
    catalogue: Catalogue, look: Look, accepted: Sequence[Combination], searched: set[str]
) -> Iterator[Iterable[Combination]]:
    """Yield groups of explanations to be tried together, the shorter and the more likely ones first."""
    relevant = catalogue.relevant(look.check)
    yield [(n,) for n in relevant]
    known = list(dict.fromkeys(n for combination in accepted for n in combination))
    derived = list(itertools.islice(_derived(catalogue, look, relevant, known), MOST_DERIVED))
    for length in range(2, LONGEST + 1):
        yield [c for c in derived if len(c) == length]
    # one long search is enough for an exercise: its other checks see the same functions
    if look.check.exercise not in searched:
        searched.add(look.check.exercise)
        tried = itertools.islice(_together(catalogue, relevant, look.check.exercise), MOST_TRIED)
        yield from (group for _, group in itertools.groupby(tried, key=len))


def _derived(catalogue: Catalogue, look: Look, relevant: Sequence[int], known: Sequence[int]) -> Iterator[Combination]:
    """Yield combinations for which something speaks: they explain a part each, or were found elsewhere already."""
    seen: set[Combination] = set()
    usable = [n for n in known if n in relevant]
    from_known = (
        tuple(sorted({*some, n}))
        for length in range(min(len(usable), LONGEST - 1), 0, -1)
        for some in itertools.combinations(usable, length)
        for n in (*usable, *relevant)
        if n not in some
    )
    for combination in itertools.chain(_by_parts(catalogue, look, relevant), from_known):
        if combination not in seen and 1 < len(combination) <= LONGEST:
            seen.add(combination)
            yield combination


def _by_parts(catalogue: Catalogue, look: Look, relevant: Sequence[int]) -> Iterator[Combination]:
    """Yield unions of mistakes each of which shows one of the wrong values as it was seen."""
    right = catalogue.view(look.check, ())
    mine = look.view.sightings
    if right is None or len(right.sightings) != len(mine):
        return
    wrong = [place for place, pair in enumerate(zip(mine, right.sightings, strict=True)) if not same(*pair)]
    views = {n: catalogue.view(look.check, (n,)) for n in relevant}
    causes = {
        tuple(
            n
            for n, view in views.items()
            if view and len(view.sightings) == len(mine) and same(view.sightings[place], mine[place])
        )
        for place in wrong
    }
    if not causes or () in causes or len(causes) > LONGEST:
        return
    for choice in itertools.product(*sorted(causes)):
        yield tuple(sorted(set(choice)))


def _together(catalogue: Catalogue, relevant: Sequence[int], exercise: str) -> Iterator[Combination]:
    """Yield pairs, then triples: first within one function, where mistakes hide each other, then across functions."""
    own = [n for n in relevant if catalogue.exercise_of.get(catalogue.mistakes[n].function) == exercise]
    for length in range(2, LONGEST + 1):
        combinations = list(itertools.combinations(own, length))
        yield from sorted(combinations, key=lambda c: len({catalogue.mistakes[n].function for n in c}))


def _consistent(
    catalogue: Catalogue, look: Look, matches: Sequence[Combination], looks: Sequence[Look]
) -> list[Combination]:
    """Keep the explanations that agree with most of what the checks of the mistaken functions saw.

    One that agrees with no more of them than a right answer does is contradicted: it makes up for this check with
    mistakes that the others would have shown. Only checks that call nothing else count: a student may have computed
    the same twice where the reference computes it once, or kept a right cache beside a wrong result.
    """

    def gain(combination: Combination) -> int:
        functions = {catalogue.mistakes[n].function for n in combination} | catalogue.called(look.check)
        witnesses = [other for other in looks if other is look or catalogue.called(other.check) <= functions]
        return sum(
            catalogue.explains(combination, o.check, o.view) - catalogue.explains((), o.check, o.view)
            for o in witnesses
        )

    gains = {combination: gain(combination) for combination in matches}
    most = max(gains.values())
    return [combination for combination in matches if gains[combination] == most] if most > 0 else []

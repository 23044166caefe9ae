"""Results with their explanations: the hints of known mistakes, and errors that were carried forward."""

from __future__ import annotations

from collections.abc import Sequence

from grader.engine.catalogue import Catalogue, Combination
from grader.engine.diagnosis import Look, diagnose
from grader.results import CheckResult, Explanation, KnownMistake, Outcome

OwnGradients = dict[str, list[tuple[str, str]]]
"""By the id of a check: the backwards that it found to be the gradient of the submission's own forward."""


def explained(catalogue: Catalogue, results: Sequence[CheckResult], looks: Sequence[Look]) -> tuple[CheckResult, ...]:
    """Return the results, those that known mistakes explain with their hints."""
    found = diagnose(catalogue, looks)
    return tuple(_with_explanations(catalogue, one, found[one.check]) if one.check in found else one for one in results)


def _with_explanations(catalogue: Catalogue, result: CheckResult, found: list[Combination]) -> CheckResult:
    explanations = tuple(
        Explanation(mistakes=tuple(_known(catalogue, number) for number in combination)) for combination in found
    )
    return result.model_copy(update={"explanations": explanations, "hint": _hint(explanations)})


def _known(catalogue: Catalogue, number: int) -> KnownMistake:
    mistake = catalogue.mistakes[number]
    return KnownMistake(
        function=mistake.function,
        exercise=catalogue.exercise_of.get(mistake.function, ""),
        name=mistake.name,
        hint=mistake.hint,
    )


def _hint(explanations: Sequence[Explanation]) -> str:
    """Say what to do: the hints of the explanation, or of each that it may be."""
    # two mistakes may be two ways to one hint
    texts = list(dict.fromkeys(" ".join(dict.fromkeys(m.hint for m in one.mistakes)) for one in explanations))
    if len(texts) == 1:
        return texts[0]
    return "One of these: " + " ".join(f"({number}) {text}" for number, text in enumerate(texts, 1))


def carried_forward(results: Sequence[CheckResult], own_gradients: OwnGradients) -> tuple[CheckResult, ...]:
    """Return the results, with a note where a backward is right for a forward that is wrong.

    The points of such a check are kept: an error is not counted twice.
    """
    wrong = {
        result.functions[0] for result in results if result.outcome is Outcome.FAILED and len(result.functions) == 1
    }
    return tuple(
        result.model_copy(update={"notes": (*result.notes, *_notes(own_gradients.get(result.check, ()), wrong))})
        if result.outcome is Outcome.PASSED
        else result
        for result in results
    )


def _notes(pairs: Sequence[tuple[str, str]], wrong: set[str]) -> list[str]:
    return [
        f"`{backward}` is the gradient of your own `{forward}`, which is wrong: that error is not counted twice."
        for backward, forward in dict.fromkeys(pairs)
        if forward in wrong
    ]

"""Results with their explanations: the hints of known mistakes, and errors that were carried forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.engine.catalogue import Catalogue, Combination
from grader.engine.diagnosis import Look, diagnose
from grader.results import CheckResult, Explanation, KnownMistake, Outcome

Compared = Mapping[str, Sequence[tuple[str, str]]]
"""By the id of a check: the backwards that it compared with the submission's own forward, each with that forward."""


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


def carried_forward(results: Sequence[CheckResult], compared: Compared) -> tuple[CheckResult, ...]:
    """Return the results, saying of each backward that was compared with a wrong forward that it was.

    One that is right for it keeps its points: an error is not counted twice. Of one that is not, nothing is known
    before forward is mended; it may be right already.
    """
    failed = [result for result in results if result.outcome is Outcome.FAILED and len(result.functions) == 1]
    wrong = {result.functions[0] for result in failed}
    losses = {result.functions[0] for result in failed if any(item.name == "loss" for item in result.evidence)}

    def with_forward(result: CheckResult) -> CheckResult:
        pairs = [
            (backward, forward)
            for backward, forward in dict.fromkeys(compared.get(result.check, ()))
            if forward in (losses if forward == backward else wrong)
        ]
        if result.outcome is Outcome.PASSED:
            return result.model_copy(update={"notes": (*result.notes, *_kept(pairs))})
        if result.outcome is Outcome.FAILED and pairs:
            return result.model_copy(update={"hint": _mend_first(*pairs[0])})
        return result

    return tuple(map(with_forward, results))


def _kept(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return [
        f"`{backward}` is the gradient of your own `{forward}`, which is wrong: that error is not counted twice."
        for backward, forward in pairs
        if backward != forward
    ]


def _mend_first(backward: str, forward: str) -> str:
    if backward == forward:
        return f"The loss that `{forward}` returns is wrong: mend it first, since its gradient is compared with it."
    return (
        f"`{backward}` is compared with the slope of your own `{forward}`, which is wrong: mend `{forward}` first."
        f" `{backward}` may be right already."
    )

"""How many draws a decision needs: from its level, and from the power that its author wants."""

from __future__ import annotations

import math

from grader.checks.statistics.chances import LEVEL, refuse_level
from grader.checks.statistics.tails import normal_quantile


def samples_for(
    *,
    ratio: float | None = None,
    distance: float | None = None,
    shift: float | None = None,
    kurtosis: float = 3.0,
    level: float = LEVEL,
    power: float = 1 - 1e-6,
) -> int:
    """Return how many independent draws tell a wrong answer from a right one, with ``power``, at ``level``.

    Give one of the first three:

    ratio
        Wrong variance by right variance. The logarithm of an empirical variance has the deviation
        root((kurtosis - 1) / n); level and power are both deviations of it.
    distance
        Largest distance between the wrong and the right distribution function. By the inequality of Dvoretzky,
        Kiefer, Wolfowitz and Massart (1990) an empirical one is off by more than root(log(2/c) / 2n) with a chance
        of at most c: the distance must hold one such length for the level and one for the power.
    shift
        Wrong mean minus right mean, in standard deviations.

    Parameters
    ----------
    kurtosis
        Of the law, 3 for normals and 1.8 for uniforms. Of the wrong law, if larger.
    level
        Chance that a right answer fails.
    power
        Chance that the wrong answer fails, in (0, 1).

    Raises
    ------
    ValueError
        When not exactly one of the three is given, or it is no difference.
    """
    given = [value for value in (ratio, distance, shift) if value is not None]
    if len(given) != 1:
        raise ValueError(f"samples_for needs one of ratio, distance and shift, not {len(given)}")
    refuse_level(level)
    refuse_level(1 - power)
    deviations = normal_quantile(level / 2) + normal_quantile(1 - power)
    if ratio is not None:
        if not ratio > 0 or ratio == 1:
            raise ValueError(f"ratio must be positive and not 1, not {ratio!r}")
        return math.ceil((kurtosis - 1) * (deviations / math.log(ratio)) ** 2)
    if distance is not None:
        if not 0 < distance <= 1:
            raise ValueError(f"distance must lie in (0, 1], not {distance!r}")
        lengths = math.sqrt(math.log(2 / level) / 2) + math.sqrt(math.log(2 / (1 - power)) / 2)
        return math.ceil((lengths / distance) ** 2)
    assert shift is not None
    if shift == 0:
        raise ValueError("shift must not be 0")
    return math.ceil((deviations / shift) ** 2)

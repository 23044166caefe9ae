"""How far student code moved a random generator on: it may have drawn from it, and no more.

A state of one's own choice would decide what a check draws next; and from some, numpy's loops that
draw until they accept never return, in the trusted process, where no signal reaches them. The
distance of two states of a linear congruential generator takes 128 steps to find: Brown, "Random
number generation with arbitrary strides" (1994).
"""

from __future__ import annotations

import numpy as np

MOST_STEPS = 2**36
"""Draws of a minute, at a billion a second."""
_BITS = 128
_MULTIPLIERS = {"PCG64": 0x2360ED051FC65DA44385DF649FCCF645, "PCG64DXSM": 0xDA942042E4DD58B5}
"""Of numpy's generators that may cross the wall."""


def is_ahead(found: np.random.Generator, generator: np.random.Generator) -> bool:
    """Whether ``found`` is ``generator`` after at most :data:`MOST_STEPS` steps."""
    kind = type(generator.bit_generator)
    if type(found.bit_generator) is not kind:
        return False
    before, after = (each.bit_generator.state["state"] for each in (generator, found))
    steps = _steps(before["state"], after["state"], _MULTIPLIERS[kind.__name__], before["inc"])
    return bool(before["inc"] == after["inc"] and steps <= MOST_STEPS)


def _steps(start: int, end: int, multiplier: int, increment: int) -> int:
    """Return how often ``state = state * multiplier + increment`` leads from ``start`` to ``end``, modulo 2**128."""
    whole = 2**_BITS - 1
    steps = 0
    for bit in (1 << place for place in range(_BITS)):
        if (start ^ end) & bit:
            start = (start * multiplier + increment) & whole
            steps |= bit
        # of twice as many steps at once
        increment = (multiplier + 1) * increment & whole
        multiplier = multiplier * multiplier & whole
    return steps

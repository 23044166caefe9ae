"""The global random generators that student code may draw from: Python's, numpy's, and torch's where it is imported."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


def seed(number: int) -> None:
    """Seed all of them, so that code that draws from them gives the same results again; 0 <= ``number`` < 2**64."""
    random.seed(number)
    np.random.seed(number % 2**32)  # noqa: NPY002 - it is the global generator that students use
    torch = sys.modules.get("torch")
    if torch is None:
        return
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        torch.manual_seed(number)
    else:
        # manual_seed also notes where it was called, for devices to come: 0.5 ms a check
        torch.default_generator.manual_seed(number)


def states() -> tuple[Any, Any, Any, Any]:
    """Return the states of Python's, numpy's and torch's generators, and of those on GPUs that are in use."""
    state = np.random.get_state()  # noqa: NPY002 - as above
    torch = sys.modules.get("torch")
    if torch is None:
        return random.getstate(), state, None, None
    gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    return random.getstate(), state, torch.random.get_rng_state(), gpus


def restore(kept: tuple[Any, Any, Any, Any]) -> None:
    """Put the generators into states that :func:`states` returned."""
    pythons, numpys, torchs, gpus = kept
    random.setstate(pythons)
    np.random.set_state(numpys)  # noqa: NPY002 - as above
    if torchs is not None:
        sys.modules["torch"].random.set_rng_state(torchs)
    if gpus is not None:
        sys.modules["torch"].cuda.set_rng_state_all(gpus)


@contextmanager
def kept() -> Iterator[None]:
    """Leave the generators as they were: what runs next must not depend on what draws here."""
    before = states()
    try:
        yield
    finally:
        restore(before)


@contextmanager
def seeded(number: int) -> Iterator[None]:
    """Seed the generators as a worker does, and give them back as they were."""
    with kept():
        seed(number)
        yield

"""Seeds of checks: all inputs of a run follow from one secret."""

from __future__ import annotations

import hashlib

import numpy as np


def inputs_of(secret: str, check: str) -> np.random.Generator:
    """Return the generator from which a check draws its inputs."""
    return np.random.default_rng(_seed(secret, check, "inputs"))


def globals_of(secret: str, check: str) -> int:
    """Return the seed of the global generators where the submission runs, in [0, 2^32)."""
    return _seed(secret, check, "student") % 2**32


def _seed(secret: str, check: str, purpose: str) -> int:
    """Derive a seed; nobody who sees one can tell another."""
    return int.from_bytes(hashlib.sha256(f"{secret}\0{check}\0{purpose}".encode()).digest()[:16], "big")

"""Token losses by their definitions: what checks compare language models' losses and perplexities with.

Plain functions of arrays, in float64. Logits ``(..., V)`` score the V tokens of a vocabulary; tokens are integers
from 0 to V - 1, of the logits' shape without its last axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def log_probabilities(logits: npt.ArrayLike, tokens: npt.ArrayLike) -> Array:
    """Return ``log p(token)`` for each position, ``z_token - log sum_j exp(z_j)``, at most 0.

    Finite for logits of any finite size: the largest logit is subtracted before the exponential.

    Parameters
    ----------
    logits
        ``(..., V)``, numbers.
    tokens
        ``(...)``, integers from 0 to V - 1.

    Returns
    -------
    ndarray
        ``(...)``, natural logarithms.

    Raises
    ------
    ValueError
        When the shapes do not fit, or a token is no integer from 0 to V - 1.
    """
    scores, chosen = np.asarray(logits, dtype=np.float64), np.asarray(tokens)
    if scores.ndim < 1 or scores.shape[:-1] != chosen.shape:
        raise ValueError(f"logits (..., V) of tokens {chosen.shape} are due, not logits {scores.shape}")
    vocabulary = scores.shape[-1]
    if not np.issubdtype(chosen.dtype, np.integer) or np.any((chosen < 0) | (chosen >= vocabulary)):
        raise ValueError(f"tokens must be integers from 0 to {vocabulary - 1}")
    # late: importing it takes longer than most checks, and most assignments have no tokens
    from scipy.special import log_softmax

    every: Array = log_softmax(scores, axis=-1)
    return np.take_along_axis(every, chosen[..., None], axis=-1)[..., 0]  # (...)


def shifted(logits: npt.ArrayLike, tokens: npt.ArrayLike) -> tuple[Array, npt.NDArray[Any]]:
    """Return logits and tokens of next-token prediction, brought to the same positions.

    The logits at position t have read the tokens up to t, and are scored on token t + 1: the last logits and the
    first token drop out.

    Parameters
    ----------
    logits
        ``(..., T, V)``.
    tokens
        ``(..., T)``.

    Returns
    -------
    tuple
        ``(..., T - 1, V)`` and ``(..., T - 1)``; empty for T = 1.

    Raises
    ------
    ValueError
        When the shapes do not fit, or T = 0.
    """
    scores, read = np.asarray(logits, dtype=np.float64), np.asarray(tokens)
    if read.ndim < 1 or read.shape[-1] < 1 or scores.shape[:-1] != read.shape:
        raise ValueError(
            f"logits (..., T, V) and tokens (..., T) with T of at least 1 are due, not {scores.shape} and {read.shape}"
        )
    return scores[..., :-1, :], read[..., 1:]


def masked_mean(values: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> float:
    """Return the mean of the values where the mask is True, over all axes at once.

    Parameters
    ----------
    values
        Numbers of any shape.
    mask
        Booleans of the same shape, True where a value counts; None: everywhere.

    Raises
    ------
    ValueError
        When the shapes differ, the mask is not boolean, or no value counts: a mean of nothing is undefined.
    """
    counted = np.asarray(values, dtype=np.float64)
    if mask is not None:
        where = np.asarray(mask)
        if where.shape != counted.shape or where.dtype != bool:
            raise ValueError(f"the mask must be boolean {counted.shape}, not {where.dtype} {where.shape}")
        counted = counted[where]
    if not counted.size:
        raise ValueError("no value counts: the mean is undefined")
    return float(counted.mean())

"""Problems to minimise whose constants are known: oracles for checks of convergence.

``L`` is the smoothness, ``m`` the strong convexity, ``kappa = L / m`` the condition number, and the
minimiser is known. An oracle answers in the trusted process, writes down every call, and refuses what the
method may not ask. Whether a method converges as it should is decided in :mod:`grader.checks.convergence`.
``tokens`` holds the losses of language models by their definitions, as functions of arrays.
"""

from __future__ import annotations

from grader.checks.problems import tokens
from grader.checks.problems.least_squares import LeastSquares, least_squares
from grader.checks.problems.logistic import logistic
from grader.checks.problems.oracle import Calls, Oracle
from grader.checks.problems.quadratics import quadratic, worst_case

__all__ = ["Calls", "LeastSquares", "Oracle", "least_squares", "logistic", "quadratic", "tokens", "worst_case"]

"""Tools: functions of the grader that run beside student code, on what must not cross the wall.

A torch module is no data, and moving its parts over the wire one by one would cost a call each. A check asks for
``student.ConvBlock.through("modules.run")``: the tool gets the submission's class as its first argument, and returns
data. What it answers is an answer of the worker like any other: judged on the trusted side, and never believed.
Trusted code (the reference, an author's variant) goes through the same tools in the trusted process.

- ``modules.py``: a torch module as a function of its state and inputs
- ``parity.py``: the same on every device and in every precision
- ``placement.py``: a dry run for machines without a GPU
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any


def through(tool: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls a tool with ``function`` before its other arguments.

    Parameters
    ----------
    tool
        Module and name of the tool, ``modules.run``; the empty name stands for no tool.
    function
        What the tool is to use.
    """
    if not tool:
        return function
    module, _, name = tool.partition(".")
    # each is imported with its first use: they need torch, and most assignments do not
    return functools.partial(getattr(importlib.import_module(f".{module}", __name__), name), function)

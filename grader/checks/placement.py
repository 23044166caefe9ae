"""Words for what the dry run of :mod:`grader.worker.tools.placement` found: which tensor is not where the inputs are.

Nothing runs here. The kinds are the tool's, the words ours; names and lines come from the worker, so they stand in
messages, cut, and never in hints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from grader.checks.answers import cut
from grader.checks.findings import Finding
from grader.checks.record import sighted
from grader.evidence import Evidence

_WORDS = {
    "attribute": (
        "`{name}` is a tensor that the module does not register: it stays on the CPU when the module moves",
        "A tensor that belongs to the module is not registered: `self.register_buffer(name, tensor)`.",
    ),
    "parameter attribute": (
        "`{name}` is a parameter that the module does not register: it stays on the CPU, and no optimizer sees it",
        "A parameter is not registered: use `torch.nn.Parameter`, `ParameterList` or `ParameterDict`.",
    ),
    "module attribute": (
        "`{name}` is a module in a list or dict that is not registered: its weights stay on the CPU",
        "Modules in a list or dict are not registered: use `torch.nn.ModuleList` or `ModuleDict`.",
    ),
    "made": (
        "a tensor is made on the CPU by `{name}`{made}",
        "A tensor is made on the CPU: give it `device=x.device`, or make it with `x.new_zeros`, `zeros_like`.",
    ),
    "made backward": (
        "a tensor is made on the CPU by `{name}` in the backward pass",
        "The backward pass makes a tensor on the CPU: give it the device of the upstream gradient.",
    ),
    "outside": (
        "a tensor that was made outside of the module is used: it stays on the CPU",
        "A tensor of the file, not of the module, is used: register it as a buffer, or make it where it is needed.",
    ),
    "moved": (
        "a value is moved to the CPU{made}, and the computation goes on with it",
        "A value of the computation leaves its device (`.cpu()` or `.to`): stay on the device of the input.",
    ),
    "numpy": (
        "a value leaves torch for numpy{made}, and the computation goes on with it",
        "A value of the computation goes through numpy: no GPU can do that, and no gradient comes back. Use torch.",
    ),
    "item": (
        "a value is read as a Python number by `.item()` or `float()`{made}, and the computation goes on with it",
        "A value of the computation becomes a Python number: the graph is cut there. Keep it a tensor.",
    ),
    "copied": (
        "results are written into a tensor on the CPU{made}",
        "Results are written into a tensor on the CPU: make it with `x.new_zeros`, or stack the results.",
    ),
    "output": (
        "`{name}` is on the CPU when the inputs are not",
        "The result is on the CPU wherever the inputs are: return it on the device of the input.",
    ),
}
_UNKNOWN = ("a tensor is not where the inputs are", "A tensor is not on the device of the input.")


_LEFT_BEHIND = frozenset({"attribute", "parameter attribute", "module attribute", "outside"})


def is_left_behind(answer: Mapping[str, str]) -> bool:
    """Whether a tensor does not move with the module: then it does not take its dtype either."""
    return answer.get("outcome") == "misplaced" and answer.get("kind") in _LEFT_BEHIND


def findings(answer: Mapping[str, str]) -> Iterator[Finding]:
    """Find what the dry run found.

    Parameters
    ----------
    answer
        Of the tool: ``outcome``, and of a tensor that is misplaced ``kind``, ``name``, ``made`` and ``place``.
    """
    if answer.get("outcome") != "misplaced":
        return
    kind, name, made, place = (cut(answer.get(key, "")) for key in ("kind", "name", "made", "place"))
    words, hint = _WORDS.get(kind, _UNKNOWN)
    message = words.format(name=name, made=f" ({made})" if made else "")
    place = f" It meets a tensor of the device in {place}." if place else ""
    sighted(f"{kind} {name}", "placement")
    yield Finding(
        message=f"On another device than the CPU it fails: {message}.{place} {hint}",
        hint=hint,
        evidence=Evidence(name="placement", cause=hint),
    )

"""What was seen of a submission during one check, besides its values."""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.worker import forms

IN_PLACE = " in place."
"""How a sentence ends that says that an argument was changed; notes of checks end otherwise."""


@dataclass
class Seen:
    """Functions that were called, arguments that they changed, and what they printed.

    Attributes
    ----------
    functions
        Names of the functions that the check called, in order of first call.
    changed
        Sentences about arguments that were changed in place, in order.
    output
        Text that was printed. Student text.
    generators
        The random generators among the arguments of the last call, as it left them.
    """

    functions: dict[str, None] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    output: str = ""
    generators: dict[str, forms.Value] = field(default_factory=dict)

    def keep_output(self, text: str, *, most: int) -> None:
        """Keep what was printed, ``most`` characters in all, whatever the worker was told."""
        room = most - len(self.output)
        if text and room > 0:
            self.output += text if len(text) <= room else f"{text[:room]}\n[... the rest of the output was cut]"

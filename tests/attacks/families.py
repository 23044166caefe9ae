"""The families of attacks, by name, and which of them a level promises to stop."""

from __future__ import annotations

from collections.abc import Sequence

from grader.sandbox.isolation import Level
from grader.worker import landlock
from tests.attacks import cheats, forging, harming, patching, reading, talking, text
from tests.attacks.attack import Attack

FAMILIES: dict[str, tuple[Attack, ...]] = {
    module.__name__.rpartition(".")[2]: module.ATTACKS
    for module in (reading, forging, patching, harming, talking, text, cheats)
}

_SCOPED = 6
"""Version of Landlock from which it separates abstract sockets too; the other holes are closed from the first on."""


def stopped(attacks: Sequence[Attack], level: Level) -> list[Attack]:
    """Return those that must fail at a level, on this machine."""
    every = level is not Level.USER or landlock.version() >= _SCOPED
    return [attack for attack in attacks if every or attack.user]

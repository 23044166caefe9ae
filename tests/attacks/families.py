"""The families of attacks, by name."""

from __future__ import annotations

from tests.attacks import cheats, forging, harming, patching, reading, talking, text
from tests.attacks.attack import Attack

FAMILIES: dict[str, tuple[Attack, ...]] = {
    module.__name__.rpartition(".")[2]: module.ATTACKS
    for module in (reading, forging, patching, harming, talking, text, cheats)
}

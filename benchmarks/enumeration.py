"""How fast every combination of stops of the larger game is counted, which is what a certificate stands on."""

from __future__ import annotations

import time

from casino.enumeration import enumerate_spins
from casino.games import CERTIFIED, STARLIGHT_SMUGGLER


def combinations_a_second() -> float:
    """Combinations of stops evaluated and counted in a second, in one thread, over all sets of Starlight Smuggler."""
    version = CERTIFIED[STARLIGHT_SMUGGLER]
    began = time.perf_counter()
    counted = sum(enumerate_spins(version.rules, one.strips).combinations for one in version.sets)
    return counted / (time.perf_counter() - began)


if __name__ == "__main__":
    print(f"{combinations_a_second() / 1e6:.0f} million combinations a second")

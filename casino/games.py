"""The certified games: their versions as data, and what people call them and their symbols.

Names are plain English here, because this is read without Django; templates translate them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from casino.reels import GameVersion

GLITCH_GRID = "glitch_grid"
STARLIGHT_SMUGGLER = "starlight_smuggler"
DATA = Path(__file__).resolve().parent / "data"

TITLES: Mapping[str, str] = MappingProxyType(
    {GLITCH_GRID: "Glitch Grid", STARLIGHT_SMUGGLER: "Starlight Smuggler"}
)

#: Game -> letter on the strips -> what it is called.
SYMBOL_NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        GLITCH_GRID: MappingProxyType(
            {
                "W": "wild tower",
                "7": "lucky seven",
                "C": "skull",
                "D": "network jack",
                "N": "neon kanji",
                "B": "binary 01",
                ".": "static",
            }
        ),
        STARLIGHT_SMUGGLER: MappingProxyType(
            {
                "W": "wild nova",
                "S": "wormhole",
                "A": "smuggler queen",
                "B": "star freighter",
                "C": "plasma pistol",
                "D": "contraband crate",
                "E": "bribed customs droid",
                "F": "fuel cell",
                "G": "forged permit",
                "H": "moon coin",
                "I": "ice asteroid",
            }
        ),
    }
)


def _read() -> dict[str, GameVersion]:
    return {name: GameVersion.parse((DATA / f"{name}.json").read_text(encoding="ascii")) for name in TITLES}


#: Game -> its version, with the digest that players are shown. Read once.
CERTIFIED: Mapping[str, GameVersion] = MappingProxyType(_read())

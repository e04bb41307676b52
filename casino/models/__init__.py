"""Games, what they pay, the seeds they draw from, and every round that was played."""

from casino.models.games import Game, GameConfiguration, GameVersion, Rig
from casino.models.limits import PlayLimit
from casino.models.looks import FigureLook
from casino.models.rounds import Round, StoryRound
from casino.models.seeds import SeedPair

__all__ = [
    "FigureLook",
    "Game",
    "GameConfiguration",
    "GameVersion",
    "PlayLimit",
    "Rig",
    "Round",
    "SeedPair",
    "StoryRound",
]

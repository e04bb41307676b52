"""The casino in the console."""

from __future__ import annotations

from django.contrib import admin

from casino.console import trail  # noqa: F401  the words of the casino's actions
from casino.console.games import GamePages
from casino.console.rigs import RigPages
from casino.console.rounds import RoundPages
from casino.console.stories import StoryPages
from casino.models import Game, Rig, Round, StoryRound

admin.site.register(Game, GamePages)
admin.site.register(Round, RoundPages)
admin.site.register(Rig, RigPages)
admin.site.register(StoryRound, StoryPages)

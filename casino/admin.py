"""The casino in the console."""

from __future__ import annotations

from django.contrib import admin

from casino.console import trail  # noqa: F401  the words of the casino's actions
from casino.console.games import GamePages
from casino.console.rounds import RoundPages
from casino.models import Game, Round

admin.site.register(Game, GamePages)
admin.site.register(Round, RoundPages)

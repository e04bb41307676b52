"""The casino in the console."""

from __future__ import annotations

from django.contrib import admin

from accounts.console.pages import ConsoleAdmin
from casino import selectors
from casino.console.rigs import RigPages
from casino.console.stories import StoryPages
from casino.models import Game, Rig, StoryRound


class GamePages(ConsoleAdmin):
    """The machines."""

    view_permission = "casino.view"
    url_key = "name"
    ordering = ("-id",)
    list_display = ("title_of",)

    def title_of(self, row: Game) -> str:
        return selectors.title_of(row.name)


admin.site.register(Game, GamePages)
admin.site.register(Rig, RigPages)
admin.site.register(StoryRound, StoryPages)

"""How often somebody has looked whether a game pays what it should."""

from __future__ import annotations

from django.db import models

from accounts.models import TenantModel
from casino.models.games import Game


class FigureLook(TenantModel):
    """Each look at an alarm is a test, and with enough tests an honest game fails one: so they are counted.

    ``rounds`` is how many rounds the last look saw; looking again before the next round is the same look.
    """

    game = models.OneToOneField(Game, on_delete=models.PROTECT, primary_key=True, related_name="looks")
    looks = models.PositiveIntegerField(default=0)
    rounds = models.PositiveBigIntegerField(default=0)
    first_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.game_id}: {self.looks}"

"""Rounds: one paid spin with its free spins, and the few that the story gave away."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.ids import uuid7
from accounts.models import TenantModel, User
from casino.models.games import Game, GameConfiguration, GameVersion
from casino.models.seeds import SeedPair
from ledger.models import PostedModel, Transfer


class Round(PostedModel):
    """Everything that is needed to draw a round again and to pay it once. Append-only; money in minor units.

    ``selector`` of ``out_of`` chose ``set_name`` (numbers beyond 64 bits, hence text). ``session`` is the sitting: the id of its
    first round. The running totals of the sitting and of the tenant's day include this round, as an entry holds the balance
    after it, so that limits and clocks read one row: the player's last, by ``number``.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The spin has read all of these in its own transaction, and none of them can be deleted; the money is held to be there.
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="rounds", db_index=False, db_constraint=False
    )
    number = models.PositiveIntegerField(help_text=_("1, 2, 3 … of this player, in every game."))
    game = models.ForeignKey(
        Game, on_delete=models.PROTECT, related_name="rounds", db_index=False, db_constraint=False
    )
    configuration = models.ForeignKey(
        GameConfiguration,
        on_delete=models.PROTECT,
        related_name="rounds",
        db_index=False,
        db_constraint=False,
    )
    seed_pair = models.ForeignKey(
        SeedPair, on_delete=models.PROTECT, related_name="rounds", db_index=False, db_constraint=False
    )
    nonce = models.BigIntegerField()
    client_seed = models.CharField(max_length=64)
    stops: Any = models.JSONField()
    selector = models.CharField(max_length=40)
    out_of = models.CharField(max_length=40)
    set_name = models.CharField(max_length=8)
    free_stops: Any = models.JSONField()
    stake = models.BigIntegerField()
    line_bets = models.BigIntegerField(help_text=_("The whole prize, in line bets."))
    win = models.BigIntegerField()
    bet_transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="bet_of")
    win_transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, null=True, related_name="win_of")
    session = models.UUIDField()
    session_rounds = models.PositiveIntegerField()
    session_staked = models.BigIntegerField()
    session_won = models.BigIntegerField()
    day = models.DateField()
    day_staked = models.BigIntegerField()
    day_won = models.BigIntegerField()
    ip = models.GenericIPAddressField(null=True)
    device_id = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    played_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "user", "number"), name="round_number_unique"),
            models.UniqueConstraint(fields=("tenant", "seed_pair", "nonce"), name="round_nonce_unique"),
            models.CheckConstraint(condition=Q(nonce__gte=1), name="round_nonce_from_one"),
            models.CheckConstraint(condition=Q(stake__gte=1), name="round_stake_positive"),
            models.CheckConstraint(
                condition=Q(win=0, line_bets=0, win_transfer__isnull=True)
                | Q(win__gte=1, line_bets__gte=1, win_transfer__isnull=False),
                name="round_win_has_its_transfer",
            ),
        )
        indexes = (
            models.Index(fields=("tenant", "game", "-id"), name="round_of_game"),
            models.Index(fields=("configuration", "-id"), name="round_of_configuration"),
            # Everything that figures are summed from, so that no row has to be read for them.
            models.Index(fields=("tenant", "configuration", "user", "stake", "win"), name="round_figures"),
            models.Index(fields=("tenant", "game", "-win", "-id"), name="round_biggest"),
        )

    def __str__(self) -> str:
        return str(self.id)


class StoryRound(TenantModel):
    """A round that the plot gave to somebody: no stake, no nonce, no draw; a prize (minor units) when it pays one.

    How many there are is public at once; which they were is told to the player at once or, with ``told`` false, when the game
    masters tell all of them at the event's end. ``seen_at`` is when the machine has shown it to the player. A trigger lets
    nothing else change: what was told stays told.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="story_rounds", db_index=False)
    game = models.ForeignKey(Game, on_delete=models.PROTECT, related_name="story_rounds", db_index=False)
    version = models.ForeignKey(GameVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    set_name = models.CharField(max_length=8)
    stops: Any = models.JSONField()
    prize = models.BigIntegerField(default=0)
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, null=True, related_name="story_round")
    reason = models.CharField(max_length=140)
    told = models.BooleanField(default=True)
    seen_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(prize=0, transfer__isnull=True) | Q(prize__gte=1, transfer__isnull=False),
                name="story_round_prize_has_its_transfer",
            ),
        )
        indexes = (models.Index(fields=("user", "-id"), name="story_round_of_user"),)

    def __str__(self) -> str:
        return str(self.id)

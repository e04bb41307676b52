"""A game of an event, the versions of its reels, and the chain of configurations that say what it pays."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.crypto import EncryptedField
from accounts.models import TenantModel, User
from casino.mixing import PAYOUT_MAX, PAYOUT_MIN

STAKES_DEFAULT = (1_00, 2_00, 5_00, 10_00, 20_00)
PACE_MS_DEFAULT = 2_500


def default_stakes() -> list[int]:
    """The stakes of a new game, in minor units."""
    return list(STAKES_DEFAULT)


class GameVersion(TenantModel):
    """The reels, lines and prizes of a game, as the canonical JSON that strangers check. Append-only.

    ``digest`` is the SHA-256 of ``canonical`` in hexadecimal; ``casino.reels.GameVersion.parse`` reads it. ``figures`` are the
    certificates of its sets.
    """

    id = models.BigAutoField(primary_key=True)
    game = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    canonical = models.TextField()
    # What certifying has found of each set, by its name: nothing is enumerated while somebody plays.
    figures: Any = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "game", "digest"), name="game_version_unique"),
        )

    def __str__(self) -> str:
        return f"{self.game} {self.digest[:8]}"


class Game(TenantModel):
    """One machine of an event, and what the game masters may change about it from one spin to the next.

    Money is minor units of the event's first currency. What it pays stands in its configurations, which are for ever.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=20, help_text=_("As in its address: glitch_grid, starlight_smuggler."))
    enabled = models.BooleanField(default=True)
    frozen_reason = models.CharField(
        max_length=140, blank=True, help_text=_("Stopped by the plot; players read this sentence.")
    )
    stakes: Any = models.JSONField(
        default=default_stakes, help_text=_("The stakes offered, smallest first; between them any fits.")
    )
    pace_ms = models.PositiveIntegerField(
        default=PACE_MS_DEFAULT, help_text=_("The least time between two spins of a player.")
    )
    autoplay = models.BooleanField(default=False)
    opens_at = models.TimeField(null=True, blank=True)
    closes_at = models.TimeField(null=True, blank=True)
    spins_expected = models.PositiveIntegerField(
        default=1_000, help_text=_("How many spins this event will see, for the range of what it may pay.")
    )

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "name"), name="game_name_unique"),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True, closes_at__isnull=True)
                | Q(opens_at__isnull=False, closes_at__isnull=False) & ~Q(opens_at=F("closes_at")),
                name="game_opens_and_closes",
            ),
        )

    def __str__(self) -> str:
        return self.name


class GameConfiguration(TenantModel):
    """What a game pays, from one moment on: a link of the chain of its event and game. Append-only.

    ``payout`` is hundredths of a per cent (9600 is 96.00 %), None while a rig decides it. ``digest`` is the SHA-256 of
    ``canonical``, which holds the digest of the link before.
    """

    id = models.BigAutoField(primary_key=True)
    game = models.ForeignKey(Game, on_delete=models.PROTECT, related_name="configurations", db_index=False)
    seq = models.PositiveIntegerField()
    version = models.ForeignKey(GameVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    payout = models.PositiveIntegerField(null=True)
    canonical = models.TextField()
    digest = models.CharField(max_length=64)
    prev_digest = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "game", "seq"), name="configuration_seq_unique"),
            models.UniqueConstraint(fields=("tenant", "digest"), name="configuration_digest_unique"),
            models.CheckConstraint(
                condition=Q(payout__isnull=True) | Q(payout__gte=PAYOUT_MIN, payout__lte=PAYOUT_MAX),
                name="configuration_payout_range",
            ),
            models.CheckConstraint(condition=Q(seq__gte=1), name="configuration_seq_from_one"),
        )

    def __str__(self) -> str:
        return f"{self.game_id}#{self.seq}"


class Rig(TenantModel):
    """The secret of a sealed configuration: a schedule of payouts that the plot needs, committed to by its hash.

    ``secret`` is the salt in hexadecimal, a colon, and the canonical schedule, encrypted until it is told. ``payout_from`` and
    ``payout_to`` (hundredths of a per cent) are public from the beginning, and so is ``reveal_by``, the moment by which the game
    masters have promised to tell it. A trigger lets nothing change but the sealing of the secret, and ``revealed_at`` once.
    """

    configuration = models.OneToOneField(
        GameConfiguration, on_delete=models.PROTECT, primary_key=True, related_name="rig"
    )
    commitment = models.CharField(max_length=64)
    payout_from = models.PositiveIntegerField()
    payout_to = models.PositiveIntegerField()
    secret = EncryptedField()
    reveal_by = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-configuration",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "commitment"), name="rig_commitment_unique"),
            models.CheckConstraint(
                condition=Q(
                    payout_from__gte=PAYOUT_MIN,
                    payout_from__lte=F("payout_to"),
                    payout_to__lte=PAYOUT_MAX,
                ),
                name="rig_payout_range",
            ),
        )

    def __str__(self) -> str:
        return self.commitment[:8]

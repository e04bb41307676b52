"""The seeds that a player's rounds are drawn from."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.crypto import EncryptedField
from accounts.ids import uuid7
from accounts.models import TenantModel, User


class SeedPair(TenantModel):
    """A server seed that was committed to before play, and the client seed used when a spin brings none.

    A player has one ACTIVE pair and one NEXT. Lock contract: whoever spins or rotates holds the row of the ACTIVE pair, so a
    player's rounds happen one after the other and their nonces have no gaps. A seed that drew rounds of a sealed rig is not
    told before the rig is.
    """

    class State(models.TextChoices):
        NEXT = "next", _("next")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="seed_pairs", db_index=False)
    state = models.CharField(max_length=7, choices=State.choices)
    server_seed = EncryptedField()
    server_seed_hash = models.CharField(max_length=64)
    client_seed = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "user", "state"),
                condition=Q(state__in=("next", "active")),
                name="seed_pair_one_of_each",
            ),
            models.UniqueConstraint(fields=("tenant", "server_seed_hash"), name="seed_hash_unique"),
            models.CheckConstraint(
                condition=Q(state="retired", retired_at__isnull=False)
                | ~Q(state="retired") & Q(retired_at__isnull=True),
                name="seed_pair_retired_at_a_time",
            ),
        )
        indexes = (models.Index(fields=("user", "-id"), name="seed_pair_of_user"),)

    def __str__(self) -> str:
        return self.server_seed_hash[:8]

"""What a player has set against themselves."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import TenantModel, User


class PlayLimit(TenantModel):
    """A player's own limits, in minor units; None is no limit. Tighter holds at once, looser a day later.

    ``later_*`` are the looser values that were asked for, and ``later_at`` the moment from which they hold. ``paused_until`` is
    how long the player wants to be kept from playing; it is never shortened.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True, related_name="play_limit")
    stake_max = models.BigIntegerField(null=True)
    loss_per_day = models.BigIntegerField(null=True)
    loss_per_session = models.BigIntegerField(null=True)
    later_stake_max = models.BigIntegerField(null=True)
    later_loss_per_day = models.BigIntegerField(null=True)
    later_loss_per_session = models.BigIntegerField(null=True)
    later_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=(Q(stake_max__isnull=True) | Q(stake_max__gte=1))
                & (Q(loss_per_day__isnull=True) | Q(loss_per_day__gte=0))
                & (Q(loss_per_session__isnull=True) | Q(loss_per_session__gte=0)),
                name="play_limit_range",
            ),
        )

    def __str__(self) -> str:
        return str(self.user_id)

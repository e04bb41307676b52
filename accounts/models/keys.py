"""Devices: tills, scanners, props. One kind of token, an API key."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.ids import uuid7
from accounts.models.people import User
from accounts.models.tenants import TenantModel


class ApiKey(TenantModel):
    """``nbk_<prefix>_<secret>``: only a digest of the secret is kept, the key is shown once.

    A prop's flash can be read with a cable, so a key is bound to one account that it may only credit, with limits that
    must be set. Amounts are minor units of that account's currency.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    prefix = models.CharField(max_length=8, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    name = models.CharField(max_length=64)
    place = models.CharField(max_length=64, blank=True)
    scopes = models.JSONField(default=list)
    # The account it is bound to, by number: the ground floor names things upstairs without seeing them.
    account_number = models.CharField(max_length=12)
    limit_per_payment = models.BigIntegerField()
    limit_per_day = models.BigIntegerField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("device key")
        constraints = (
            models.UniqueConstraint(fields=("tenant", "prefix"), name="api_key_prefix_unique"),
            models.CheckConstraint(
                condition=models.Q(limit_per_payment__gt=0, limit_per_day__gt=0),
                name="api_key_limits_positive",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it opens anything now: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

"""Tenants, and the three tables that are read before a tenant is known (the only ones without row-level security)."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from accounts import tenancy
from accounts.ids import uuid7


def _known_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("%(name)s is not a time zone; try Europe/Berlin."), params={"name": name})


class Tenant(models.Model):
    """One event or brand. Every row of business data belongs to exactly one."""

    class Registration(models.TextChoices):
        OPEN = "open", _("open: anybody may register")
        EVENT_CODE = "event_code", _("event code: whoever knows the word on the poster")
        INVITE = "invite", _("invite: only with a personal invitation")
        CLOSED = "closed", _("closed: game masters create the players")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    time_zone = models.CharField(max_length=64, default="Europe/Berlin", validators=[_known_time_zone])
    day_starts_at = models.TimeField(default=dt.time(6), help_text=_("A night belongs to its evening."))
    language = models.CharField(max_length=10, default="en", choices=settings.LANGUAGES)
    registration = models.CharField(
        max_length=12, choices=Registration.choices, default=Registration.EVENT_CODE
    )
    event_code = models.CharField(max_length=64, blank=True)
    welcome_bonus = models.BigIntegerField(default=0, help_text=_("Minor units of the first currency."))
    bonus_when_open = models.BooleanField(
        default=False, help_text=_("Pay the welcome bonus on open registration too (demonstrations only).")
    )
    faction_choice = models.BooleanField(default=True, help_text=_("Players may choose their own faction."))
    cors_origins = models.JSONField(default=list, blank=True)
    accent_dark = models.CharField(max_length=7, blank=True)
    glow_dark = models.CharField(max_length=7, blank=True)
    accent_light = models.CharField(max_length=7, blank=True)
    glow_light = models.CharField(max_length=7, blank=True)
    logo = models.CharField(
        max_length=32, blank=True, help_text=_("Digest of the picture in accounts.Logo; empty: none.")
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=140, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("slug",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(welcome_bonus__gte=0, welcome_bonus__lte=2**53 - 1),
                name="tenant_bonus_range",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def day_of(self, moment: dt.datetime) -> dt.date:
        """The in-world day of an aware ``moment``: it begins at ``day_starts_at`` in the tenant's time zone."""
        local = moment.astimezone(ZoneInfo(self.time_zone))
        return local.date() if local.time() >= self.day_starts_at else local.date() - dt.timedelta(days=1)

    def beginning_of(self, day: dt.date) -> dt.datetime:
        """The moment at which an in-world ``day`` begins."""
        return dt.datetime.combine(day, self.day_starts_at, tzinfo=ZoneInfo(self.time_zone))


class Domain(models.Model):
    """A host name under which a tenant is served."""

    host = models.CharField(max_length=253, primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="domains")

    def __str__(self) -> str:
        return self.host


class CredentialTenant(models.Model):
    """Which tenant a credential's public part (key prefix or session id) belongs to; holds no secret."""

    handle = models.CharField(max_length=64, primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.handle


class _TenantManager(models.Manager[Any]):
    """Manager whose bulk writes keep to the scope as ``save`` does."""

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[Any]:
        rows = list(objs)
        for row in rows:
            row.take_tenant()
        return super().bulk_create(rows, *args, **kwargs)


class TenantModel(models.Model):
    """A row of business data: takes its tenant from the scope, and is only found within it."""

    # Without its own index: every query is led by a key that already begins with, or implies, the tenant.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )

    objects: ClassVar[models.Manager[Any]] = ScopedManager(tenant="tenant", _manager_class=_TenantManager)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.take_tenant()
        super().save(*args, **kwargs)

    def take_tenant(self) -> None:
        """Set the tenant from the scope. Raises ``ValueError`` for a row of another tenant."""
        scope_tenant = tenancy.current()
        if self.tenant_id is None:
            self.tenant = scope_tenant
        elif self.tenant_id != scope_tenant.pk:
            raise ValueError(f"{self._meta.label} of another tenant cannot be written in this scope")


class Logo(TenantModel):
    """The picture of an event, apart from its row: that is read with every request, this by a browser once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    body = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tenant",), name="logo_one_an_event"),)

    def __str__(self) -> str:
        return str(self.pk)

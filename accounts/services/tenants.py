"""Making an event."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, directory, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, Invalid
from accounts.models import Domain, Tenant

# What the person who makes an event may choose; everything else is changed later, with a trail.
CHOICES = (
    "time_zone",
    "day_starts_at",
    "language",
    "registration",
    "event_code",
    "welcome_bonus",
    "bonus_when_open",
    "faction_choice",
)


def create_tenant(
    *, command: str, slug: str, name: str, hosts: tuple[str, ...] = (), **choices: Any
) -> Tenant:
    """Make the event ``slug``, served under ``hosts``; ``choices`` are columns of ``Tenant`` named in ``CHOICES``.

    There is no actor before there is a tenant: the trail begins with staff at the machine and their ``command``. Raises
    ``Invalid`` (``invalid_tenant``, with the field) and ``Conflict`` (``slug_used``, ``host_used``).
    """
    unknown = choices.keys() - set(CHOICES)
    if unknown:
        raise TypeError(f"create_tenant does not take {sorted(unknown)}")
    if slug == directory.SYSTEM_SLUG:
        raise Invalid("invalid_tenant", _("The name system is taken by the platform itself."), field="slug")
    tenant = Tenant(slug=slug, name=name.strip(), **choices)
    try:
        tenant.full_clean(validate_unique=False)
    except ValidationError as error:
        field, sentences = next(iter(error.message_dict.items()))
        raise Invalid("invalid_tenant", f"{field}: {sentences[0]}", field=field) from error
    with transaction.atomic(durable=True):
        if Tenant.objects.filter(slug=slug).exists():
            raise Conflict(
                "slug_used", _("There is an event %(slug)s already.") % {"slug": slug}, field="slug"
            )
        tenant.save(force_insert=True)
        for host in hosts:
            if Domain.objects.filter(host=host.lower()).exists():
                raise Conflict(
                    "host_used", _("%(host)s leads to another event already.") % {"host": host}, field="hosts"
                )
            Domain.objects.create(host=host.lower(), tenant=tenant)
        with tenancy.scope(tenant):
            audit.record(
                actor=Actor.server(tenant, command),
                action="tenant.create",
                target=f"accounts.tenant:{slug}",
                name=tenant.name,
                registration=tenant.registration,
                hosts=list(hosts),
            )
    return tenant

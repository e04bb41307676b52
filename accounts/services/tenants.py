"""Making an event."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, directory, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid
from accounts.models import Domain, Tenant
from accounts.services.settings import target
from accounts.units import unit_of_work

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
# As a browser sends it, without its port.
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_HOST_LENGTH_MAX: Final = 253


def create_tenant(
    *, command: str, slug: str, name: str, hosts: tuple[str, ...] = (), **choices: Any
) -> Tenant:
    """Make the event ``slug``, served under ``hosts``; ``choices`` are columns of ``Tenant`` named in ``CHOICES``.

    There is no actor before there is a tenant: the trail begins with staff at the machine and their ``command``. With several
    events each needs a host name to be found by. Raises ``Invalid`` (``invalid_tenant``, with the field) and ``Conflict``
    (``slug_used``, ``host_used``, ``host_missing``).
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
        names = _clean(hosts)
        _refuse_what_nobody_would_find(names)
        tenant.save(force_insert=True)
        _serve(tenant, names)
        with tenancy.scope(tenant):
            audit.record(
                actor=Actor.server(tenant, command),
                action="tenant.create",
                target=target(tenant),
                name=tenant.name,
                registration=tenant.registration,
                hosts=names,
            )
    return tenant


@unit_of_work
def add_hosts(*, actor: Actor, hosts: Iterable[str]) -> list[str] | DomainError:
    """Serve the actor's event under ``hosts`` too; returns those that are new.

    Raises ``Denied``, ``Invalid`` (``invalid_tenant``), ``Conflict`` (``host_used``).
    """
    actor.require("accounts.manage_tenant")
    added = _serve(actor.tenant, _clean(hosts))
    if added:
        audit.record(actor=actor, action="tenant.hosts", target=target(actor.tenant), hosts=added)
    return added


def _clean(hosts: Iterable[str]) -> list[str]:
    """Host names as they are looked for, each once. Raises ``Invalid`` (``invalid_tenant``)."""
    names = list(dict.fromkeys(host.strip().rstrip(".").lower() for host in hosts))
    for name in names:
        if len(name) > _HOST_LENGTH_MAX or not _HOST.fullmatch(name):
            raise Invalid(
                "invalid_tenant",
                _("%(host)s is not a host name. Write it alone, without https:// and port: bank.example.")
                % {"host": name[:80]},
                field="hosts",
            )
    return names


def _serve(tenant: Tenant, hosts: list[str]) -> list[str]:
    leads_to = dict(Domain.objects.filter(host__in=hosts).values_list("host", "tenant_id"))
    for host in hosts:
        if leads_to.get(host, tenant.pk) != tenant.pk:
            raise Conflict(
                "host_used", _("%(host)s leads to another event already.") % {"host": host}, field="hosts"
            )
    added = [host for host in hosts if host not in leads_to]
    for host in added:
        Domain.objects.create(host=host, tenant=tenant)
    return added


def _refuse_what_nobody_would_find(hosts: list[str]) -> None:
    """An event without a host name is found as long as it is the only one."""
    others = Tenant.objects.exclude(slug=directory.SYSTEM_SLUG)
    nameless = others.filter(domains=None).first()
    if nameless is not None:
        raise Conflict(
            "host_missing",
            _(
                "%(name)s has no host name, so with a second event nobody would find it any more. Give it one first: "
                "manage.py create_tenant %(slug)s %(quoted)s --host HOST"
            )
            % {"name": nameless.name, "slug": nameless.slug, "quoted": shlex.quote(nameless.name)},
            field="hosts",
        )
    if not hosts and others.exists():
        raise Conflict(
            "host_missing",
            _(
                "There are other events, so nobody would find this one without a host name of its own: --host HOST"
            ),
            field="hosts",
        )

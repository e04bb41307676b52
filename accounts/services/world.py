"""The world pause: one switch that stops all postings of players and terminals."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError
from accounts.models import Tenant
from accounts.units import unit_of_work


@unit_of_work
def pause_world(*, actor: Actor, reason: str = "") -> Tenant | DomainError:
    """Stop the postings of players and terminals; game masters go on.

    A posting that was under way when this was called may still commit; none that begins after it has returned does. Raises
    ``Denied``, ``Conflict`` (``paused_already``).
    """
    actor.require("ledger.pause")
    tenant = _locked(actor)
    if tenant.paused_at is not None:
        raise Conflict("paused_already", _("The world is paused already."))
    tenant.paused_at, tenant.pause_reason = timezone.now(), reason[:140]
    return _saved(actor, tenant, "world.pause", reason)


@unit_of_work
def resume_world(*, actor: Actor, reason: str = "") -> Tenant | DomainError:
    """Let postings go on. Raises ``Denied``, ``Conflict`` (``not_paused``)."""
    actor.require("ledger.pause")
    tenant = _locked(actor)
    if tenant.paused_at is None:
        raise Conflict("not_paused", _("The world is not paused."))
    tenant.paused_at, tenant.pause_reason = None, ""
    return _saved(actor, tenant, "world.resume", reason)


def _locked(actor: Actor) -> Tenant:
    return Tenant.objects.select_for_update(no_key=True).get(pk=actor.tenant.pk)


def _saved(actor: Actor, tenant: Tenant, action: str, reason: str) -> Tenant:
    tenant.save(update_fields=["paused_at", "pause_reason"])
    audit.record(actor=actor, action=action, target=f"accounts.tenant:{tenant.slug}", reason=reason)
    return tenant

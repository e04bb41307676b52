"""That an event was carried out of a database, or into it, stands in its trail."""

from __future__ import annotations

from typing import Any

from accounts import audit
from accounts.actors import Actor
from accounts.models import AuditEvent
from accounts.units import unit_of_work


@unit_of_work
def remember(*, actor: Actor, action: str, **facts: Any) -> AuditEvent:
    """Record ``action`` (``event.export``, ``event.import`` or ``event.restore``) with ``facts`` about the file."""
    actor.require("ledger.export")
    target = f"accounts.tenant:{actor.tenant.slug}"
    return audit.record(actor=actor, action=action, target=target, **facts)

"""The trail: one gesture inside the transaction of the thing it tells about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts.actors import Actor
from accounts.models import AuditEvent


def record(*, actor: Actor, action: str, target: str = "", status: str = "ok", **metadata: Any) -> AuditEvent:
    """Write one line: ``action`` is ``noun.verb``, ``target`` names the thing as text (``ledger.account:NC-7F3K-Q2MX``),
    ``status`` is ``ok`` or the code of the refusal, ``metadata`` plain JSON values without secrets.
    """
    event = _line(actor, action, target, status, metadata)
    event.save(force_insert=True)
    return event


def record_all(*, actor: Actor, action: str, lines: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Write one line for each target and its metadata, all at once: for what is done to hundreds."""
    AuditEvent.objects.bulk_create(_line(actor, action, target, "ok", metadata) for target, metadata in lines)


def _line(actor: Actor, action: str, target: str, status: str, metadata: dict[str, Any]) -> AuditEvent:
    return AuditEvent(
        actor_user_id=actor.user_id,
        actor_key_id=actor.key_id,
        actor_label=actor.name[:80],
        action=action,
        target=target[:100],
        status=status,
        ip=actor.origin.ip,
        device_id=actor.origin.device_id[:64],
        user_agent=actor.origin.user_agent[:200],
        request_id=actor.origin.request_id[:64],
        metadata=metadata,
        created_at=timezone.now(),
    )

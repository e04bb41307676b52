"""One trail from many records: what people see as "my activity" and game masters search.

Each floor keeps records of its own (events here, transfers in the ledger) and yields them as ``Activity``, newest first; the
roof merges them. A source is a function ``(actor, wanted, after, limit) -> list[Activity]``.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts import selectors
from accounts.actors import Actor
from accounts.errors import Denied, Invalid
from accounts.models import ApiKey, AuditEvent

SEES_EVERYTHING = "accounts.view_audit"
EVENT = "accounts.event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One line of the trail. ``place`` says to its source where the list goes on after it.

    ``record`` is the kind of row that it is read from, and ``id`` is that row's.
    """

    id: uuid.UUID
    record: str
    created_at: dt.datetime
    actor_id: uuid.UUID | None
    actor_name: str
    action: str
    target: str
    status: str = "ok"
    ip: str | None = None
    device_id: str = ""
    user_agent: str = ""
    request_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines are wanted: of whom (a person or a device, None for everybody), and exact matches of the rest.

    ``user_ids`` and ``actions`` are any of some. ``by_right`` leaves out what took no game master's rights: movements that
    their payer or receiver started, and what was refused to somebody for want of rights.
    """

    user_id: uuid.UUID | None = None
    user_ids: frozenset[uuid.UUID] | None = None
    key_id: uuid.UUID | None = None
    action: str = ""
    actions: frozenset[str] | None = None
    by_right: bool = False
    target: str = ""
    status: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def wanted_by(actor: Actor, *, who: str = "", **more: Any) -> Wanted:
    """What ``actor`` may see of what is asked for: people their own lines, game masters those of ``who`` or everybody's.

    ``who`` is a character name, or the id of a person or a device. Raises ``Denied`` (``not_allowed``) for somebody who asks
    for others without being allowed to, ``NotFound`` (``unknown_person``).
    """
    if not actor.may(SEES_EVERYTHING):
        if who:
            raise Denied(
                "not_allowed", _("You can see your own activity only. Leave out the actor."), field="actor"
            )
        return Wanted(user_id=actor.user_id, **more)
    if not who:
        return Wanted(**more)
    try:
        named = uuid.UUID(who)
    except ValueError:
        return Wanted(user_id=selectors.person_named(actor, who).pk, **more)
    if ApiKey.objects.filter(pk=named).exists():
        return Wanted(key_id=named, **more)
    return Wanted(user_id=named, **more)


def of_events(actor: Actor, wanted: Wanted, after: str | None, limit: int) -> list[Activity]:
    """The events that ``wanted`` describes, as far as ``actor`` may see them. Raises ``Invalid`` (``bad_cursor``)."""
    # By id, which is by time to the millisecond: every index of the trail ends with it.
    events = AuditEvent.objects.filter(**_conditions(actor, wanted)).order_by("-id")
    if after is not None:
        events = events.filter(id__lt=_place(after))
    if wanted.by_right:
        events = events.exclude(status="not_allowed")
    return [line_of(event) for event in events[:limit]]


def line_of(event: AuditEvent) -> Activity:
    """An event as a line of the trail."""
    return Activity(
        id=event.pk,
        record=EVENT,
        created_at=event.created_at,
        actor_id=event.actor_user_id or event.actor_key_id,
        actor_name=event.actor_label,
        action=event.action,
        target=event.target,
        status=event.status,
        ip=event.ip,
        device_id=event.device_id,
        user_agent=event.user_agent,
        request_id=event.request_id,
        details=event.metadata,
        place=str(event.pk),
    )


def _conditions(actor: Actor, wanted: Wanted) -> dict[str, Any]:
    if actor.user_id is None and not actor.may(SEES_EVERYTHING):
        raise Denied("not_allowed", _("You are not allowed to do this. Ask a game master."))
    exact = {
        "actor_user_id": wanted.user_id if actor.may(SEES_EVERYTHING) else actor.user_id,
        "actor_user_id__in": wanted.user_ids,
        "actor_key_id": wanted.key_id,
        "action": wanted.action,
        "action__in": wanted.actions,
        "target": wanted.target,
        "status": wanted.status,
        "created_at__gte": wanted.since,
        "created_at__lte": wanted.until,
    }
    return {column: value for column, value in exact.items() if value not in (None, "")}


def _place(after: str) -> uuid.UUID:
    try:
        return uuid.UUID(after)
    except ValueError:
        raise bad_place() from None


def bad_place() -> Invalid:
    """The refusal of a place that no source has given out."""
    return Invalid("bad_cursor", _("This page's address is not complete. Start again at the first page."))

"""One trail from many records: what people see as "my activity" and game masters search.

Each floor keeps records of its own (events here, transfers in the ledger) and yields them as ``Activity``, newest first; the
roof merges them. A source is a function ``(actor, wanted, after, limit) -> list[Activity]``.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import search, selectors
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


def of_events(
    actor: Actor, wanted: Wanted, after: str | None, limit: int, *, things: Sequence[str] = ()
) -> list[Activity]:
    """The events that ``wanted`` describes: to game masters all of them, to others ``own_events``.

    Raises ``Denied`` (``not_allowed``), ``Invalid`` (``bad_cursor``).
    """
    if not actor.may(SEES_EVERYTHING):
        return own_events(actor, wanted, after, limit, things=things)
    return [line_of(event) for event in _newest(_conditions(wanted), wanted, after, limit)]


def own_events(
    actor: Actor, wanted: Wanted, after: str | None, limit: int, *, things: Sequence[str] = ()
) -> list[Activity]:
    """What the actor did, and what anybody did to the actor's login, faction and ``things``, as far as it is wanted.

    ``things`` are targets that upper floors know to be the actor's. Where others were, unless nobody knows who it was, and what
    they noted for themselves is left out. Raises ``Denied`` (``not_allowed``) for a device, ``Invalid`` (``bad_cursor``).
    """
    if actor.user is None:
        raise Denied("not_allowed", _("You are not allowed to do this. Ask a game master."))
    whoever = _conditions(replace(wanted, user_id=None, user_ids=None, key_id=None))
    walks = [whoever | {"actor_user_id": actor.user_id}]
    mine = [f"accounts.user:{actor.user_id}", *things]
    if actor.user.faction_id is not None:
        mine.append(search.target_of(search.FACTION, actor.user.faction_id))
    walks += [whoever | {"target": target} for target in mine if wanted.target in ("", target)]
    # A walk along an index each, then the newest of all: one condition with OR would read the whole trail and sort it.
    found = {event.pk: event for walk in walks for event in _newest(walk, wanted, after, limit)}
    newest = sorted(found.values(), key=lambda event: event.pk, reverse=True)[:limit]
    return [_as_told(line_of(event), actor) for event in newest]


def _as_told(line: Activity, actor: Actor) -> Activity:
    """A line as ``actor`` may read it."""
    if line.actor_id == actor.user_id:
        return line
    if line.actor_id is None:
        # Somebody tried his passwords, say: where that was is all that can be known.
        return replace(line, details={}, device_id="", request_id="")
    return replace(line, details={}, device_id="", request_id="", ip=None, user_agent="")


def _newest(
    conditions: dict[str, Any], wanted: Wanted, after: str | None, limit: int
) -> QuerySet[AuditEvent]:
    # By id, which is by time to the millisecond: every index of the trail ends with it.
    events = AuditEvent.objects.filter(**conditions).order_by("-id")
    if after is not None:
        events = events.filter(id__lt=_place(after))
    if wanted.by_right:
        events = events.exclude(status="not_allowed")
    return events[:limit]


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


def _conditions(wanted: Wanted) -> dict[str, Any]:
    exact = {
        "actor_user_id": wanted.user_id,
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

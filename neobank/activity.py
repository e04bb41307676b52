"""The activity trail (``GET /api/v1/audit``): what each floor has recorded, merged into one list, newest first."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import activity as accounts_activity
from accounts.activity import Activity, Wanted
from accounts.actors import Actor
from accounts.api_fields import StrictSerializer, TextField
from accounts.permissions import SignedIn
from ledger import selectors as ledger_selectors
from ledger.selectors.activity import stretch_end
from neobank.pagination import Cursor, bad_cursor

Source = Callable[[Actor, Wanted, str | None, int], list[Activity]]


def _events(actor: Actor, wanted: Wanted, after: str | None, limit: int) -> list[Activity]:
    sees_all = actor.may(accounts_activity.SEES_EVERYTHING)
    things = () if sees_all else ledger_selectors.targets_of(actor)
    return accounts_activity.of_events(actor, wanted, after, limit, things=things)


SOURCES: Final[dict[str, Source]] = {
    "accounts": _events,
    "ledger": ledger_selectors.activity,
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some lines, and where the next ones begin (None at the end).

    ``looked_back_to`` is where looking stopped before there were as many as asked for (None: it did not).
    """

    lines: list[Activity]
    next: Cursor | None = None
    looked_back_to: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """The whole trail as far as ``actor`` may see it, page by page."""

    actor: Actor
    wanted: Wanted

    def page(self, *, cursor: Cursor | None, limit: int) -> tuple[list[Activity], Cursor | None]:
        """At most ``limit`` lines after ``cursor`` (each source's own place), and where the next page begins."""
        stretch = self.stretch(cursor=cursor, limit=limit)
        return stretch.lines, stretch.next

    def stretch(self, *, cursor: Cursor | None, limit: int, look_through: int | None = None) -> Stretch:
        """The same, looking for what is rare through at most ``look_through`` transfers: no index leads to it.

        No source is looked at beyond that moment, or lines of one would stand there without those of the other between them.
        """
        places = cursor or {}
        if not places.keys() <= SOURCES.keys() or not all(
            isinstance(place, str) for place in places.values()
        ):
            raise bad_cursor()
        end = stretch_end(self.wanted, places.get("ledger"), look_through) if look_through else None
        wanted = replace(self.wanted, since=end[0]) if end else self.wanted
        found = [
            [(name, line) for line in source(self.actor, wanted, places.get(name), limit + 1)]
            for name, source in SOURCES.items()
        ]
        merged = list(heapq.merge(*found, key=lambda row: row[1].created_at, reverse=True))
        lines = [line for _name, line in merged[:limit]]
        reached = {**places, **{name: line.place for name, line in merged[:limit]}}
        if len(merged) > limit:
            return Stretch(lines, reached)
        return Stretch(lines, {**reached, "ledger": end[1]}, end[0]) if end else Stretch(lines)


class ActivityQuery(StrictSerializer):
    """Which lines of the trail are wanted."""

    actor = TextField(
        required=False,
        max_length=64,
        help_text="Game masters only: a character's name, or the id of a person or a device.",
    )
    action = TextField(
        required=False, max_length=48, help_text="Exactly: `account.freeze`, `transfer.refund`."
    )
    target = TextField(required=False, max_length=100, help_text="Exactly: `ledger.account:NC-7F3K-Q2MX`.")
    status = TextField(required=False, max_length=48, help_text="`ok`, or the code of a refusal.")
    created_at__gte = serializers.DateTimeField(required=False, help_text="Not before this moment.")
    created_at__lte = serializers.DateTimeField(required=False, help_text="Not after this moment.")

    def wanted(self, actor: Actor) -> Wanted:
        """The lines that the validated query asks for. Raises ``Denied``, ``NotFound`` (``unknown_person``)."""
        asked = self.validated_data
        return accounts_activity.wanted_by(
            actor,
            who=asked.get("actor", ""),
            action=asked.get("action", ""),
            target=asked.get("target", ""),
            status=asked.get("status", ""),
            since=asked.get("created_at__gte"),
            until=asked.get("created_at__lte"),
        )


class ActivityAnswer(serializers.Serializer[Any]):
    """One line of the trail."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    actor_id = serializers.UUIDField(
        allow_null=True, help_text="A person or a device; null for staff at the server."
    )
    actor_name = serializers.CharField()
    action = serializers.CharField()
    target = serializers.CharField(help_text="What it was done to; may be empty.")
    status = serializers.CharField(help_text="`ok`, or the code of the refusal.")
    ip = serializers.IPAddressField(allow_null=True)
    device_id = serializers.CharField()
    user_agent = serializers.CharField()
    request_id = serializers.CharField()
    details = serializers.DictField(help_text="What belongs to this action; amounts in minor units.")


class TrailView(GenericAPIView[Any]):
    """My activity; for game masters everybody's."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="audit",
        summary="My activity",
        parameters=[ActivityQuery],
        responses=ActivityAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Newest first. People see what they did and what others did with their login and accounts, game masters everything."""
        actor = cast(Actor, request.auth)
        names = {
            name: value for name, value in request.query_params.items() if name not in ("limit", "cursor")
        }
        asked = ActivityQuery(data=names)
        asked.is_valid(raise_exception=True)
        page = self.paginate_queryset(cast(Any, Trail(actor, asked.wanted(actor))))
        return self.get_paginated_response(ActivityAnswer(page, many=True).data)

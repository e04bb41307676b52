"""Sealed rigs, and what may be told of them to whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

from django.db.models import QuerySet

from accounts import crypto
from accounts.actors import Actor
from casino.configuration import Step, parse_schedule
from casino.models import Game, Rig


@dataclass(frozen=True, slots=True)
class Told:
    """What a revealed rig publishes: SHA-256 of the salt's bytes and the schedule is its commitment."""

    salt: str
    schedule: str

    @property
    def steps(self) -> tuple[Step, ...]:
        """The schedule, read."""
        return parse_schedule(self.schedule)


def with_games() -> QuerySet[Rig]:
    """Every rig of the event, newest first, with its configuration and game."""
    return cast("QuerySet[Rig]", Rig.objects.select_related("configuration__game").order_by("-configuration"))


def sealed_rig(game: Game) -> Rig | None:
    """The rig of ``game`` that nobody has told yet."""
    return with_games().filter(configuration__game=game, revealed_at=None).first()


def overdue_rigs(now: dt.datetime) -> list[Rig]:
    """Rigs that were promised to be told by now, and were not."""
    return list(with_games().filter(revealed_at=None, reveal_by__lte=now))


def published(rig: Rig) -> Told | None:
    """Salt and schedule of a rig that was revealed, None while it is sealed."""
    return _opened(rig) if rig.revealed_at is not None else None


def published_to(actor: Actor, rig: Rig) -> Told | None:
    """The same for ``actor``: game masters (``casino.manage``) know it before it is revealed."""
    return _opened(rig) if actor.may("casino.manage") else published(rig)


def _opened(rig: Rig) -> Told:
    salt, _colon, schedule = crypto.open_from(rig, "secret").partition(":")
    return Told(salt, schedule)

"""The games of an event, as players and machines see them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts import crypto
from accounts.errors import NotFound
from accounts.models import Tenant
from casino import games, reels
from casino.configuration import parse_schedule, payout_at
from casino.mixing import Mix, mix, payout, sets_within
from casino.models import Game, GameConfiguration, GameVersion


@dataclass(frozen=True, slots=True)
class Certified:
    """A version of a game, and what certifying has found of its sets."""

    digest: str
    version: reels.GameVersion
    figures: dict[str, dict[str, Any]]

    def bound_of(self, sets: Iterable[reels.StripSet]) -> int:
        """The largest prize of a round on any of ``sets``, in line bets."""
        return max(int(self.figures[one.name]["bound"]) for one in sets)

    def mix_at(self, hundredths: int) -> Mix:
        """The mix of this version that pays exactly ``hundredths`` of a per cent."""
        return _mix(self.digest, hundredths)


# By the digest of a configuration: it never changes, and neither does the version that it names.
_KNOWN: Final[dict[str, Certified]] = {}
_BY_VERSION: Final[dict[str, Certified]] = {}


def game_named(name: str) -> Game:
    """The game with ``name``, hyphens or underscores. Raises ``NotFound`` (``unknown_game``)."""
    game = Game.objects.filter(name=name_of(name)).first()
    if game is None:
        raise unknown_game(name)
    return cast(Game, game)


def name_of(typed: str) -> str:
    """``glitch-grid``, as addresses have it, is ``glitch_grid``."""
    return typed.replace("-", "_")


def unknown_game(name: str) -> NotFound:
    """The refusal where a game does not exist, or this event has not opened it."""
    return NotFound("unknown_game", _("There is no game %(name)s here.") % {"name": name[:40]})


def title_of(name: str) -> str:
    """What people call a game; a proper name, the same in every language."""
    return games.TITLES[name]


def current_configuration(game: Game) -> GameConfiguration:
    """The configuration that the next spin plays on."""
    newest = (
        GameConfiguration.objects.filter(game=game)
        .select_related("version", "rig", "game")
        .order_by("-seq")
        .first()
    )
    return cast(GameConfiguration, newest)


def certified(configuration: GameConfiguration) -> Certified:
    """The version that ``configuration`` names, read once a process."""
    found = _KNOWN.get(configuration.digest)
    if found is None:
        # The text names the version, so another payout of a version that is known costs no question.
        found = _BY_VERSION.get(json.loads(configuration.canonical)["version"])
        found = found or certified_version(GameVersion.objects.get(pk=configuration.version_id))
        _KNOWN[configuration.digest] = found
    return found


def certified_version(row: GameVersion) -> Certified:
    """What a row of versions says, read once a process."""
    found = _BY_VERSION.get(row.digest)
    if found is None:
        found = Certified(row.digest, reels.GameVersion.parse(row.canonical), row.figures)
        _BY_VERSION[row.digest] = found
    return found


def payout_of(configuration: GameConfiguration, moment: dt.datetime) -> int:
    """What ``configuration`` pays at ``moment``, in hundredths of a per cent; the secret of a sealed rig included."""
    if configuration.payout is not None:
        return configuration.payout
    _salt, _colon, schedule = crypto.open_from(configuration.rig, "secret").partition(":")
    return payout_at(_steps(schedule), moment)


@lru_cache(maxsize=64)
def _steps(schedule: str) -> Any:
    return parse_schedule(schedule)


@lru_cache(maxsize=256)
def _mix(digest: str, hundredths: int) -> Mix:
    return mix(_BY_VERSION[digest].version, payout(hundredths))


def bound_of(configuration: GameConfiguration) -> int:
    """The largest prize of the next round in line bets; of a sealed rig that of its whole range, which gives nothing away."""
    found = certified(configuration)
    if configuration.payout is not None:
        mixed = found.mix_at(configuration.payout)
        return found.bound_of((mixed.low, mixed.high))
    rig = configuration.rig
    return found.bound_of(sets_within(found.version, rig.payout_from, rig.payout_to))


def is_sealed(configuration: GameConfiguration) -> bool:
    """Whether a rig that nobody has told yet decides what it pays."""
    return configuration.payout is None and configuration.rig.revealed_at is None


def is_open(game: Game, tenant: Tenant, moment: dt.datetime) -> bool:
    """Whether ``moment`` lies within the opening hours, which may reach over midnight."""
    if game.opens_at is None or game.closes_at is None:
        return True
    local = moment.astimezone(ZoneInfo(tenant.time_zone)).time()
    if game.opens_at < game.closes_at:
        return game.opens_at <= local < game.closes_at
    return local >= game.opens_at or local < game.closes_at


def stopped(game: Game, tenant: Tenant, moment: dt.datetime) -> tuple[str, dict[str, Any]] | None:
    """The refusal, by its code and facts, with which ``game`` meets everybody at ``moment``; None while it plays."""
    title = games.TITLES[game.name]
    if not game.enabled:
        return "game_closed", {"game": title}
    if game.frozen_reason:
        return "game_frozen", {"reason": game.frozen_reason}
    if not is_open(game, tenant, moment):
        hours = {"opens_at": f"{game.opens_at:%H:%M}", "closes_at": f"{game.closes_at:%H:%M}"}
        return "game_closed", {"game": title, **hours}
    return None


def expected(configuration: GameConfiguration) -> Fraction | None:
    """The exact expected payout of the next round, None while a rig is sealed."""
    return None if configuration.payout is None else payout(configuration.payout)

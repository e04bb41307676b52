"""How often something may be tried: fixed windows, counted in the cache, the same for every door.

A venue has one public address, so limits by address are wide, and wrong passwords delay a (name, device) or (name, address),
never a device that has signed in as that name before: nobody can lock a rival out.

``RATE_LIMITS=0`` switches all of this off. Without Redis each process counts for itself. When the cache cannot be reached
nothing is limited: a bank that stands still because its counters are gone would be the greater harm, and the log says so.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import ngettext
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from accounts.actors import Actor
from accounts.errors import TooMany

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds."""

    count: int
    period_s: int


RATES: Final[dict[str, Rate]] = {
    # By address.
    "register": Rate(60, 60),
    "login": Rate(120, 60),
    # Looking at a card and signing in with it: two of them for each person at the gate.
    "login_code": Rate(240, 60),
    # Asking for a letter with a link.
    "forgot": Rate(30, 60),
    # By device.
    "register_device": Rate(3, 3600),
    # By session, for the same reason.
    "refresh": Rate(60, 60),
    # By user. Devices that have proved an earlier sign-in of theirs do not share the venue's address with whoever floods it. Not
    # by device: each sign-in on a device without a proof makes another one.
    "login_known": Rate(120, 60),
    "confirm": Rate(10, 60),
    "picture": Rate(10, 60),
    # By who gets the letter, whoever asks for it: nobody's mailbox is filled from here. What visitors cause is counted apart, so
    # that they keep nobody from setting an address. By user and by address; by address; by user.
    "letter_asked": Rate(5, 3600),
    "letter_welcome": Rate(5, 3600),
    "letter_forgot": Rate(5, 3600),
    "letter_told": Rate(10, 3600),
    "transfer": Rate(60, 60),
    "spin": Rate(60, 60),
    # Exchanging one's seeds, or choosing a client seed.
    "seeds": Rate(60, 60),
    # Batches that moved nothing, and repetitions that were none: the work was done all the same.
    "in_vain": Rate(20, 60),
    # Voucher codes that are none: whoever types from paper makes a few mistakes, whoever guesses makes many.
    "wrong_voucher": Rate(10, 600),
    # By device key.
    "terminal": Rate(100, 60),
}

WRONG_PASSWORDS_FREE: Final = 5
# Whoever throws his device cookie away after each try meets this one.
WRONG_PASSWORDS_FREE_PER_ADDRESS: Final = 20
WRONG_PASSWORDS_KEPT_S: Final = 3600
_FIRST_DELAY_S: Final = 5
_LONGEST_DELAY_S: Final = 900
# A key outlives its window a little, so that a clock that is behind still finds it.
_GRACE_S: Final = 5


# -- By address or device ----------------------------------------------------------------------------------------------


def hit(what: str, who: str) -> None:
    """Count one ``what`` of ``who`` (an address, a device, a user's id). Raises ``TooMany`` (``rate_limited``)."""
    usage = _usage(what, who, increment=True)
    if usage is not None and usage["count"] > RATES[what].count:
        raise _too_many(max(1, usage["time_left"]))


def count(what: str, who: str) -> None:
    """Count one ``what`` of ``who`` that was done already, and refuse nothing."""
    _usage(what, who, increment=True)


def peek(what: str, who: str) -> None:
    """Raises ``TooMany`` (``rate_limited``) when the next ``hit`` would, and counts nothing: for what counts once done."""
    usage = _usage(what, who, increment=False)
    if usage is not None and usage["count"] >= RATES[what].count:
        raise _too_many(max(1, usage["time_left"]))


def _usage(what: str, who: str, *, increment: bool) -> dict[str, Any] | None:
    if not settings.RATE_LIMITS:
        return None
    rate = RATES[what]
    with _cache_may_be_gone():
        found: dict[str, Any] | None = get_usage(
            None,
            group=f"neobank.{what}",
            key=lambda _group, _request: who,
            rate=(rate.count, rate.period_s),
            increment=increment,
        )
        return found
    return None


def network(ip: str | None) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 customer gets."""
    if ip is None:
        return "unknown"
    address = ipaddress.ip_address(ip)
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if address.version == 6 else ip


# -- Payments ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spending:
    """What ``spend`` has counted, so that it can be given back."""

    counter: str = ""
    blocker: str = ""
    cost: int = 0

    def give_back(self) -> None:
        """Take it off the count again: what was asked for turned out to be an earlier request's answer."""
        if not self.counter:
            return
        with _cache_may_be_gone():
            with suppress(ValueError):  # its window is over
                cache.decr(self.counter, self.cost)
            if self.blocker:
                cache.delete(self.blocker)


def spend(actor: Actor, what: str, *, cost: int = 1) -> Spending:
    """Count ``cost`` (a batch: its lines) of ``what`` for the actor. Raises ``TooMany`` (``rate_limited``).

    A batch that is larger than what is left of the minute goes through when the minute is unused, and then blocks the actor
    until its lines are paid off. Repeated requests do not count: whoever finds out that the answer was a stored one calls
    ``give_back``, and whoever gets ``TooMany`` looks for a stored answer before refusing.
    """
    if not settings.RATE_LIMITS or actor.is_server:
        return Spending()
    rate, now = RATES[what], int(time.time())
    place = f"nb:spend:{what}:{actor.tenant.pk}:{actor.principal}"
    counter, blocker = f"{place}:{now // rate.period_s}", f"{place}:until"
    with _cache_may_be_gone():
        until = cache.get(blocker, 0)
        if until > now:
            raise _too_many(until - now)
        used = _add(counter, cost, rate.period_s)
        if used <= rate.count:
            return Spending(counter, "", cost)
        if used == cost:
            paid_off_s = math.ceil(cost * rate.period_s / rate.count)
            cache.set(blocker, now + paid_off_s, paid_off_s + _GRACE_S)
            return Spending(counter, blocker, cost)
        cache.decr(counter, cost)
        raise _too_many(rate.period_s - now % rate.period_s)
    return Spending()


# -- Wrong passwords ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody trying a password for the login with ``name_key``.

    ``device`` is the id in a device cookie of ours, "" without one. ``is_known`` says that this device has proved an earlier
    sign-in under that very name: it is neither delayed nor counted.
    """

    tenant: str
    name_key: str
    ip: str | None
    device: str = ""
    is_known: bool = False

    def _places(self) -> list[tuple[str, int]]:
        """Where wrong passwords of this attempt are counted, and how many are free there."""
        by_address = self._place("address", network(self.ip))
        if not self.device:
            return [(by_address, WRONG_PASSWORDS_FREE)]
        return [
            (self._place("device", self.device), WRONG_PASSWORDS_FREE),
            (by_address, WRONG_PASSWORDS_FREE_PER_ADDRESS),
        ]

    def _place(self, kind: str, value: str) -> str:
        parts = "\0".join((self.tenant, self.name_key, kind, value))
        return f"nb:wrong:{hashlib.sha256(parts.encode()).hexdigest()}"

    def begin(self) -> None:
        """Count the attempt, before the password is looked at, so that many at once do not slip through together.

        Raises ``TooMany`` (``rate_limited``) while the delay after earlier ones lasts; such an attempt is not counted.
        """
        if self.is_known or not settings.RATE_LIMITS:
            return
        with _cache_may_be_gone():
            now = int(time.time())
            places = self._places()
            wait = max(_wait_at(place, free, now) for place, free in places)
            if wait > 0:
                raise _too_many(wait)
            for place, _free in places:
                _add(f"{place}:count", 1, WRONG_PASSWORDS_KEPT_S)
                cache.touch(f"{place}:count", WRONG_PASSWORDS_KEPT_S)
                cache.set(f"{place}:last", now, WRONG_PASSWORDS_KEPT_S)

    def succeeded(self) -> None:
        """Forget what was counted: the right person was there."""
        if self.is_known or not settings.RATE_LIMITS:
            return
        with _cache_may_be_gone():
            cache.delete_many(
                [f"{place}:{part}" for place, _free in self._places() for part in ("count", "last")]
            )


def _wait_at(place: str, free: int, now: int) -> int:
    """Seconds until the next attempt may be made at a place: 5 after the last free one, then twice as many each time."""
    found = cache.get_many([f"{place}:count", f"{place}:last"])
    over = found.get(f"{place}:count", 0) - free
    if over < 0:
        return 0
    delay_s = min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2 ** min(over, 10))
    return int(found.get(f"{place}:last", 0)) + delay_s - now


# -- Counting ----------------------------------------------------------------------------------------------------------


def _add(key: str, amount: int, kept_s: int) -> int:
    """Add to a counter, made when it is not there; returns what it holds then."""
    cache.add(key, 0, kept_s + _GRACE_S)
    try:
        return int(cache.incr(key, amount))
    except ValueError:
        # Thrown out between the two: the cache is full, and this is the first count again.
        cache.set(key, amount, kept_s + _GRACE_S)
        return amount


@contextmanager
def _cache_may_be_gone() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        log.warning("limits.cache_unreachable", error=type(error).__name__)


def _too_many(wait_s: int) -> TooMany:
    sentence = ngettext(
        "Too many at once. Wait %(count)d second, then try again.",
        "Too many at once. Wait %(count)d seconds, then try again.",
        wait_s,
    )
    return TooMany("rate_limited", sentence % {"count": wait_s}, retry_after=wait_s)

"""What a configuration says, in the words that are hashed; and the sealed schedules that stand in a payout's place. Pure.

Payouts are hundredths of a per cent (9600 is 96.00 %) here and ``"96.00"`` in the text. docs/fairness.md has the forms for
strangers.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from casino.mixing import PAYOUT_MAX, PAYOUT_MIN

SALT_BYTES: Final = 32
STEPS_MAX: Final = 100
_PAYOUT: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")
_MOMENT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Link:
    """A configuration as it is chained: whose it is, which one, after which, and what it pays.

    ``payout`` is None where ``commitment`` and the range ``payout_from`` to ``payout_to`` stand for it.
    """

    tenant: str
    game: str
    seq: int
    prev: str
    version: str
    payout: int | None = None
    commitment: str = ""
    payout_from: int = 0
    payout_to: int = 0

    def canonical(self) -> str:
        """The text that is hashed: compact ASCII JSON with sorted keys."""
        said: dict[str, Any] = {
            "v": 1,
            "tenant": self.tenant,
            "game": self.game,
            "seq": self.seq,
            "prev": self.prev,
            "version": self.version,
        }
        if self.payout is not None:
            said["payout"] = text_of(self.payout)
        else:
            said["commitment"] = self.commitment
            said["payout_from"], said["payout_to"] = text_of(self.payout_from), text_of(self.payout_to)
        return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True, slots=True)
class Step:
    """From ``starts_at`` (aware, UTC) on, ``payout`` holds."""

    starts_at: dt.datetime
    payout: int


def digest(canonical: str) -> str:
    """SHA-256 of a canonical text, in hexadecimal."""
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def text_of(payout: int) -> str:
    """9600 -> "96.00"."""
    return f"{payout // 100}.{payout % 100:02d}"


def parse_payout(text: str) -> int:
    """ "96.5" -> 9650. Raises ``ValueError`` for anything but 50.00 to 150.00 with at most two decimals."""
    if not _PAYOUT.fullmatch(text):
        raise ValueError("A payout is a number like 96.00.")
    whole, _, cents = text.partition(".")
    payout = int(whole) * 100 + int(cents.ljust(2, "0"))
    if not PAYOUT_MIN <= payout <= PAYOUT_MAX:
        raise ValueError("A payout is from 50.00 to 150.00 per cent.")
    return payout


def schedule_text(steps: Sequence[Step]) -> str:
    """The canonical text of a schedule. Raises ``ValueError`` unless it has 1 to 100 steps in order of time."""
    if not 1 <= len(steps) <= STEPS_MAX:
        raise ValueError(f"A schedule has 1 to {STEPS_MAX} steps.")
    moments = [step.starts_at for step in steps]
    if any(later <= earlier for earlier, later in pairwise(moments)):
        raise ValueError("The steps of a schedule follow one another in time.")
    said = [[moment_text(step.starts_at), text_of(step.payout)] for step in steps]
    return json.dumps(said, separators=(",", ":"), ensure_ascii=True)


def parse_schedule(text: str) -> tuple[Step, ...]:
    """The inverse of ``schedule_text``. Raises ``ValueError``."""
    steps = tuple(Step(_moment(at), parse_payout(payout)) for at, payout in json.loads(text))
    if schedule_text(steps) != text:
        raise ValueError("The schedule is not in its canonical form.")
    return steps


def commitment(salt: bytes, schedule: str) -> str:
    """SHA-256 of the 32 random bytes and the canonical schedule, in hexadecimal."""
    return hashlib.sha256(salt + schedule.encode("ascii")).hexdigest()


def payout_at(steps: Sequence[Step], moment: dt.datetime) -> int:
    """The payout that holds at ``moment``: that of the last step begun; before the first one, already the first one's."""
    held = steps[0].payout
    for step in steps:
        if step.starts_at <= moment:
            held = step.payout
    return held


def moment_text(moment: dt.datetime) -> str:
    """An aware moment as ``2026-11-21T20:00:00.000000Z``."""
    return moment.astimezone(dt.UTC).strftime(_MOMENT)


def _moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, _MOMENT).replace(tzinfo=dt.UTC)

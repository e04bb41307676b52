"""What the roof gives the console: one trail of what every floor has recorded."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy

from accounts.activity import Wanted
from accounts.actors import Actor
from accounts.console import noted, trail
from accounts.console.trail import Found
from neobank.activity import Trail
from neobank.catalogue import CODES
from neobank.pagination import decode, encode

# How many transfers one page looks through for those that are wanted, so that what is rare costs no more than what is common.
LOOKED_THROUGH: Final = 20_000


def read(actor: Actor, wanted: Wanted, after: str, limit: int) -> Found:
    """At most ``limit`` lines of the trail after ``after``. Raises ``Invalid`` (``bad_cursor``)."""
    cursor = decode(after) if after else None
    stretch = Trail(actor, wanted).stretch(cursor=cursor, limit=limit, look_through=LOOKED_THROUGH)
    return Found(stretch.lines, encode(stretch.next) if stretch.next else "", stretch.looked_back_to)


trail.readers.append(read)
noted.refusals |= {code: gettext_lazy(row.title) for code, row in CODES.items()}

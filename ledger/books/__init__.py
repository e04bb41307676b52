"""Replaying the books: does every row still say what the movements say? Reads only.

``snapshot`` opens one moment of the whole database, every tenant in it; ``Replay`` finds what differs in one tenant;
``report`` says it to a person. Upper floors add what they keep to ``rooms``. ``docs/operations.md`` lists what is compared, and
what cannot be.
"""

from ledger.books.differences import Difference
from ledger.books.replay import Replay
from ledger.books.report import report
from ledger.books.rooms import Progress, Room, rooms
from ledger.books.rules import Rule
from ledger.books.snapshot import (
    READER_ROLE,
    CannotRead,
    reading_alias,
    seeing_everything,
    snapshot,
    whereabouts,
)

__all__ = [
    "READER_ROLE",
    "CannotRead",
    "Difference",
    "Progress",
    "Replay",
    "Room",
    "Rule",
    "reading_alias",
    "report",
    "rooms",
    "seeing_everything",
    "snapshot",
    "whereabouts",
]

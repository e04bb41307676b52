"""Replaying the books: does every row still say what the movements say? Reads only.

``snapshot`` opens one moment of the whole database, every tenant in it; ``Replay`` finds what differs in one tenant;
``report`` says it to a person. ``docs/operations.md`` lists what is compared, and what cannot be.
"""

from ledger.books.differences import Difference
from ledger.books.replay import Replay
from ledger.books.report import report
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
    "Replay",
    "reading_alias",
    "report",
    "seeing_everything",
    "snapshot",
    "whereabouts",
]

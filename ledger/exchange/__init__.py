"""Moving a whole event between databases and engines, as a file of JSON lines. ``docs/operations.md`` describes the file."""

from ledger.exchange.layout import Damaged
from ledger.exchange.reading import NotEmpty, read_into, verify
from ledger.exchange.writing import Written, write

__all__ = ["Damaged", "NotEmpty", "Written", "read_into", "verify", "write"]

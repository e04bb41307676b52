"""What is known of a copy besides its bytes, and temporary connections to other databases than the configured ones."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import connections

CHUNK: Final = 1 << 20
_SCRATCH: Final = "scratch"


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows by table, the database's version, and the bytes; ``size`` is None where it is not known before."""

    counts: dict[str, int]
    version: str
    size: int | None
    chunks: Iterator[bytes]


@contextmanager
def alias_for(database: str, *, like: str) -> Iterator[str]:
    """An alias for another database of the same server (or another file), with everything else as under ``like``."""
    settings = copy.deepcopy(connections[like].settings_dict)
    settings["NAME"] = database
    connections.settings[_SCRATCH] = settings
    try:
        yield _SCRATCH
    finally:
        connections[_SCRATCH].close()
        del connections[_SCRATCH]
        del connections.settings[_SCRATCH]

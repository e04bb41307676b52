"""A copy of a database on its way into a file, or out of one; each engine makes and takes it in its own way."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Final

from django.db import connections
from django.utils.translation import gettext as _

from ledger import books
from neobank.backups import postgresql, sqlite
from neobank.backups.errors import CannotBackUp
from neobank.backups.form import Copy

_ENGINES: Final[dict[str, ModuleType]] = {"postgresql": postgresql, "sqlite": sqlite}


def copying(alias: str) -> AbstractContextManager[Copy]:
    """The database behind ``alias`` as it is at one moment, while it is in use.

    Raises ``CannotBackUp``, ``ledger.books.CannotRead``; also while the chunks are read.
    """
    copy: AbstractContextManager[Copy] = _ENGINES[connections[alias].vendor].copying(alias)
    return copy


def refuse_unless_empty(alias: str) -> None:
    """Raises ``CannotBackUp`` when there is any table in the database behind ``alias``."""
    if _ENGINES[connections[alias].vendor].tables(alias):
        raise CannotBackUp(
            _(
                "There are tables in %s. A backup goes into an empty one: make it, and name it in DATABASE_URL, and in "
                "DATABASE_OWNER_URL where that is set."
            )
            % books.whereabouts(alias)
        )


def put_back(alias: str, chunks: Iterable[bytes]) -> None:
    """Fill the empty database behind ``alias`` with a copy. Raises ``CannotBackUp``, and what ``chunks`` raises: then the
    database is as empty as before.
    """
    refuse_unless_empty(alias)
    _ENGINES[connections[alias].vendor].fill(alias, chunks)


def scratch(alias: str) -> AbstractContextManager[str]:
    """The alias of a new empty database of the same engine, dropped afterwards. Raises ``CannotBackUp``."""
    new: AbstractContextManager[str] = _ENGINES[connections[alias].vendor].scratch(alias)
    return new


def count_rows(alias: str) -> dict[str, int]:
    """How many rows each table has. Raises ``ledger.books.CannotRead``."""
    counts: dict[str, int] = _ENGINES[connections[alias].vendor].count_rows(alias)
    return counts

"""What upper floors keep beside the books, and have replayed with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import Tenant
from ledger.books.differences import Difference
from ledger.books.rules import Rule

Progress = Callable[[int], object]
"""Is told of steps of work done."""


@dataclass(frozen=True, slots=True)
class Room:
    """One floor's part of the replay: ``rules`` as the ledger has them, and a ``walk`` through its own rows.

    ``steps`` says how many steps the walk takes. Both get the connection of a snapshot, which sees every tenant, and one tenant.
    """

    rules: tuple[Rule, ...]
    steps: Callable[[BaseDatabaseWrapper, Tenant], int]
    walk: Callable[[BaseDatabaseWrapper, Tenant, Progress], Iterator[Difference]]


rooms: list[Room] = []
"""Upper floors add theirs when the apps are ready."""

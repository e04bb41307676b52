"""Opening balances: who was given one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from ledger.models import AccountHolder
from ledger.selectors.history import transfers_by_references

_AT_ONCE = 1000


def reference_of(holder_id: uuid.UUID) -> str:
    """The reference of a holder's opening balance; the database lets it stand in the books once."""
    return f"opening:{holder_id}"


def people_with_one(user_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Who of these people was given an opening balance before."""
    holders = dict(AccountHolder.objects.filter(user__in=list(user_ids)).values_list("pk", "user_id"))
    settled = holders_with_one(list(holders))
    return {user_id for pk, user_id in holders.items() if pk in settled}


def holders_with_one(holder_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these account holders were given an opening balance before."""
    holder_of = {reference_of(pk): pk for pk in holder_ids}
    wanted, found = list(holder_of), set()
    for start in range(0, len(wanted), _AT_ONCE):
        rows = transfers_by_references(wanted[start : start + _AT_ONCE])
        found |= {holder_of[str(row.reference)] for row in rows}
    return found

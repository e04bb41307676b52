"""What an account's history says, as a person reads it.

A history is a merge of streams: one per account and shard, each in the order of its ``seq``. A page's cursor is the place in
each stream, so a page costs the same at the first and at the millionth entry.
"""

from __future__ import annotations

import datetime as dt
import heapq
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import Invalid, NotFound
from ledger import numbers
from ledger.models import Account, Entry, IdempotencyKey, Refunded, Transfer
from ledger.selectors.accounts import accounts_of

Cursor = dict[str, Any]
"""Per stream (``<account number>.<shard>``) the last seq that was shown. It may come from a client."""
SEQ_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with everything that is shown beside it; amounts in minor units."""

    entry: Entry
    account: Account
    transfer: Transfer
    counterparty: Account

    @property
    def type(self) -> str:
        """``transfer_in``, ``transfer_out``, or the transfer's kind where that says more."""
        if self.transfer.kind == Transfer.Kind.TRANSFER:
            return "transfer_in" if self.entry.amount > 0 else "transfer_out"
        return str(self.transfer.kind)

    @property
    def balance_after(self) -> int | None:
        """The account's balance after it; None where that is a sum over shards, which no entry knows."""
        return self.entry.balance_after if self.account.shards == 1 else None


@dataclass(frozen=True, slots=True)
class History:
    """One page, newest first, and where the next one begins (None at the end)."""

    lines: list[Line]
    next: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which lines are wanted. ``text`` is found in the memo, the counterparty's name or its number."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    type: str = ""
    text: str = ""
    kinds: Sequence[str] = field(default_factory=tuple)
    is_incoming: bool = False

    def conditions(self) -> Q:
        """What a line is, apart from when: that is a stretch of each stream."""
        wanted = Q()
        if self.type == "transfer_in":
            wanted &= Q(transfer__kind=Transfer.Kind.TRANSFER, amount__gt=0)
        elif self.type == "transfer_out":
            wanted &= Q(transfer__kind=Transfer.Kind.TRANSFER, amount__lt=0)
        elif self.type:
            wanted &= Q(transfer__kind=self.type)
        if self.kinds:
            wanted &= Q(transfer__kind__in=self.kinds)
        if self.is_incoming:
            wanted &= Q(amount__gt=0)
        if self.text:
            # Linear in this account's own entries, and in nobody else's: the stream is walked along its key.
            meant = Q(holder__name__icontains=self.text) | Q(number=numbers.normalize(self.text))
            others = Account.objects.filter(meant).order_by().values("pk")
            wanted &= (
                Q(transfer__memo__icontains=self.text)
                | Q(amount__gt=0, transfer__from_account__in=others)
                | Q(amount__lt=0, transfer__to_account__in=others)
            )
        return wanted


def history(
    accounts: Iterable[Account],
    *,
    filters: Filters | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
) -> History:
    """A page of the entries of ``accounts`` (already allowed to the reader), newest first."""
    wanted = filters or Filters()
    streams = [(account, shard) for account in accounts for shard in range(account.shards)]
    if cursor is not None:
        _check(cursor, {_name(account, shard) for account, shard in streams})
    pages = [_stream(account, shard, wanted, cursor, limit + 1) for account, shard in streams]
    # Only now what is shown beside them. In one statement with the entries, row-level security on each joined table would
    # make the planner expect next to nothing of them, and walk over everything instead of stopping after a page.
    merged = list(
        heapq.merge(*pages, key=lambda entry: (entry.posted_at, entry.account_id, entry.seq), reverse=True)
    )
    shown = _lines(merged[:limit], {account.pk: account for account, _shard in streams})
    if len(merged) <= limit:
        return History(shown)
    place = dict(cursor or {})
    for line in shown:
        place[_name(line.account, line.entry.shard)] = line.entry.seq
    return History(shown, place)


def _stream(account: Account, shard: int, wanted: Filters, cursor: Cursor | None, limit: int) -> list[Entry]:
    entries = entries_of(account, shard, wanted)
    last_shown = (cursor or {}).get(_name(account, shard))
    if last_shown is not None:
        entries = entries.filter(seq__lt=last_shown)
    return list(entries.order_by("-seq")[:limit])


def entries_of(account: Account, shard: int, wanted: Filters) -> QuerySet[Entry]:
    """The entries of one shard that ``wanted`` describes, in no order."""
    stream = Entry.objects.filter(account=account, shard=shard)
    entries = stream.filter(wanted.conditions())
    # Moments rise with the seq, so a span of time is a stretch of the key, and nothing outside of it is walked over.
    if wanted.since is not None:
        first = stream.filter(posted_at__gte=wanted.since).order_by("posted_at", "seq").values("seq")[:1]
        entries = entries.filter(seq__gte=Subquery(first))
    if wanted.until is not None:
        last = stream.filter(posted_at__lte=wanted.until).order_by("-posted_at", "-seq").values("seq")[:1]
        entries = entries.filter(seq__lte=Subquery(last))
    return entries


def _lines(entries: Sequence[Entry], accounts: dict[int, Account]) -> list[Line]:
    moved = Transfer.objects.select_related("from_account__holder", "to_account__holder").in_bulk(
        [entry.transfer_id for entry in entries]
    )
    return [_line(entry, accounts[entry.account_id], moved[entry.transfer_id]) for entry in entries]


def _line(entry: Entry, account: Account, transfer: Transfer) -> Line:
    other = transfer.from_account if entry.amount > 0 else transfer.to_account
    return Line(entry, account, transfer, other)


def _name(account: Account, shard: int) -> str:
    return f"{account.number}.{shard}"


def _check(cursor: Cursor, streams: set[str]) -> None:
    """Raises ``Invalid`` (``bad_cursor``)."""
    if cursor.keys() <= streams and all(type(seq) is int and 0 <= seq <= SEQ_MAX for seq in cursor.values()):
        return
    raise Invalid("bad_cursor", _("This page's address is not complete. Start again at the first page."))


def transfer_for(actor: Actor, transfer_id: uuid.UUID) -> Transfer:
    """The transfer, when the actor is on one side of it, took it (a device) or may see all. Raises ``NotFound``."""
    found = _transfers().filter(pk=transfer_id)
    if actor.key is not None:
        found = found.filter(key=actor.key_id)
    elif not actor.may("ledger.view_all"):
        mine = accounts_of(actor).values("pk")
        found = found.filter(Q(from_account__in=mine) | Q(to_account__in=mine))
    transfer = found.first()
    if transfer is None:
        raise NotFound("unknown_transfer", _("There is no such transfer."))
    return transfer


def transfers_by_ids(ids: Sequence[uuid.UUID]) -> list[Transfer]:
    """Transfers of one posting, in its order."""
    by_id = _transfers().in_bulk(list(ids))
    return [by_id[pk] for pk in ids]


def posted_legs(transfer: Transfer) -> dict[int, Entry]:
    """The two entries of a transfer by account id."""
    return {entry.account_id: entry for entry in Entry.objects.filter(transfer=transfer)}


def is_any_reference_within(first: str, last: str) -> bool:
    """Whether any transfer has a reference from ``first`` to ``last``."""
    return bool(Transfer.objects.filter(reference__range=(first, last)).exists())


def transfers_by_references(references: Sequence[str]) -> list[Transfer]:
    """The transfers that carry one of ``references``, in their order."""
    by_reference = {row.reference: row for row in _transfers().filter(reference__in=list(references))}
    return [by_reference[reference] for reference in references if reference in by_reference]


def debits_after(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The payer's balance after each of these transfers, in minor units."""
    entries = Entry.objects.filter(transfer__in=list(ids), amount__lt=0)
    return dict(entries.values_list("transfer_id", "balance_after"))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transfer, and how much of it can still be given back (minor units)."""

    transfer: Transfer
    refundable: int


def receipt_for(actor: Actor, transfer_id: uuid.UUID) -> Receipt:
    """The transfer as ``transfer_for`` finds it, with what is left of it. Raises ``NotFound``."""
    transfer = transfer_for(actor, transfer_id)
    return Receipt(transfer, refundable(transfer))


def refundable(transfer: Transfer) -> int:
    """How much of ``transfer`` can still be given back, in minor units; 0 for a refund itself."""
    if transfer.kind == Transfer.Kind.REFUND:
        return 0
    given_back: Any = Refunded.objects.filter(pk=transfer.pk).values_list("amount", flat=True).first()
    return transfer.amount - (given_back or 0)


def is_answered(actor: Actor, key: str) -> bool:
    """Whether a request of ``actor`` with this idempotency key was answered before."""
    return bool(IdempotencyKey.objects.filter(principal=actor.principal, key=key).exists())


def _transfers() -> QuerySet[Transfer]:
    return Transfer.objects.select_related(
        "from_account__holder__user", "to_account__holder__user", "currency", "key", "actor"
    )

"""The histories, entry by entry: each shard of each account is added up again from its first entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _

from ledger import money, numbers
from ledger.books.differences import Difference
from ledger.models import Account, Balance, Transfer

ENTRIES: Final = """
    SELECT e.account_id, e.shard, e.seq, e.amount, e.balance_after, e.posted_at, e.tenant_id,
           t.tenant_id, t.from_account_id, t.to_account_id, t.amount, t.posted_at, t.kind
      FROM ledger_account a
      JOIN ledger_entry e ON e.account_id = a.id
      LEFT JOIN ledger_transfer t ON t.id = e.transfer_id
     WHERE a.tenant_id = %(tenant)s
     ORDER BY e.account_id, e.shard, e.seq"""

BALANCES: Final = """
    SELECT b.account_id, b.shard, a.number, a.kind, a.currency_id, b.tenant_id = a.tenant_id,
           b.amount, b.held, b.last_seq, b.last_posted_at, b.floor, b.status, b.freeze
      FROM ledger_account a
      JOIN ledger_balance b ON b.account_id = a.id
     WHERE a.tenant_id = %(tenant)s
     ORDER BY b.account_id, b.shard"""


class EntryRow(NamedTuple):
    """A line of ``ENTRIES``; ``of_*`` are the transfer's columns, None where there is no transfer."""

    account: int
    shard: int
    seq: int
    amount: int
    balance_after: int
    posted_at: Any
    tenant: Any
    of_tenant: Any
    of_from: int | None
    of_to: int | None
    of_amount: int | None
    of_posted_at: Any
    of_kind: str | None


class BalanceRow(NamedTuple):
    """A line of ``BALANCES``."""

    account: int
    shard: int
    number: str
    kind: str
    currency: int
    same_tenant: bool
    amount: int
    held: int
    last_seq: int
    last_posted_at: Any
    floor: int | None
    status: str
    freeze: str


@dataclass(frozen=True, slots=True)
class Unit:
    """How amounts of a currency are written."""

    code: str
    symbol: str
    exponent: int

    def show(self, amount: int) -> str:
        """``₵1.00 (100)``."""
        return f"{money.display(amount, symbol=self.symbol, exponent=self.exponent)} ({amount})"


@dataclass(slots=True)
class Added:
    """What the entries of one shard come to."""

    entries: int = 0
    total: int = 0
    last_seq: int = 0
    last_posted_at: Any = None


@dataclass(slots=True)
class Shards:
    """Compares every shard with its entries; ``totals`` and ``entries`` are known when it has been run through.

    ``units`` by currency id.
    """

    units: dict[int, Unit]
    entries: int = 0
    totals: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def compare(
        self, balances: Iterator[tuple[Any, ...]], entries: Iterator[tuple[Any, ...]]
    ) -> Iterator[Difference]:
        """Both streams come ordered by account and shard; neither is ever held whole."""
        histories = groupby(
            (EntryRow(*row) for row in entries), key=lambda entry: (entry.account, entry.shard)
        )
        key, lines = next(histories, (None, iter(())))
        for balance in (BalanceRow(*row) for row in balances):
            place = (balance.account, balance.shard)
            while key is not None and key < place:
                yield _no_balance(key)
                key, lines = next(histories, (None, iter(())))
            added = Added()
            if key == place:
                yield from self._history(balance, lines, added)
                key, lines = next(histories, (None, iter(())))
            yield from self._balance(balance, added)
        while key is not None:
            yield _no_balance(key)
            key, lines = next(histories, (None, iter(())))

    def _history(self, balance: BalanceRow, lines: Iterator[EntryRow], added: Added) -> Iterator[Difference]:
        """Walk through one shard. What is wrong is said once: the walk goes on from what stands there."""
        show = self._unit(balance).show
        running = 0
        for entry in lines:
            row = f"ledger_entry {balance.number}/{entry.shard} seq {entry.seq}"
            if entry.seq != added.last_seq + 1:
                yield Difference("entry_seq", row, _("the entry before it is seq %d") % added.last_seq)
            if entry.balance_after != running + entry.amount:
                said = _("says %(said)s after it; %(before)s and %(amount)s make %(after)s") % {
                    "said": show(entry.balance_after),
                    "before": show(running),
                    "amount": show(entry.amount),
                    "after": show(running + entry.amount),
                }
                yield Difference("entry_balance_after", row, said)
            if added.last_posted_at is not None and entry.posted_at < added.last_posted_at:
                said = _("is stamped %(stamp)s, before the entry in front of it (%(before)s)") % {
                    "stamp": entry.posted_at,
                    "before": added.last_posted_at,
                }
                yield Difference("entry_posted_at", row, said)
            if entry.amount < 0 and entry.balance_after < 0 and _must_stay_above_zero(balance, entry):
                said = _("leaves %s; only a game master's adjustment may take what is not there")
                yield Difference("entry_below_zero", row, said % show(entry.balance_after))
            if (unlike := _unlike_its_transfer(entry)) is not None:
                yield Difference("entry_transfer", row, unlike)
            running = entry.balance_after
            added.entries += 1
            added.total += entry.amount
            added.last_seq, added.last_posted_at = entry.seq, entry.posted_at
        self.entries += added.entries

    def _balance(self, balance: BalanceRow, added: Added) -> Iterator[Difference]:
        unit = self._unit(balance)
        row = f"ledger_balance {balance.number}/{balance.shard}"
        self.totals[balance.currency] += balance.amount
        if balance.amount != added.total:
            said = _("says %(said)s; its entries add up to %(total)s") % {
                "said": unit.show(balance.amount),
                "total": unit.show(added.total),
            }
            yield Difference("balance_amount", row, said)
        if balance.last_seq != added.last_seq:
            said = _("counts to seq %(said)d; the last entry is seq %(last)d") % {
                "said": balance.last_seq,
                "last": added.last_seq,
            }
            yield Difference("balance_last_seq", row, said)
        if balance.last_posted_at != added.last_posted_at:
            said = _("says its last entry is of %(said)s; it is of %(last)s") % {
                "said": balance.last_posted_at,
                "last": added.last_posted_at,
            }
            yield Difference("balance_last_posted_at", row, said)
        if not balance.same_tenant:
            yield Difference("balance_tenant", row, _("belongs to another event than its account"))
        yield from _what_postings_check(balance, row, unit)

    def _unit(self, balance: BalanceRow) -> Unit:
        return self.units.get(balance.currency, Unit("?", "", 0))


def _what_postings_check(balance: BalanceRow, row: str, unit: Unit) -> Iterator[Difference]:
    if balance.floor is not None and balance.amount - balance.held < balance.floor:
        said = _("has %(available)s, below its floor of %(floor)s") % {
            "available": unit.show(balance.amount - balance.held),
            "floor": unit.show(balance.floor),
        }
        yield Difference("balance_floor", row, said)
    if balance.floor is not None and balance.floor < 0 and balance.floor != balance.amount - balance.held:
        # A forced adjustment lowers the floor to what is left, and it comes back with whatever comes in.
        said = _(
            "has a floor of %(floor)s and %(available)s; a floor below zero is what is left, to the unit"
        ) % {
            "floor": unit.show(balance.floor),
            "available": unit.show(balance.amount - balance.held),
        }
        yield Difference("balance_floor", row, said)
    if balance.floor is None and balance.kind != Account.Kind.SYSTEM:
        yield Difference("balance_floor", row, _("has no floor; only accounts of the system may have none"))
    if balance.held != 0:
        # Nothing places holds yet, so nothing can be held.
        yield Difference(
            "balance_held", row, _("holds %s back, and there is no hold") % unit.show(balance.held)
        )
    if abs(balance.amount) > money.MAX_AMOUNT:
        yield Difference("balance_range", row, _("is beyond what an account can hold"))
    frozen = balance.status == Balance.Status.FROZEN
    if balance.status not in Balance.Status.values or frozen != (balance.freeze in Balance.Freeze.values):
        said = _("is %(status)s with freeze %(freeze)s") % {
            "status": balance.status,
            "freeze": repr(balance.freeze),
        }
        yield Difference("balance_status", row, said)
    if balance.shard == 0 and balance.kind != Account.Kind.SYSTEM and not numbers.is_valid(balance.number):
        yield Difference(
            "account_number", f"ledger_account {balance.number}", _("its check character does not fit")
        )


def _must_stay_above_zero(balance: BalanceRow, entry: EntryRow) -> bool:
    return balance.kind != Account.Kind.SYSTEM and entry.of_kind != Transfer.Kind.ADMIN


def _unlike_its_transfer(entry: EntryRow) -> str | None:
    """What is wrong between an entry and its transfer, or None."""
    if entry.of_amount is None:
        return _("belongs to a transfer that is not there")
    if entry.tenant != entry.of_tenant:
        return _("belongs to another event than its transfer")
    if entry.posted_at != entry.of_posted_at:
        return _("is stamped %(stamp)s, its transfer %(transfer)s") % {
            "stamp": entry.posted_at,
            "transfer": entry.of_posted_at,
        }
    wanted = (entry.of_to, entry.of_amount) if entry.amount > 0 else (entry.of_from, -entry.of_amount)
    if (entry.account, entry.amount) != wanted:
        return _("is not what its transfer moved in or out of this account")
    return None


def _no_balance(place: tuple[int, int]) -> Difference:
    row = f"ledger_balance of account {place[0]}, shard {place[1]}"
    return Difference("balance_missing", row, _("is not there, though there are entries"))

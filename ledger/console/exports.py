"""Movements and accounts as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from django.db.models import Max, Min, QuerySet, Sum
from django.utils.translation import gettext as _

from accounts import sheets
from accounts.actors import Actor
from accounts.console.exports import ExportPage, Row, both_times
from accounts.console.lists import ListForm, before
from ledger.console.money import plain
from ledger.exchange.trail import remember
from ledger.models import Account, Currency, Transfer

if TYPE_CHECKING:
    from ledger.console.transfers import TransferPages

TRANSFERS_MAX: Final = 100_000
ACCOUNTS_MAX: Final = 20_000
_PIECE: Final = 1_000


class _Export(ExportPage):
    permission = "ledger.export"
    lines_max: int

    def remember(self, actor: Actor, asked: dict[str, str]) -> None:
        remember(actor=actor, action=self.noted_as, asked=asked)

    def cut(self) -> Row:
        """The last line of a file that would be too long: nobody takes a part for the whole."""
        said = _("CUT OFF after %(count)d lines: narrow the list, and take the rest in another file.")
        return [said % {"count": self.lines_max}]


class ExportTransfers(_Export):
    """Movements, newest first; the list's own stretches do not bind a file."""

    noted_as = "transfers.export"
    file_name = "transfers"
    lines_max = TRANSFERS_MAX
    columns: ClassVar[Sequence[str]] = (
        *("time", "utc", "id", "kind", "from_account", "from_name", "to_account", "to_name"),
        *("amount", "currency", "memo", "started_by", "reference", "gives_back"),
    )

    def pieces(self, form: ListForm) -> Iterator[list[Row]]:
        pages = cast("TransferPages", self.pages)
        asked = pages.asked_for(form).select_related(None)
        last, count = None, 0
        while True:
            # Whatever is paid from now on stands above: later pages are not moved by it. First the place along the index, then
            # what is written of each: with the joins in one statement, every piece could read and sort all that is left.
            rest = asked if last is None else asked.filter(before(last, pages.ordering))
            ids = list(rest.values_list("pk", flat=True)[:_PIECE])
            by_id = pages.rows().in_bulk(ids)
            found = [by_id[pk] for pk in ids]
            yield [_transfer(row) for row in found[: self.lines_max - count]]
            count += len(found)
            if len(found) < _PIECE:
                return
            if count >= self.lines_max:
                yield [self.cut()]
                return
            last = found[-1]


class ExportAccounts(_Export):
    """Accounts with their balances, all of one moment: together they come to nothing, as the books do."""

    noted_as = "accounts.export"
    file_name = "accounts"
    lines_max = ACCOUNTS_MAX
    columns: ClassVar[Sequence[str]] = (
        *("number", "holder", "holder_kind", "kind", "label", "currency", "balance", "held", "lowest"),
        *("state", "freeze", "is_till", "opened", "opened_utc"),
    )

    def pieces(self, form: ListForm) -> Iterator[list[Row]]:
        # One statement sees one moment.
        found = list(_with_sums(self.pages.asked_for(form))[: self.lines_max + 1])
        for start in range(0, min(len(found), self.lines_max), _PIECE):
            yield [_account(row) for row in found[start : min(start + _PIECE, self.lines_max)]]
        if len(found) > self.lines_max:
            yield [self.cut()]


def _transfer(row: Transfer) -> Row:
    payer, payee = row.from_account, row.to_account
    started = row.actor.character_name if row.actor else row.key.name if row.key else ""
    return [
        *both_times(row.posted_at),
        str(row.pk),
        row.kind,
        payer.number,
        payer.holder.name,
        payee.number,
        payee.holder.name,
        _figure(row.amount, row.currency),
        row.currency.code,
        row.memo,
        started,
        row.reference or "",
        str(row.refunds_id or ""),
    ]


def _with_sums(rows: QuerySet[Account]) -> QuerySet[Account]:
    return rows.annotate(
        total=Sum("balances__amount"),
        reserved=Sum("balances__held"),
        lowest=Min("balances__floor"),
        state=Max("balances__status"),
        stop=Max("balances__freeze"),
    )


def _account(row: Account) -> Row:
    found: Any = row
    return [
        row.number,
        row.holder.name,
        row.holder.kind,
        row.kind,
        row.label,
        row.currency.code,
        _figure(found.total, row.currency),
        _figure(found.reserved, row.currency),
        "" if found.lowest is None else _figure(found.lowest, row.currency),
        found.state,
        found.stop,
        "yes" if row.is_merchant else "no",
        *both_times(row.created_at),
    ]


def _figure(amount: int, currency: Currency) -> sheets.Figure:
    return sheets.Figure(plain(amount, currency))

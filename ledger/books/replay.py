"""One tenant's books, replayed from the first entry to the last."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from accounts.models import Tenant
from ledger.books import rules
from ledger.books.differences import Difference
from ledger.books.rooms import rooms
from ledger.books.shards import BALANCES, ENTRIES, Shards, Unit
from ledger.books.snapshot import rows
from ledger.books.spending import compare_days

_ANSWERED: Final = """
    SELECT i.principal, i.key, i.refs FROM ledger_idempotencykey i
     WHERE i.tenant_id = %(tenant)s AND i.outcome = 'posted'"""
_IDS_AT_ONCE: Final = 500


class Replay:
    """Finds what differs in ``tenant``'s books, through a ``connection`` that sees every tenant (``snapshot``).

    ``progress`` is told of steps of work done; there are ``steps`` of them.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        tenant: Tenant,
        progress: Callable[[int], None] = lambda _steps: None,
    ) -> None:
        self.connection = connection
        self.tenant = tenant
        self._progress = progress
        self._stored_id = Tenant._meta.pk.get_db_prep_value(tenant.pk, connection)
        self._params = rules.params_for(self._stored_id)
        self._rules = [*rules.RULES, *rules.relations(connection)]
        self._rules += [rule for room in rooms for rule in room.rules]
        self.units: dict[int, Unit] = {}
        self.entries = self._count("SELECT count(*) FROM ledger_entry WHERE tenant_id = %(tenant)s")
        self.transfers = self._count("SELECT count(*) FROM ledger_transfer WHERE tenant_id = %(tenant)s")
        self.accounts = self._count("SELECT count(*) FROM ledger_account WHERE tenant_id = %(tenant)s")

    @property
    def steps(self) -> int:
        """How much there is to do: an entry is a step, and so is a transfer for each rule, and what the rooms say."""
        of_rooms = sum(room.steps(self.connection, self.tenant) for room in rooms)
        return self.entries + self.transfers * len(self._rules) + of_rooms

    def differences(self) -> Iterator[Difference]:
        """Every row that does not say what the movements say."""
        currencies = rows(self.connection, "SELECT id, code, symbol, exponent FROM ledger_currency", {})
        self.units = {pk: Unit(code, symbol, exponent) for pk, code, symbol, exponent in currencies}
        shards = Shards(self.units)
        yield from shards.compare(self._rows(BALANCES), self._counted(self._rows(ENTRIES)))
        for currency, total in shards.totals.items():
            if total != 0:
                unit = self.units.get(currency, Unit("?", "", 0))
                row = f"ledger_currency {unit.code}"
                yield Difference(
                    "zero_sum", row, _("all balances together come to %s, not zero") % unit.show(total)
                )
        for rule in self._rules:
            yield from self._broken(rule)
            self._progress(self.transfers)
        yield from self._wrong_answers()
        yield from compare_days(self.connection, self.tenant, self._params)
        for room in rooms:
            yield from room.walk(self.connection, self.tenant, self._progress)

    def circulating(self) -> dict[str, str]:
        """How much of each currency is in the world, by code, ready to read."""
        issued = self._rows(
            """SELECT a.currency_id, -sum(b.amount) FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
                WHERE a.tenant_id = %(tenant)s AND a.number LIKE 'NC-MINT-%%' GROUP BY a.currency_id"""
        )
        return {self.units[pk].code: self.units[pk].show(int(amount)) for pk, amount in issued}

    def _broken(self, rule: rules.Rule) -> Iterator[Difference]:
        with self.connection.chunked_cursor() as cursor:
            cursor.execute(rule.sql, self._params)
            while found := cursor.fetchmany(_IDS_AT_ONCE):
                names = [column[0] for column in cursor.description]
                for row in found:
                    values = {name: _readable(value) for name, value in zip(names, row, strict=True)}
                    yield Difference(rule.code, rule.row % values, str(rule.said) % values)

    def _wrong_answers(self) -> Iterator[Difference]:
        """A request that was answered "posted" must have posted, and by whoever asked."""
        answered = self._rows(_ANSWERED)
        while chunk := list(islice(answered, _IDS_AT_ONCE)):
            named: dict[uuid.UUID, tuple[str, str]] = {}
            for principal, key, refs in chunk:
                for ref in json.loads(refs) if isinstance(refs, str) else refs:
                    named[uuid.UUID(ref)] = (principal, key)
            principals = self._principals(list(named))
            for ref, (principal, key) in named.items():
                row = f"ledger_idempotencykey {principal} {key}"
                if ref not in principals:
                    said = _("was answered with transfer %s, which is not there") % ref
                    yield Difference("answer_posted", row, said)
                elif principals[ref] != principal and not principal.startswith("s:"):
                    said = _("was answered with transfer %s, which is somebody else's") % ref
                    yield Difference("answer_posted", row, said)

    def _principals(self, ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
        """Who started each of the transfers that are there, as ``Actor.principal`` says it; "" for staff at the machine."""
        found: dict[uuid.UUID, str] = {}
        field = Tenant._meta.pk
        for start in range(0, len(ids), _IDS_AT_ONCE):
            chunk = ids[start : start + _IDS_AT_ONCE]
            names = {f"id_{n}": field.get_db_prep_value(pk, self.connection) for n, pk in enumerate(chunk)}
            marks = ", ".join(f"%({name})s" for name in names)
            sql = f"SELECT id, actor_id, key_id FROM ledger_transfer WHERE tenant_id = %(tenant)s AND id IN ({marks})"  # noqa: S608  placeholders
            for pk, actor, key in rows(self.connection, sql, {**self._params, **names}):
                who = f"k:{uuid.UUID(str(key))}" if key else f"u:{uuid.UUID(str(actor))}" if actor else ""
                found[uuid.UUID(str(pk))] = who
        return found

    def _counted(self, entries: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for entry in entries:
            self._progress(1)
            yield entry

    def _rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        return rows(self.connection, sql, self._params)

    def _count(self, sql: str) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, self._params)
            return int(cursor.fetchone()[0])


def _readable(value: Any) -> Any:
    """SQLite keeps a UUID as 32 hexadecimal digits; people copy it with hyphens."""
    if isinstance(value, str) and len(value) == 32:
        try:
            return str(uuid.UUID(value))
        except ValueError:
            return value
    return value

"""What must hold between rows, as queries that return the rows where it does not. One literal table.

Each is run for one tenant (``%(tenant)s``) on both engines, so it keeps to the SQL that both speak. ``row`` and ``said`` are
filled in from the columns by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import ForeignKey
from django.utils.translation import gettext_lazy as _

from accounts.models import TenantModel
from ledger.models import Entry, Transfer
from ledger.money import MAX_AMOUNT

# A transfer does not say by what right it was posted; its kind does. These are what people and terminals start themselves,
# and so what counts against limits; every other kind is posted by game masters, or gives back. tests/commands holds the
# services to it.
COUNTED_KINDS: Final = (Transfer.Kind.TRANSFER, Transfer.Kind.TERMINAL, Transfer.Kind.CASINO_BET)
COUNTED: Final = ", ".join(f"%(counted_{n})s" for n in range(len(COUNTED_KINDS)))
"""The places of ``COUNTED_KINDS`` in a query's ``IN``; ``params_for`` fills them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A query for offending rows of one tenant."""

    code: str
    row: Any
    said: Any
    sql: str


RULES: Final = (
    Rule(
        "transfer_entries",
        "ledger_transfer %(id)s",
        _("has %(legs)d entries that add up to %(total)s; it needs two that add up to zero"),
        """SELECT t.id AS id, count(e.transfer_id) AS legs, coalesce(sum(e.amount), 0) AS total
             FROM ledger_transfer t LEFT JOIN ledger_entry e ON e.transfer_id = t.id
            WHERE t.tenant_id = %(tenant)s
            GROUP BY t.id HAVING count(e.transfer_id) <> 2 OR sum(e.amount) <> 0""",
    ),
    Rule(
        "transfer_amount",
        "ledger_transfer %(id)s",
        _("moves %(amount)d from account %(payer)d to account %(payee)d, which no transfer may"),
        """SELECT t.id AS id, t.amount AS amount, t.from_account_id AS payer, t.to_account_id AS payee
             FROM ledger_transfer t
            WHERE t.tenant_id = %(tenant)s
              AND (t.amount NOT BETWEEN 1 AND %(max_amount)s OR t.from_account_id = t.to_account_id)""",
    ),
    Rule(
        "transfer_currency",
        "ledger_transfer %(id)s",
        _("is in currency %(currency)d, between accounts in %(of_payer)d and %(of_payee)d"),
        """SELECT t.id AS id, t.currency_id AS currency, f.currency_id AS of_payer, p.currency_id AS of_payee
             FROM ledger_transfer t
             JOIN ledger_account f ON f.id = t.from_account_id
             JOIN ledger_account p ON p.id = t.to_account_id
            WHERE t.tenant_id = %(tenant)s
              AND (t.currency_id <> f.currency_id OR t.currency_id <> p.currency_id)""",
    ),
    Rule(
        "transfer_kind",
        "ledger_transfer %(id)s",
        _(
            "is of kind %(kind)s; a terminal's needs its key, and neither people nor terminals spend the system's money"
        ),
        """SELECT t.id AS id, t.kind AS kind
             FROM ledger_transfer t JOIN ledger_account f ON f.id = t.from_account_id
            WHERE t.tenant_id = %(tenant)s AND t.kind IN ('transfer', 'terminal')
              AND (f.kind = 'system' OR t.kind = 'terminal' AND t.key_id IS NULL)""",
    ),
    Rule(
        "transfer_reference",
        "ledger_transfer %(id)s",
        _("is one of %(uses)d with the reference %(reference)s"),
        """SELECT min(CAST(t.id AS text)) AS id, t.reference AS reference, count(*) AS uses
             FROM ledger_transfer t
            WHERE t.tenant_id = %(tenant)s AND t.reference IS NOT NULL
            GROUP BY t.reference HAVING count(*) > 1""",
    ),
    Rule(
        "refund_kind",
        "ledger_transfer %(id)s",
        _("is of kind %(kind)s; a refund, and nothing else, names the transfer it gives back"),
        """SELECT t.id AS id, t.kind AS kind
             FROM ledger_transfer t
            WHERE t.tenant_id = %(tenant)s AND (t.kind = 'refund') <> (t.refunds_id IS NOT NULL)""",
    ),
    Rule(
        "refund_of",
        "ledger_transfer %(id)s",
        _("does not go back the way of %(original)s, which it refunds"),
        """SELECT r.id AS id, o.id AS original
             FROM ledger_transfer r JOIN ledger_transfer o ON o.id = r.refunds_id
            WHERE r.tenant_id = %(tenant)s
              AND (r.from_account_id <> o.to_account_id OR r.to_account_id <> o.from_account_id
                   OR r.posted_at <= o.posted_at OR o.refunds_id IS NOT NULL)""",
    ),
    Rule(
        "refunded_missing",
        "ledger_transfer %(id)s",
        _("refunds %(original)s, and nothing counts what that one has given back"),
        """SELECT r.id AS id, r.refunds_id AS original
             FROM ledger_transfer r LEFT JOIN ledger_refunded d ON d.transfer_id = r.refunds_id
            WHERE r.tenant_id = %(tenant)s AND r.refunds_id IS NOT NULL AND d.transfer_id IS NULL""",
    ),
    Rule(
        "refunded_amount",
        "ledger_refunded %(id)s",
        _("says %(said)d of %(original)d; %(back)d was given back of %(paid)d"),
        """SELECT x.id AS id, x.said AS said, x.original AS original, x.back AS back, x.paid AS paid
             FROM (SELECT d.transfer_id AS id, d.amount AS said, d.original AS original, t.amount AS paid,
                          (SELECT coalesce(sum(r.amount), 0) FROM ledger_transfer r
                            WHERE r.refunds_id = d.transfer_id) AS back
                     FROM ledger_refunded d JOIN ledger_transfer t ON t.id = d.transfer_id
                    WHERE d.tenant_id = %(tenant)s) x
            WHERE x.said <> x.back OR x.original <> x.paid OR x.back > x.paid""",
    ),
    Rule(
        "account_shards",
        "ledger_account %(number)s",
        _("has %(rows)d balance rows, up to number %(highest)d; it should have %(shards)d, from 0"),
        """SELECT a.number AS number, a.shards AS shards, count(b.shard) AS rows, coalesce(max(b.shard), -1) AS highest
             FROM ledger_account a LEFT JOIN ledger_balance b ON b.account_id = a.id
            WHERE a.tenant_id = %(tenant)s
            GROUP BY a.id, a.number, a.shards
           HAVING count(b.shard) <> a.shards OR coalesce(max(b.shard), -1) <> a.shards - 1""",
    ),
    Rule(
        "account_state",
        "ledger_account %(number)s",
        _("its balance rows differ in status, freeze, floor or limits"),
        """SELECT a.number AS number
             FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
            WHERE a.tenant_id = %(tenant)s
            GROUP BY a.id, a.number
           HAVING min(b.status) <> max(b.status) OR min(b.freeze) <> max(b.freeze)
               OR min(b.floor) <> max(b.floor) OR count(b.floor) NOT IN (0, count(*))
               OR min(b.limit_per_payment) <> max(b.limit_per_payment)
               OR count(b.limit_per_payment) NOT IN (0, count(*))
               OR min(b.limit_per_day) <> max(b.limit_per_day) OR count(b.limit_per_day) NOT IN (0, count(*))""",
    ),
    Rule(
        "spent_total",
        "ledger_spent %(scope)s %(subject)s",
        _("counts %(spent)s over all days; its transfers come to %(moved)s"),
        f"""SELECT x.scope AS scope, x.subject AS subject, sum(x.spent) AS spent, sum(x.moved) AS moved
             FROM (SELECT 'account' AS scope, CAST(t.from_account_id AS text) AS subject, t.amount AS moved, 0 AS spent
                     FROM ledger_transfer t
                    WHERE t.tenant_id = %(tenant)s AND t.kind IN ({COUNTED})
                   UNION ALL
                   SELECT 'key', replace(CAST(t.key_id AS text), '-', ''), t.amount, 0
                     FROM ledger_transfer t
                    WHERE t.tenant_id = %(tenant)s AND t.kind IN ({COUNTED})
                      AND t.key_id IS NOT NULL
                   UNION ALL
                   SELECT s.scope, replace(s.subject, '-', ''), 0, s.amount
                     FROM ledger_spent s WHERE s.tenant_id = %(tenant)s) x
            GROUP BY x.scope, x.subject HAVING sum(x.spent) <> sum(x.moved)""",  # noqa: S608  places of values
    ),
    Rule(
        "request_paid",
        "ledger_paymentrequest %(id)s",
        _(
            "is %(state)s; its transfer %(transfer)s does not pay it: another sum, account, payer or reference, or none"
        ),
        """SELECT r.id AS id, r.state AS state, r.transfer_id AS transfer
             FROM ledger_paymentrequest r LEFT JOIN ledger_transfer t ON t.id = r.transfer_id
            WHERE r.tenant_id = %(tenant)s
              AND ((r.state = 'paid') <> (r.transfer_id IS NOT NULL)
                   OR r.transfer_id IS NOT NULL AND (
                      t.id IS NULL OR t.to_account_id <> r.account_id OR t.amount <> r.amount OR t.kind <> 'transfer'
                      OR r.payer_id IS NOT NULL AND (t.actor_id IS NULL OR t.actor_id <> r.payer_id)
                      OR t.reference IS NULL
                      OR replace(t.reference, '-', '') <> 'request:' || replace(CAST(r.id AS text), '-', '')))""",
    ),
    Rule(
        "request_of_transfer",
        "ledger_transfer %(id)s",
        _("has the reference of a payment request, and none says that it was paid by it"),
        """SELECT t.id AS id
             FROM ledger_transfer t LEFT JOIN ledger_paymentrequest r ON r.transfer_id = t.id
            WHERE t.tenant_id = %(tenant)s AND t.reference LIKE 'request:%%' AND r.id IS NULL""",
    ),
    Rule(
        "voucher_redeemed",
        "ledger_voucher %(id)s",
        _(
            "is %(state)s; its transfer %(transfer)s does not pay it: another sum, currency, kind or reference, or none"
        ),
        """SELECT v.id AS id, v.state AS state, v.transfer_id AS transfer
             FROM ledger_voucher v JOIN ledger_voucherbatch b ON b.id = v.batch_id
             LEFT JOIN ledger_transfer t ON t.id = v.transfer_id
             LEFT JOIN ledger_account f ON f.id = t.from_account_id
            WHERE v.tenant_id = %(tenant)s
              AND ((v.state = 'redeemed') <> (v.transfer_id IS NOT NULL)
                   OR v.transfer_id IS NOT NULL AND (
                      t.id IS NULL OR t.kind <> 'voucher' OR t.amount <> b.worth OR t.currency_id <> b.currency_id
                      OR f.kind <> 'system' OR t.reference IS NULL
                      OR replace(t.reference, '-', '') <> 'voucher:' || replace(CAST(v.id AS text), '-', '')))""",
    ),
    Rule(
        "voucher_of_transfer",
        "ledger_transfer %(id)s",
        _(
            "is of kind %(kind)s with the reference %(reference)s, and no voucher says that it was redeemed by it"
        ),
        """SELECT t.id AS id, t.kind AS kind, t.reference AS reference
             FROM ledger_transfer t LEFT JOIN ledger_voucher v ON v.transfer_id = t.id
            WHERE t.tenant_id = %(tenant)s AND (t.kind = 'voucher' OR t.reference LIKE 'voucher:%%') AND v.id IS NULL""",
    ),
    Rule(
        "voucher_count",
        "ledger_voucherbatch %(id)s",
        _("has %(rows)d vouchers, numbered up to %(highest)d; %(count)d were made"),
        """SELECT b.id AS id, b.count AS count, count(v.id) AS rows, coalesce(max(v.number), 0) AS highest
             FROM ledger_voucherbatch b LEFT JOIN ledger_voucher v ON v.batch_id = b.id
            WHERE b.tenant_id = %(tenant)s
            GROUP BY b.id, b.count HAVING count(v.id) <> b.count OR coalesce(max(v.number), 0) <> b.count""",
    ),
)


def params_for(tenant: Any) -> dict[str, Any]:
    """What the queries are run with; ``tenant`` in the form the engine stores it."""
    counted = {f"counted_{n}": kind.value for n, kind in enumerate(COUNTED_KINDS)}
    return {"tenant": tenant, "max_amount": MAX_AMOUNT, **counted}


def relations(connection: BaseDatabaseWrapper) -> Iterator[Rule]:
    """One rule per reference between two tenants' tables: what is named exists, and belongs to the same event.

    The registry makes them, so a new model is looked after from its first day. Entries are compared as they are replayed.
    """
    quote = connection.ops.quote_name
    for model in apps.get_models():
        if not issubclass(model, TenantModel) or model is Entry:
            continue
        for field in model._meta.concrete_fields:
            if not isinstance(field, ForeignKey) or not issubclass(field.related_model, TenantModel):
                continue
            table, column = quote(model._meta.db_table), quote(str(field.column))
            parent, key = quote(field.related_model._meta.db_table), quote(str(field.target_field.column))
            names = [str(part.column) for part in model._meta.pk_fields]
            selected = ", ".join(f"c.{quote(name)} AS {quote('pk_' + name)}" for name in names)
            yield Rule(
                "same_event",
                f"{model._meta.db_table} " + "/".join(f"%(pk_{name})s" for name in names),
                _("its {field} is not there, or belongs to another event").format(field=field.name),
                f"SELECT {selected} FROM {table} c LEFT JOIN {parent} p ON p.{key} = c.{column}"  # noqa: S608  names of tables
                f" WHERE c.tenant_id = %(tenant)s AND c.{column} IS NOT NULL"
                f" AND (p.{key} IS NULL OR p.tenant_id <> c.tenant_id)",
            )

"""The database keeps the books too: what it refuses to whoever comes with plain SQL, beneath the application."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from accounts import tenancy
from accounts.models import Tenant
from ledger.models import Entry, Transfer
from ledger.posting import Authority
from tests.cast import make_event
from tests.ledger.stage import MINT, Stage, make_stage, post
from tests.sessions import Database

APPEND_ONLY = ("ledger_transfer", "ledger_entry", "accounts_auditevent")


def run(tenant: Tenant | None, sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement as the application's role, within a tenant or without one; its rows."""
    with connection.cursor() as cursor:
        if tenant is None:
            cursor.execute(sql, params)
        else:
            with tenancy.scope(tenant):
                cursor.execute(sql, params)
        return list(cursor.fetchall()) if cursor.description else []


def owner_run(sql: str, params: list[Any] | None = None) -> None:
    """Run one statement with every right there is."""
    with connections["owner" if "owner" in connections else "default"].cursor() as cursor:
        cursor.execute(sql, params)


def stored(value: uuid.UUID) -> str:
    """A UUID as this engine keeps it."""
    return str(value) if connection.vendor == "postgresql" else value.hex


# Nothing is changed, nothing is taken away.


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_not_even_the_owner_changes_what_was_written(fresh_database: Database, table: str, verb: str) -> None:
    stage = make_stage()
    before = stage.books()
    sql = f"UPDATE {table} SET tenant_id = tenant_id" if verb == "UPDATE" else f"DELETE FROM {table}"
    with pytest.raises(DatabaseError, match="append-only"):
        owner_run(sql)
    assert stage.books() == before


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_the_application_changes_nothing_that_was_written(stage: Stage, table: str, verb: str) -> None:
    before = stage.books()
    sql = f"UPDATE {table} SET tenant_id = tenant_id" if verb == "UPDATE" else f"DELETE FROM {table}"
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
        run(stage.event.tenant, sql)
    assert stage.books() == before


@pytest.mark.sqlite_only
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_nothing_is_replaced_by_writing_it_again(fresh_database: Database, table: str) -> None:
    stage = make_stage()
    before = stage.books()
    # SQLite takes the row away to make room for the new one, and tells no DELETE trigger about it.
    with pytest.raises(DatabaseError, match="append-only"):
        owner_run(f"REPLACE INTO {table} SELECT * FROM {table}")
    assert stage.books() == before


@pytest.mark.sqlite_only
def test_no_transfer_makes_room_for_another_of_its_reference(fresh_database: Database) -> None:
    stage = make_stage()
    post(actor=stage.alice.actor, orders=[stage.order(reference="rent")])
    before = stage.books()
    columns = "tenant_id, from_account_id, to_account_id, currency_id, amount, kind, memo, reference, device_id, request_id"
    with pytest.raises(DatabaseError, match="append-only"):
        owner_run(
            f"REPLACE INTO ledger_transfer (id, {columns}, posted_at) SELECT %s, {columns}, posted_at FROM ledger_transfer"
            " WHERE reference = %s",
            [uuid.uuid4().hex, "rent"],
        )
    assert stage.books() == before


# An entry says what its transfer says.


def write_entries(stage: Stage, *changes: dict[str, Any]) -> None:
    """A transfer of ₵10.00 from Alice to Bob by plain SQL, with its two entries, each with its ``changes``; then undone."""
    tenant = stage.event.tenant
    with tenancy.scope(tenant):
        like = Transfer.objects.latest("posted_at")
    pk, other_moment = uuid.uuid4(), "2001-01-01 00:00:00+00:00"
    right = [
        {"account": stage.alice.account.pk, "amount": -10_00},
        {"account": stage.bob.account.pk, "amount": 10_00},
    ]
    legs = [{**leg, **change} for leg, change in zip(right, changes, strict=False)]
    values = ", ".join(["(%s, %s, 0, %s, %s, %s, 0, %s)"] * len(legs))
    params: list[Any] = []
    for leg in legs:
        moment = other_moment if leg.get("posted_at") else like.posted_at
        tenant_pk = stored(leg.get("tenant", tenant.pk))
        params += [tenant_pk, leg["account"], leg.get("seq", 9_000), stored(pk), leg["amount"], moment]
    with transaction.atomic():
        run(
            tenant,
            "INSERT INTO ledger_transfer (id, tenant_id, from_account_id, to_account_id, currency_id, amount, kind, memo,"
            " device_id, request_id, posted_at) VALUES (%s, %s, %s, %s, %s, 1000, 'transfer', '', '', '', %s)",
            [
                *(stored(pk), stored(tenant.pk), stage.alice.account.pk, stage.bob.account.pk),
                *(like.currency_id, like.posted_at),
            ],
        )
        run(
            tenant,
            "INSERT INTO ledger_entry (tenant_id, account_id, shard, seq, transfer_id, amount, balance_after, posted_at)"
            f" VALUES {values}",
            params,
        )
        transaction.set_rollback(True)


def test_entries_that_match_their_transfer_are_let_in(stage: Stage) -> None:
    write_entries(stage, {}, {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": -9_99},
        {"amount": -10_01},
        {"amount": 10_00},
        {"posted_at": True},
        {"account": "carol"},
        {"account": "bob"},
        {"tenant": uuid.UUID(int=7)},
    ],
    ids=[
        "less",
        "more",
        "wrong sign",
        "another moment",
        "another account",
        "both on one side",
        "another event",
    ],
)
@pytest.mark.parametrize("leg", [0, 1])
def test_an_entry_that_does_not_match_its_transfer_is_refused(
    stage: Stage, wrong: dict[str, Any], leg: int
) -> None:
    change = dict(wrong)
    if leg == 1 and "amount" in change:
        change["amount"] = -change["amount"]
    if "account" in change:
        who = {"carol": stage.carol, "bob": stage.alice if leg else stage.bob}[change["account"]]
        change["account"] = who.account.pk
    changes: list[dict[str, Any]] = [{}, {}]
    changes[leg] = change
    with pytest.raises(
        DatabaseError, match=r"do not match|row-level security|entry_once_per|duplicate key|UNIQUE"
    ):
        write_entries(stage, *changes)


def test_an_entry_of_no_transfer_is_refused(stage: Stage) -> None:
    with tenancy.scope(stage.event.tenant):
        entry = Entry.objects.filter(account=stage.alice.account).latest("seq")
    with pytest.raises(DatabaseError, match=r"do not match|foreign key"), transaction.atomic():
        run(
            stage.event.tenant,
            "INSERT INTO ledger_entry (tenant_id, account_id, shard, seq, transfer_id, amount, balance_after, posted_at)"
            " VALUES (%s, %s, 0, 2, %s, 1, 1, %s)",
            [stored(stage.event.tenant.pk), stage.alice.account.pk, stored(uuid.uuid4()), entry.posted_at],
        )


@pytest.mark.postgresql_only
def test_half_a_transfer_is_refused(stage: Stage) -> None:
    with pytest.raises(IntegrityError, match="do not match"):
        write_entries(stage, {})


@pytest.mark.sqlite_only
def test_half_a_transfer_is_found_by_the_replay(fresh_database: Database) -> None:
    stage = make_stage()
    assert fresh_database.manage("check_books").returncode == 0
    with tenancy.scope(stage.event.tenant):
        like = Entry.objects.filter(account=stage.alice.account).latest("seq")
    pk = uuid.uuid4()
    owner_run(
        "INSERT INTO ledger_transfer (id, tenant_id, from_account_id, to_account_id, currency_id, amount, kind, memo,"
        " device_id, request_id, posted_at) SELECT %s, tenant_id, %s, %s, currency_id, 1, 'transfer', '', '', '', posted_at"
        " FROM ledger_transfer WHERE id = %s",
        [pk.hex, stage.alice.account.pk, stage.bob.account.pk, like.transfer_id.hex],
    )
    owner_run(
        "INSERT INTO ledger_entry (tenant_id, account_id, shard, seq, transfer_id, amount, balance_after, posted_at)"
        " SELECT tenant_id, account_id, 0, seq + 1, %s, -1, balance_after - 1, posted_at"
        " FROM ledger_entry WHERE account_id = %s",
        [pk.hex, stage.alice.account.pk],
    )
    owner_run(
        "UPDATE ledger_balance SET amount = amount - 1, last_seq = last_seq + 1 WHERE account_id = %s",
        [stage.alice.account.pk],
    )
    found = fresh_database.manage("check_books")
    assert found.returncode == 1
    assert "transfer_entries" in found.stdout
    assert "zero_sum" in found.stdout


# No row can hold what the rules forbid.


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("amount = -1", "balance_above_floor"),
        ("held = 10001", "balance_above_floor"),
        ("floor = 10001", "balance_above_floor"),
        ("amount = 9007199254740992", "balance_within_limit"),
        ("floor = NULL, amount = -9007199254740992", "balance_within_limit"),
        ("held = -1", "balance_held_not_negative"),
        ("status = 'frozen'", "balance_freeze_said"),
        ("freeze = 'both'", "balance_freeze_said"),
        ("status = 'closed', freeze = 'both'", "balance_freeze_said"),
    ],
)
def test_a_balance_that_breaks_a_rule_is_refused(stage: Stage, change: str, constraint: str) -> None:
    # FREEZE is a reserved word of PostgreSQL.
    change = change.replace("freeze", '"freeze"')
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        run(
            stage.event.tenant,
            f"UPDATE ledger_balance SET {change} WHERE account_id = %s",
            [stage.alice.account.pk],
        )


@pytest.mark.parametrize("amount", [-1, 10_01])
def test_no_more_is_given_back_than_was_paid(stage: Stage, amount: int) -> None:
    [paid] = post(actor=stage.alice.actor, orders=[stage.order(10_00)]).ids
    back = {"from_account": stage.bob.number, "to_account": stage.alice.number, "refunds": paid}
    post(actor=stage.bob.actor, orders=[stage.order(1, **back)], authority=Authority.REFUND)
    with pytest.raises(IntegrityError, match="refunded_at_most"), transaction.atomic():
        run(
            stage.event.tenant,
            "UPDATE ledger_refunded SET amount = %s WHERE transfer_id = %s",
            [amount, stored(paid)],
        )


# PostgreSQL: one event does not reach another, and the application's role cannot take the guards away.

TABLES = ("currency", "accountholder", "account", "balance", "transfer", "entry", "spent", "idempotencykey")


@pytest.fixture
def neighbours(db: None) -> tuple[Stage, Tenant]:
    """A stage where something happened, and an event next door that wants to know."""
    stage = make_stage()
    post(actor=stage.alice.actor, orders=[stage.order()])
    return stage, make_event("nosy").tenant


@pytest.mark.postgresql_only
@pytest.mark.parametrize("table", TABLES)
def test_rows_of_another_event_are_neither_seen_nor_written(
    neighbours: tuple[Stage, Tenant], table: str
) -> None:
    stage, nosy = neighbours
    mine, theirs = stage.event.tenant, [str(stage.event.tenant.pk)]
    counting = f"SELECT count(*) FROM ledger_{table} WHERE tenant_id = %s"
    if table != "idempotencykey":
        assert run(mine, counting, theirs) != [(0,)]
    assert run(nosy, counting, theirs) == [(0,)]
    if table in ("transfer", "entry"):
        return
    with tenancy.scope(nosy), connection.cursor() as cursor:
        cursor.execute(f"UPDATE ledger_{table} SET tenant_id = tenant_id WHERE tenant_id = %s", theirs)
        assert cursor.rowcount == 0


@pytest.mark.postgresql_only
def test_a_row_cannot_be_written_into_another_event(neighbours: tuple[Stage, Tenant]) -> None:
    stage, nosy = neighbours
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        run(
            nosy,
            "INSERT INTO ledger_spent (tenant_id, scope, subject, day, amount) VALUES (%s, 'account', 'x', now(), 1)",
            [str(stage.event.tenant.pk)],
        )


@pytest.mark.postgresql_only
@pytest.mark.parametrize("table", TABLES)
def test_without_the_setting_no_row_is_seen(fresh_database: Database, table: str) -> None:
    stage = make_stage()
    post(actor=stage.alice.actor, orders=[stage.order()])
    assert run(None, f"SELECT count(*) FROM ledger_{table}") == [(0,)]


@pytest.mark.postgresql_only
@pytest.mark.parametrize(
    "statement",
    [
        *(f"TRUNCATE {table} CASCADE" for table in APPEND_ONLY),
        "TRUNCATE ledger_balance",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "ALTER TABLE ledger_balance DROP CONSTRAINT balance_above_floor",
        "ALTER TABLE ledger_balance NO FORCE ROW LEVEL SECURITY",
        "DROP TRIGGER ledger_entry_matches ON ledger_entry",
        "DROP TRIGGER ledger_transfer_append_only ON ledger_transfer",
        "DROP TABLE ledger_entry",
        "CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE mine (id int)",
        "SET session_replication_role = replica",
    ],
)
def test_the_applications_role_cannot_take_a_guard_away(stage: Stage, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        run(stage.event.tenant, statement)


@pytest.mark.postgresql_only
def test_the_foreign_keys_of_movements_are_looked_at_at_once(db: None) -> None:
    found = run(
        None,
        "SELECT conrelid::regclass::text, count(*), bool_or(condeferrable) FROM pg_constraint WHERE contype = 'f' AND conrelid"
        " IN ('ledger_entry'::regclass, 'ledger_transfer'::regclass, 'ledger_refunded'::regclass) GROUP BY 1 ORDER BY 1",
    )
    assert [(table, deferrable) for table, count, deferrable in found if count] == [
        ("ledger_entry", False),
        ("ledger_refunded", False),
        ("ledger_transfer", False),
    ]


def test_another_events_transfer_cannot_get_entries(neighbours: tuple[Stage, Tenant]) -> None:
    stage, nosy = neighbours
    with tenancy.scope(stage.event.tenant):
        entry = Entry.objects.filter(account=stage.alice.account).latest("seq")
    with pytest.raises(DatabaseError, match=r"do not match|row-level security"), transaction.atomic():
        run(
            nosy,
            "INSERT INTO ledger_entry (tenant_id, account_id, shard, seq, transfer_id, amount, balance_after, posted_at)"
            " VALUES (%s, %s, 0, 77, %s, %s, 0, %s), (%s, %s, 0, 77, %s, %s, 0, %s)",
            [
                *(
                    stored(nosy.pk),
                    stage.carol.account.pk,
                    stored(entry.transfer_id),
                    -10_00,
                    entry.posted_at,
                ),
                *(
                    stored(nosy.pk),
                    stage.account_of(MINT).pk,
                    stored(entry.transfer_id),
                    10_00,
                    entry.posted_at,
                ),
            ],
        )

"""Lies told beneath the application by whoever owns the database; each is rolled back, guards and all."""

from __future__ import annotations

import re

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from tqdm import tqdm

from ledger import books


def rules_broken_after(sql: str, names: dict[str, str]) -> set[str]:
    """The rules that the replay names when `sql` has been run on the unguarded database."""
    said = said_after(sql, names)
    return {match.group(1) for line in said if (match := re.search(r"\[(\w+)\]$", line))}


def take_guards_away(connection: BaseDatabaseWrapper) -> None:
    """What an owner can do who wants to lie: no triggers, no checks, no foreign keys."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX transfer_reference")
        if connection.vendor == "sqlite":
            # Its foreign keys are looked at when the transaction ends, and this one is rolled back.
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
            return
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "SELECT conrelid::regclass, conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
            " WHERE contype = 'c' AND (relname LIKE 'ledger_%%' OR relname LIKE 'casino_%%')"
        )
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def said_after(sql: str, names: dict[str, str]) -> list[str]:
    """What the replay says when `sql` has been run on the unguarded database."""
    said: list[str] = []
    connection = connections[books.reading_alias()]
    with transaction.atomic(using=connection.alias):
        take_guards_away(connection)
        with connection.cursor() as cursor:
            cursor.execute(sql.format(**names))
            assert cursor.rowcount > 0, "the attack hit nothing"
        with books.seeing_everything(connection), tqdm(disable=True) as bar:
            books.report(connection, say=said.append, bar=bar)
        transaction.set_rollback(True, using=connection.alias)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
    return said

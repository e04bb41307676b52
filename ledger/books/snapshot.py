"""One moment of the database, seen whole: for replaying, exporting and backing up while the bank is open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ProgrammingError
from django.utils.translation import gettext as _

# Made by `migrate`: reads every tenant, writes nothing. No web, realtime or worker process may step into it.
READER_ROLE: Final = "neobank_dump"
_ROWS_AT_ONCE: Final = 2000
_POSTGRESQL_PORT: Final = 5432


class CannotRead(Exception):
    """This login may not look at every tenant; the text says what an administrator has to do."""


def reading_alias() -> str:
    """The connection that may see every tenant: the owner's where there is one."""
    return "owner" if "owner" in connections else "default"


def whereabouts(alias: str) -> str:
    """The database behind ``alias`` as people tell databases apart: name, host and port, or the file. No login."""
    connection = connections[alias]
    if connection.vendor == "sqlite":
        return str(connection.settings_dict["NAME"])
    parameters = connection.get_connection_params()
    name = parameters.get("dbname") or parameters.get("service")
    host, port = parameters.get("host"), parameters.get("port")
    return f"{name} ({host or 'local'}:{port or _POSTGRESQL_PORT})"


@contextmanager
def snapshot(alias: str) -> Iterator[BaseDatabaseWrapper]:
    """The database as it is now; what is written meanwhile is not seen, and nobody waits. Raises ``CannotRead``.

    PostgreSQL: one REPEATABLE READ READ ONLY transaction. SQLite: one read transaction, which in WAL mode stops no writer.
    """
    connection = connections[alias]
    if connection.vendor == "sqlite":
        with _reading_sqlite(connection):
            yield connection
        return
    with transaction.atomic(using=alias, durable=True):
        _run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with seeing_everything(connection):
            yield connection


@contextmanager
def seeing_everything(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Inside a transaction: read every tenant's rows until the end of the block. Raises ``CannotRead``."""
    if connection.vendor == "sqlite":
        yield
        return
    try:
        _run(connection, f"SET LOCAL ROLE {READER_ROLE}")
    except ProgrammingError as error:
        raise CannotRead(
            _(
                "The login of DATABASE_OWNER_URL may not become %(role)s, the role that reads every event. "
                "Run `manage.py migrate`; it says what is missing."
            )
            % {"role": READER_ROLE}
        ) from error
    # A setting of the server for impatient web requests is not meant for this.
    _run(connection, "SET LOCAL statement_timeout = 0")
    try:
        yield
    finally:
        if not connection.needs_rollback and connection.is_usable():
            _run(connection, "RESET ROLE")


@contextmanager
def _reading_sqlite(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A plain BEGIN: Django's own would be IMMEDIATE here, and keep every writer out until the end."""
    if connection.in_atomic_block:
        yield
        return
    connection.ensure_connection()
    _run(connection, "PRAGMA query_only = ON")
    _run(connection, "BEGIN")
    try:
        yield
    finally:
        _run(connection, "ROLLBACK")
        _run(connection, "PRAGMA query_only = OFF")


def rows(connection: BaseDatabaseWrapper, sql: str, params: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, a few thousand at a time: memory does not grow with the books."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while chunk := cursor.fetchmany(_ROWS_AT_ONCE):
            yield from chunk


def _run(connection: BaseDatabaseWrapper, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

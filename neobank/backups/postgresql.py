"""Copies of a PostgreSQL database, by ``pg_dump`` and ``pg_restore``."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.db import ProgrammingError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _
from psycopg.conninfo import make_conninfo

from ledger import books
from neobank import walls
from neobank.backups.errors import CannotBackUp
from neobank.backups.form import CHUNK, Copy, alias_for
from neobank.backups.programs import program

_WHERE = {
    "dbname",
    "user",
    "host",
    "port",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "service",
    "passfile",
}
_SCRATCH_PREFIX = "neobank_drill_"


@contextmanager
def copying(alias: str) -> Iterator[Copy]:
    """See ``neobank.backups.copies``. The dump is taken from the very snapshot in which the rows are counted."""
    connection = connections[alias]
    dump = program("pg_dump", server_major=_server_major(connection))
    with books.snapshot(alias), tempfile.TemporaryFile() as complaints:
        counts = _counts(connection)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
            snapshot, version = cursor.fetchone()
        process = subprocess.Popen(
            [
                *(dump, "--format=custom", "--compress=0", "--no-owner", "--no-privileges", "--no-password"),
                *(
                    f"--snapshot={snapshot}",
                    f"--role={books.READER_ROLE}",
                    f"--dbname={_conninfo(connection)}",
                ),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=_environment(connection),
        )
        try:
            yield Copy(counts, version, None, _output_of(process, complaints))
        finally:
            _end(process)


def tables(alias: str) -> list[str]:
    """The tables there are."""
    return connections[alias].introspection.table_names()


def count_rows(alias: str) -> dict[str, int]:
    """See ``neobank.backups.copies``."""
    with books.snapshot(alias) as connection:
        return _counts(connection)


def fill(alias: str, chunks: Iterable[bytes]) -> None:
    """See ``neobank.backups.copies``. Rights belong to a server and not to a copy, so they are built anew."""
    connection = connections[alias]
    restore = program("pg_restore", server_major=_server_major(connection))
    # Before anything is put back, because what an administrator has to do about roles is better done first.
    _build_walls(connection)
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [
                *(restore, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"),
                *("--no-password", f"--dbname={_conninfo(connection)}"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            env=_environment(connection),
        )
        try:
            status = _feed(process, chunks)
        finally:
            # Killed before its input ends, it commits nothing: all is one transaction.
            _end(process)
        if status != 0:
            raise CannotBackUp(_("pg_restore failed: %s") % _last_words(complaints))
    _build_walls(connection)


@contextmanager
def scratch(alias: str) -> Iterator[str]:
    """See ``neobank.backups.copies``: a database on the same server, with a name that nothing else has."""
    name = f"{_SCRATCH_PREFIX}{os.getpid()}_{secrets.token_hex(6)}"
    connection = connections[alias]
    try:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    except ProgrammingError as error:
        raise CannotBackUp(
            _(
                "The login of DATABASE_OWNER_URL may not make a database to practise in: ALTER ROLE %s CREATEDB; allows it."
            )
            % connection.settings_dict["USER"]
        ) from error
    try:
        with alias_for(name, like=alias) as scratch_alias:
            yield scratch_alias
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _build_walls(connection: BaseDatabaseWrapper) -> None:
    try:
        walls.build(connection)
    except walls.CannotBuild as refusal:
        raise CannotBackUp(str(refusal)) from refusal


def _counts(connection: BaseDatabaseWrapper) -> dict[str, int]:
    quote = connection.ops.quote_name
    counts = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT count(*) FROM {quote(table)}")  # noqa: S608  the name of a table
            counts[table] = int(cursor.fetchone()[0])
    return counts


def _output_of(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> Iterator[bytes]:
    """What the program writes; raises ``CannotBackUp`` at the end when it failed, so that half a copy is never kept."""
    if process.stdout is None:
        raise ValueError("the program's output is not a pipe")
    while chunk := process.stdout.read(CHUNK):
        yield chunk
    if process.wait() != 0:
        raise CannotBackUp(_("pg_dump failed: %s") % _last_words(complaints))


def _feed(process: subprocess.Popen[bytes], chunks: Iterable[bytes]) -> int:
    """Give the program its input; returns its exit status."""
    if process.stdin is None:
        raise ValueError("the program's input is not a pipe")
    try:
        for chunk in chunks:
            process.stdin.write(chunk)
        process.stdin.close()
    except BrokenPipeError:
        # It has given up already, and said why.
        return process.wait() or 1
    return process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None and not pipe.closed:
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def _server_major(connection: BaseDatabaseWrapper) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return int(cursor.fetchone()[0])


def _conninfo(connection: BaseDatabaseWrapper) -> str:
    """Where the database is, without the password: others can read a command line."""
    parameters = connection.get_connection_params()
    return make_conninfo(**{name: value for name, value in parameters.items() if name in _WHERE})


def _environment(connection: BaseDatabaseWrapper) -> dict[str, str]:
    password: Any = connection.get_connection_params().get("password")
    return {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}


def _last_words(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").strip().splitlines()
    return " ".join(lines[-3:]) or _("it said nothing")

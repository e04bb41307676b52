"""The same commands where the owner of the database is no superuser, as in production: row-level security binds it too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError
from django.db import connections

from accounts import directory
from tests.commands import story
from tests.commands.conftest import Run
from tests.conftest import SESSION
from tests.sessions import Database

pytestmark = pytest.mark.postgresql_only

New = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def role(fresh_database: Database) -> str:
    return f"{fresh_database.name}_owner"


@pytest.fixture
def administrator(fresh_database: Database, role: str) -> Iterator[psycopg.Connection]:
    """A superuser, who has made the owner's login and let it use the roles that `migrate` asks for."""
    with psycopg.connect(SESSION.databases.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS".encode())
        connection.execute(f"GRANT neobank_app, neobank_dump TO {role}".encode())
        yield connection
        connection.execute(f"DROP ROLE {role}".encode())


@pytest.fixture
def new(
    run: Run,
    fresh_database: Database,
    administrator: psycopg.Connection,
    role: str,
    monkeypatch: pytest.MonkeyPatch,
) -> New:
    """`with new("a"):` everything inside happens in a new database that belongs to the plain login."""
    for alias in ("default", "owner"):
        connections[alias].close()
        monkeypatch.setitem(connections[alias].settings_dict, "USER", role)

    @contextmanager
    def make(suffix: str) -> Iterator[None]:
        name = f"{fresh_database.name}_{suffix}"
        administrator.execute(f"CREATE DATABASE {name} OWNER {role}".encode())
        try:
            with SESSION.connected_to(Database(name, SESSION.databases.url(name), fresh_database.var)):
                directory.forget()
                yield
        finally:
            SESSION.databases.drop(name)

    return make


def test_books_exports_and_backups_work_for_an_owner_that_is_no_superuser(
    run: Run, new: New, administrator: psycopg.Connection, role: str, tmp_path: Path
) -> None:
    event, backups = tmp_path / "event.jsonl", tmp_path / "backups"
    with new("a"):
        run("migrate", verbosity=0, database="owner")
        story.tell()
        clean, _ = run("check_books")
        _database, clean = clean.split("\n", 1)
        assert re.findall(r"^(\w+): clean", clean, re.MULTILINE) == ["dune", "neo"]
        run("export_ledger", event)
        run("backup", to=backups)
        [backup] = backups.glob("*.nbk")
        with pytest.raises(CommandError, match=f"ALTER ROLE {role} CREATEDB"):
            run("backup_drill", backup)
        administrator.execute(f"ALTER ROLE {role} CREATEDB".encode())
        assert "The drill succeeded" in run("backup_drill", backup)[0]
    with new("b"):
        run("migrate", verbosity=0, database="owner")
        assert clean in run("import_ledger", event)[0]
    with new("c"):
        assert clean in run("restore", backup)[0]


def test_a_role_that_cannot_be_used_is_said_before_anything_is_put_back(
    run: Run, new: New, administrator: psycopg.Connection, role: str, tmp_path: Path
) -> None:
    with new("a"):
        run("migrate", verbosity=0, database="owner")
        story.tell()
        run("backup", to=tmp_path)
    [backup] = tmp_path.glob("*.nbk")
    administrator.execute(f"REVOKE neobank_app FROM {role}".encode())
    # The web server's own login goes on working: it is the owner who may not step in.
    with new("b"):
        with pytest.raises(CommandError, match="GRANT neobank_app TO <that login>;"):
            run("restore", backup)
        assert connections["owner"].introspection.table_names() == []
        administrator.execute(f"GRANT neobank_app TO {role}".encode())
        assert "neo: clean" in run("restore", backup)[0]


def test_without_the_role_that_reads_every_event_the_refusal_says_what_to_do(
    run: Run, new: New, administrator: psycopg.Connection, role: str
) -> None:
    with new("a"):
        run("migrate", verbosity=0, database="owner")
        story.tell()
        administrator.execute(f"REVOKE neobank_dump FROM {role}".encode())
        for command in (("check_books",), ("backup",)):
            with pytest.raises(CommandError, match=r"Run `manage\.py migrate`; it says what is missing"):
                run(*command)

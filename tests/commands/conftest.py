"""What the tests of the commands share: a way to run one, and an event to run it in."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command

from tests.cast import Event, make_event
from tests.conftest import SESSION
from tests.sessions import Database

Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(fresh_database: Database) -> Run:
    """`run("freeze", "NC-…", reason="brawl")` -> what it wrote to stdout and to stderr; raises CommandError as it does."""

    def call(*arguments: str, **options: Any) -> tuple[str, str]:
        out, err = io.StringIO(), io.StringIO()
        call_command(*arguments, stdout=out, stderr=err, no_color=True, **options)
        return out.getvalue(), err.getvalue()

    return call


@pytest.fixture
def event(fresh_database: Database) -> Event:
    """The only event of its database."""
    return make_event("neo")


@pytest.fixture
def empty(fresh_database: Database, engine: str) -> Iterator[Database]:
    """A database of this run's engine without a single table: on SQLite, a file that is not there."""
    name = f"{fresh_database.name}_empty"
    database = Database(name, SESSION.databases.url(name), fresh_database.var)
    if engine == "postgresql":
        with psycopg.connect(SESSION.databases.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield database
    finally:
        SESSION.databases.drop(name)

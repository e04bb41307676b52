"""A PostgreSQL that keeps somebody waiting for a lock, or goes: people and programs are told to come again, and can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import close_old_connections
from django.test import Client

from accounts import directory
from tests.cast import make_world
from tests.pages.reading import sign_in
from tests.sessions import Database

pytestmark = pytest.mark.postgresql_only

Ask = Callable[[], tuple[Any, Any]]


@pytest.fixture
def ask(fresh_database: Database) -> Ask:
    """Alice asks the same by page and by API; returns both answers."""
    directory.forget()
    world = make_world()
    browser = Client(raise_request_exception=False, HTTP_HOST=world.arcadia.host)
    sign_in(browser, "Alice")
    headers = world.alice.phone().headers
    phone = Client(raise_request_exception=False, HTTP_HOST=world.arcadia.host, headers=headers)

    def both() -> tuple[Any, Any]:
        # As the server does in front of each request.
        close_old_connections()
        page = browser.get("/bank")
        close_old_connections()
        return page, phone.get("/api/v1/account")

    return both


def assert_busy(answers: tuple[Any, Any]) -> None:
    page, problem = answers
    assert [(answer.status_code, answer["Retry-After"]) for answer in answers] == [(503, "2")] * 2
    assert page["Content-Type"].startswith("text/html")
    assert problem.json()["code"] == "busy"


def assert_good(answers: tuple[Any, Any]) -> None:
    assert [answer.status_code for answer in answers] == [200, 200]


def test_a_lock_that_does_not_come_is_no_server_error(fresh_database: Database, ask: Ask) -> None:
    with psycopg.connect(fresh_database.url) as other:
        other.execute("lock table ledger_account in access exclusive mode")
        assert_busy(ask())
    assert_good(ask())


def test_a_database_that_is_gone_is_no_server_error(fresh_database: Database, ask: Ask) -> None:
    name = fresh_database.name
    url = fresh_database.url.replace(f"/{name}?", "/postgres?")
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        assert_good(ask())
        server.execute(f"drop database {name} with (force)".encode())
        directory.forget()
        assert_busy(ask())

"""The plug is pulled while people pay: kill -9 of the whole server at random moments, on both engines, and of PostgreSQL too."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests import databases
from tests.cast import Person
from tests.databases import Postgres
from tests.servers import WebServer
from tests.sessions import Database
from tests.storms.load import (
    NO_ANSWER,
    UNDECIDED,
    Crowd,
    Note,
    assert_books_are_clean,
    assert_kept,
    client_of,
    threads,
)

Client = Callable[[Crowd, str, Person, random.Random], Callable[[], Iterator[Note]]]
SEED = 20_770
CUTS = int(os.environ.get("SOAK_POWER_CUTS", "20"))


def pull_the_plug(
    server: WebServer,
    database: Database,
    crowd: Crowd,
    *,
    times: int,
    postgres: Postgres | None = None,
    client: Client = client_of,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Note]:
    """Kill and restart the server ``times`` times under load, every other time ``postgres`` with it; hold it to every answer.

    Each person is a ``client``; ``meanwhile`` happens while the server is down.
    """
    dice = random.Random(SEED)
    clients = [
        client(crowd, server.base_url, person, random.Random(dice.random()))() for person in crowd.people
    ]
    notes: list[Note] = []
    for number in range(times):
        # So many answers and then the plug: a moment that no statement of the server can know.
        answers_until_the_cut = threading.Semaphore(0)
        cut = threading.Event()

        def hammer(
            client: Any, answered: threading.Semaphore = answers_until_the_cut, over: threading.Event = cut
        ) -> None:
            while not over.is_set():
                note = next(client)
                notes.append(note)
                answered.release()
                if note.status == NO_ANSWER:
                    return

        with threads(*(lambda client=client: hammer(client) for client in clients)):
            for _answer in range(dice.randint(3, 60)):
                assert answers_until_the_cut.acquire(timeout=60)
            if postgres is not None and number % 2 == 0:
                postgres.kill()
            server.kill()
            cut.set()
        if postgres is not None and number % 2 == 0:
            postgres.start()
            connections.close_all()
        meanwhile()
        server.start()
        assert not [note for note in notes if note.status == 500], "the cut was told as a mistake of ours"
        ask_again(notes)
        assert_kept(crowd.event, notes)
    assert_books_are_clean(database)
    return notes


def ask_again(notes: list[Note]) -> None:
    """What phones do when an answer was lost: the same request with the same key gets one, and it is final."""
    for note in [note for note in notes if note.status in UNDECIDED and note.sender is not None]:
        assert note.sender is not None
        note.sender.close()  # a 503 came over a connection that has been cut since
        note.sender.send(note)
        assert note.status in {201, 404, 409}, note
        again = note.sender.send(Note(note.method, note.path, note.body, note.key))
        assert (again.status, again.said, again.replayed) == (note.status, note.said, True)


@contextmanager
def own_cluster(folder: Path) -> Iterator[tuple[Postgres, Database]]:
    """A PostgreSQL that keeps every promise, with a migrated database that Django's connections lead to."""
    name = "power_cut"
    postgres = databases.start_postgres(durable=True)
    postgres.execute(f"CREATE DATABASE {name}")
    database = Database(name, postgres.url(name), folder)
    migrated = database.manage("migrate", "--verbosity=0")
    assert migrated.returncode == 0, migrated.stderr
    usual = {alias: dict(connections[alias].settings_dict) for alias in connections}
    connections.close_all()
    for alias in connections:
        connections[alias].settings_dict |= {"NAME": name, "HOST": str(postgres.folder)}
    try:
        yield postgres, database
    finally:
        connections.close_all()
        for alias, settings in usual.items():
            connections[alias].settings_dict |= {"NAME": settings["NAME"], "HOST": settings["HOST"]}
        postgres.remove()


def cut_postgres_too(folder: Path, *, times: int) -> None:
    """Pull the plug of the web server and of its PostgreSQL."""
    with own_cluster(folder) as (postgres, database):
        crowd = Crowd.of(4)
        server = WebServer(folder, environment=database.environment | {"RATE_LIMITS": "0"}).start()
        try:
            pull_the_plug(server, database, crowd, times=times, postgres=postgres)
        finally:
            server.kill()
            crowd.close()


def test_nothing_answered_is_lost_and_nothing_is_half_done_when_the_plug_is_pulled(
    serve: Callable[..., WebServer], fresh_database: Database, crowd: Crowd
) -> None:
    pull_the_plug(serve(RATE_LIMITS="0"), fresh_database, crowd, times=2)


@pytest.mark.postgresql_only
def test_nothing_answered_is_lost_when_postgresql_is_cut_off_with_it(
    fresh_database: Database, tmp_path: Path
) -> None:
    cut_postgres_too(tmp_path, times=2)


@pytest.mark.soak
def test_twenty_power_cuts(serve: Callable[..., WebServer], fresh_database: Database, crowd: Crowd) -> None:
    pull_the_plug(serve(RATE_LIMITS="0"), fresh_database, crowd, times=CUTS)


@pytest.mark.soak
@pytest.mark.postgresql_only
def test_twenty_power_cuts_of_postgresql(fresh_database: Database, tmp_path: Path) -> None:
    cut_postgres_too(tmp_path, times=CUTS)

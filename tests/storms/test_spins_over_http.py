"""Spins over real HTTP: the plug is pulled, two hundred hands play for one person, and somebody holds the books."""

from __future__ import annotations

import itertools
import os
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connections, transaction

from accounts import tenancy
from casino.models import Round
from casino.services.configurations import set_payout
from casino.services.house import fund
from ledger.services.gm import adjust
from tests.servers import WebServer
from tests.sessions import Database
from tests.storms.load import UNDECIDED, Crowd, Note, assert_books_are_clean, threads
from tests.storms.tables import GAMES, RICH, assert_rounds_are_honest, drain, first_look, open_tables, spinner
from tests.storms.test_power_cut import own_cluster, pull_the_plug

AT_ONCE = 200
CUTS = int(os.environ.get("SOAK_POWER_CUTS", "20"))


def enter(crowd: Crowd) -> None:
    """A rich house, rich players, and everybody has seen the seals."""
    open_tables(crowd.event)
    for person in crowd.people:
        adjust(actor=crowd.event.server, account=person.number, amount=20_000_00, reason="chips")
    first_look(crowd)


def between(crowd: Crowd) -> Callable[[], None]:
    """What game masters do while the server is down: another payout, and a house that is all but empty."""
    payouts = itertools.count(9000, 7)

    def meddle() -> None:
        for game in GAMES:
            set_payout(actor=crowd.event.server, game=game, payout=next(payouts))
        fund(actor=crowd.event.server, amount=RICH, reason="filled up")
        drain(actor=crowd.event.server, leave=200_000_00)

    return meddle


def assert_every_answer_has_its_round(crowd: Crowd, notes: list[Note]) -> None:
    """Each answered round is there once; those that are there and were never asked for are none."""
    answered = [note.answer["round_id"] for note in notes if note.status == 201]
    with tenancy.scope(crowd.event.tenant):
        there = {str(pk) for pk in Round.objects.values_list("pk", flat=True)}
    assert len(answered) == len(set(answered))
    assert set(answered) == there
    assert assert_rounds_are_honest(crowd.event) == len(there)


def cut(server: WebServer, database: Database, crowd: Crowd, *, times: int) -> None:
    """Pull the plug ``times`` times while everybody spins."""
    enter(crowd)
    notes = pull_the_plug(server, database, crowd, times=times, client=spinner, meanwhile=between(crowd))
    assert_every_answer_has_its_round(crowd, notes)


def test_no_spin_is_lost_or_half_done_when_the_plug_is_pulled(
    serve: Callable[..., WebServer], fresh_database: Database, crowd: Crowd
) -> None:
    cut(serve(RATE_LIMITS="0"), fresh_database, crowd, times=2)


@pytest.mark.soak
def test_twenty_power_cuts_among_spins(
    serve: Callable[..., WebServer], fresh_database: Database, crowd: Crowd
) -> None:
    cut(serve(RATE_LIMITS="0"), fresh_database, crowd, times=CUTS)


@pytest.mark.soak
@pytest.mark.postgresql_only
def test_twenty_power_cuts_of_postgresql_among_spins(fresh_database: Database, tmp_path: Path) -> None:
    with own_cluster(tmp_path) as (postgres, database):
        crowd = Crowd.of(4)
        enter(crowd)
        server = WebServer(tmp_path, environment=database.environment | {"RATE_LIMITS": "0"}).start()
        try:
            notes = pull_the_plug(
                server,
                database,
                crowd,
                times=CUTS,
                postgres=postgres,
                client=spinner,
                meanwhile=between(crowd),
            )
            assert_every_answer_has_its_round(crowd, notes)
        finally:
            server.kill()
            crowd.close()


def test_two_hundred_hands_of_one_player_are_answered_one_after_the_other(
    serve: Callable[..., WebServer], fresh_database: Database, crowd: Crowd
) -> None:
    server = serve(threads=16, RATE_LIMITS="0")
    enter(crowd)
    phone = crowd.people[0].phone()
    start = threading.Barrier(AT_ONCE)
    notes = [spin_of(number) for number in range(AT_ONCE)]

    def ask(note: Note) -> None:
        client = crowd.client(server.base_url, phone)
        start.wait(timeout=120)
        client.send(note)
        for _again in range(100):
            if note.status not in UNDECIDED:
                break
            assert note.status == 0 or note.answer["code"] == "busy", note
            client.send(note)

    with threads(*(lambda note=note: ask(note) for note in notes)):
        pass
    assert {note.status for note in notes} == {201}
    assert_every_answer_has_its_round(crowd, notes)
    assert_books_are_clean(fresh_database)


def spin_of(number: int) -> Note:
    """A spin with a key of its own."""
    game = random.Random(number).choice(GAMES).replace("_", "-")
    return Note("POST", f"/api/v1/casino/games/{game}/spin", {"bet_amount": 1_00}, f"hand-{number}")


def test_while_somebody_holds_the_house_a_spin_is_told_to_come_again_and_then_plays_once(
    crowd: Crowd, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(crowd)
    phone, note = crowd.people[0].phone(), spin_of(1)
    path, key = note.path.removeprefix("/api/v1/"), {"Idempotency-Key": note.key}
    monkeypatch.setattr(tenancy, "LOCK_TIMEOUT", "20ms")
    holding = holding_the_house if engine == "postgresql" else holding_the_file
    with holding():
        refused = phone.post(path, note.body, **key)
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert refused.headers["Retry-After"]
    played = phone.post(path, note.body, **key)
    assert (played.status_code, played.headers.get("Idempotent-Replayed")) == (201, None)
    assert assert_rounds_are_honest(crowd.event) == 1


@contextmanager
def holding_the_house() -> Iterator[None]:
    """A game master's tool that has hung with the house's row in its hands."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id"
            " WHERE a.number = 'NC-CASA-0000' FOR UPDATE OF b"
        )
        yield


@contextmanager
def holding_the_file() -> Iterator[None]:
    """Another process that has hung while it writes, and nobody here who waits for it for long."""
    with connections["default"].cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 20")
    connection = sqlite3.connect(connections["default"].settings_dict["NAME"], isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()

"""Money goes round among few people through a real server with several workers, and none is made or lost."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from ledger.services.accounts import freeze, unfreeze
from tests.servers import WebServer
from tests.sessions import Database
from tests.storms.load import Crowd, Note, assert_books_are_clean, assert_kept, client_of, threads

SEED = 4_711
GOOD = {201, 404, 409}


def storm(
    serve: Callable[..., WebServer], database: Database, crowd: Crowd, *, clients: int, requests: int
) -> list[Note]:
    """Let ``clients`` send ``requests`` each while a game master freezes and thaws, and look at the books afterwards."""
    server = serve(workers=2, threads=8, RATE_LIMITS="0")
    dice = random.Random(SEED)
    notes: list[Note] = []

    def pay(number: int) -> None:
        person = crowd.people[number % len(crowd.people)]
        client = client_of(crowd, server.base_url, person, random.Random(SEED + number))()
        notes.extend(next(client) for _ in range(requests))

    def meddle() -> None:
        for _ in range(requests // 2):
            person = dice.choice(crowd.people)
            freeze(
                actor=crowd.event.server,
                account=person.number,
                how=dice.choice(["debits", "credits", "both"]),
            )
            unfreeze(actor=crowd.event.server, account=person.number)

    with threads(meddle, *(lambda number=number: pay(number) for number in range(clients))):
        pass
    assert {note.status for note in notes} <= GOOD, [note for note in notes if note.status not in GOOD][:3]
    assert sum(note.status == 201 for note in notes) > len(notes) // 3
    assert_kept(crowd.event, notes)
    assert sum(person.balance() for person in crowd.people) == len(crowd.people) * 500_00
    assert_books_are_clean(database)
    return notes


def test_money_is_neither_made_nor_lost(
    serve: Callable[..., WebServer], fresh_database: Database, crowd: Crowd, engine: str
) -> None:
    clients = 16 if engine == "postgresql" else 4
    storm(serve, fresh_database, crowd, clients=clients, requests=160 // clients)


@pytest.mark.soak
def test_a_long_storm(
    serve: Callable[..., WebServer], fresh_database: Database, crowd: Crowd, engine: str
) -> None:
    clients = 16 if engine == "postgresql" else 4
    requests = int(os.environ.get("SOAK_REQUESTS", "8000")) // clients
    storm(serve, fresh_database, crowd, clients=clients, requests=requests)

"""SIGTERM: what is in flight is finished, what was answered is there."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable

from tests.servers import WebServer
from tests.sessions import Database
from tests.storms.load import NO_ANSWER, Crowd, Note, assert_books_are_clean, assert_kept, client_of, threads


def test_a_server_that_is_asked_to_stop_finishes_what_it_has_begun(
    serve: Callable[..., WebServer], fresh_database: Database, crowd: Crowd
) -> None:
    server = serve(RATE_LIMITS="0")
    flowing, stopping = threading.Semaphore(0), threading.Event()
    notes: list[Note] = []

    def pay(number: int) -> None:
        client = client_of(crowd, server.base_url, crowd.people[number], random.Random(number))()
        while not stopping.is_set():
            note = next(client)
            notes.append(note)
            flowing.release()
            if note.status == NO_ANSWER:
                return

    with threads(*(lambda number=number: pay(number) for number in range(4))):
        for _answer in range(40):
            assert flowing.acquire(timeout=60)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=30) == 0
        stopping.set()
    assert_kept(crowd.event, notes)
    assert_books_are_clean(fresh_database)

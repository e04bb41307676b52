"""One intention, many requests: bad signal must never pay twice."""

from __future__ import annotations

import json
import socket
import threading
import uuid
from collections.abc import Callable

from accounts import tenancy
from ledger.models import Transfer
from tests.servers import WebServer
from tests.sessions import Database
from tests.storms.load import Crowd, Note, assert_books_are_clean, threads

AT_ONCE = 200


def test_two_hundred_requests_with_one_key_pay_once_and_get_one_answer(
    serve: Callable[..., WebServer], fresh_database: Database, crowd: Crowd
) -> None:
    server = serve(threads=16, RATE_LIMITS="0")
    alice, bob = crowd.people[:2]
    phone = alice.phone()
    body = {"to_account": bob.number, "amount": 777, "memo": "once"}
    key = str(uuid.uuid4())
    start = threading.Barrier(AT_ONCE)
    notes = [Note("POST", "/api/v1/transfers", body, key) for _ in range(AT_ONCE)]

    def ask(note: Note) -> None:
        client = crowd.client(server.base_url, phone)
        start.wait(timeout=120)
        client.send(note)
        # In flight, or the connection was not taken: a phone asks again, and so do we, until there is an answer.
        for _again in range(100):
            if note.status not in {0, 409, 503}:
                break
            client.send(note)

    with threads(*(lambda note=note: ask(note) for note in notes)):
        pass

    assert {note.status for note in notes} == {201}
    assert len({json.dumps(note.answer, sort_keys=True) for note in notes}) == 1
    assert [note.replayed for note in notes].count(False) == 1
    other = crowd.client(server.base_url, phone).send(
        Note("POST", "/api/v1/transfers", body | {"amount": 778}, key)
    )
    assert (other.status, other.answer["code"]) == (422, "key_reused")
    with tenancy.scope(crowd.event.tenant):
        assert Transfer.objects.filter(memo="once").count() == 1
    assert alice.balance() == 500_00 - 777
    assert_books_are_clean(fresh_database)


def test_a_connection_that_is_cut_before_the_answer_pays_once(
    serve: Callable[..., WebServer], crowd: Crowd
) -> None:
    server = serve(RATE_LIMITS="0")
    alice, bob = crowd.people[:2]
    phone = alice.phone()
    for number in range(10):
        note = Note(
            "POST", "/api/v1/transfers", {"to_account": bob.number, "amount": 100 + number}, f"cut-{number}"
        )
        send_and_hang_up(server, phone.host, phone.headers, note)
        client = crowd.client(server.base_url, phone)
        client.send(note)
        assert note.status == 201
        again = client.send(Note(note.method, note.path, note.body, note.key))
        assert (again.ids, again.replayed) == (note.ids, True)
    with tenancy.scope(crowd.event.tenant):
        assert Transfer.objects.filter(kind=Transfer.Kind.TRANSFER).count() == 10
    assert alice.balance() == 500_00 - sum(range(100, 110))


def send_and_hang_up(server: WebServer, host: str, headers: dict[str, str], note: Note) -> None:
    """Send the whole request and close the connection without reading a byte of the answer."""
    body = json.dumps(note.body).encode()
    fields = {
        "Host": host,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Idempotency-Key": note.key,
        **headers,
    }
    head = f"{note.method} {note.path} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in fields.items()
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head.encode() + b"\r\n" + body)

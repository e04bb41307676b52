"""Clients that hammer a real server from threads, and what can be said about the books afterwards.

Every client keeps a note of each request and its answer, because the promise is about answers: what was answered is there,
what was not is there whole or not at all, and asking again with the same key tells which.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from accounts import tenancy
from accounts.errors import Conflict
from accounts.units import unit_of_work
from ledger.models import Balance, Entry, Transfer
from tests.cast import Event, Person, Phone, make_event
from tests.sessions import Database

NO_ANSWER = 0
# Asked again with the same key, either may turn out to have been done: 503 also stands for a database that went away.
UNDECIDED = {NO_ANSWER, 503}
JOIN_SECONDS_MAX = 900


@dataclass
class Note:
    """One request and what came of it; status 0 when there was no answer."""

    method: str
    path: str
    body: Any
    key: str
    sender: HttpClient | None = field(default=None, repr=False)
    status: int = NO_ANSWER
    answer: dict[str, Any] = field(default_factory=dict)
    replayed: bool = False

    @property
    def ids(self) -> list[str]:
        """The transfers that the answer says were made."""
        if self.status != 201 or "round_id" in self.answer:
            return []
        if "transaction" in self.answer:
            return [self.answer["transaction"]["id"]]
        paid = self.answer.get("transfers") or [self.answer]
        return [one.get("transfer", one)["id"] for one in paid]

    @property
    def said(self) -> list[str]:
        """What an equal answer says again: the transfers, the round, or the code of a refusal."""
        return [*self.ids, *(self.answer[name] for name in ("round_id", "code") if name in self.answer)]


class HttpClient:
    """One keep-alive connection with one credential."""

    def __init__(self, base_url: str, phone: Phone) -> None:
        self.host, self.port = urlsplit(base_url).hostname or "", urlsplit(base_url).port
        self.headers = {**phone.headers, "Host": phone.host, "Content-Type": "application/json"}
        self.connection: http.client.HTTPConnection | None = None

    def send(self, note: Note) -> Note:
        """Send the request; the note says how it went. A broken connection is an answer that is missing."""
        note.sender = self
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
            headers = {**self.headers, "Idempotency-Key": note.key}
            self.connection.request(note.method, note.path, json.dumps(note.body), headers)
            response = self.connection.getresponse()
            body = response.read()
            note.status, note.answer = response.status, json.loads(body)
            note.replayed = response.headers.get("Idempotent-Replayed") == "true"
        except (OSError, http.client.HTTPException, ValueError):
            note.status = NO_ANSWER
            self.close()
        return note

    def close(self) -> None:
        """Forget the connection."""
        if self.connection is not None:
            with suppress(OSError):
                self.connection.close()
        self.connection = None


@dataclass
class Crowd:
    """A few people with money, among whom it goes round."""

    event: Event
    people: list[Person]
    till: Any
    received: dict[str, list[str]] = field(default_factory=dict)
    clients: list[HttpClient] = field(default_factory=list)

    @classmethod
    def of(cls, size: int, *, money: int = 500_00) -> Crowd:
        """``size`` people with ``money`` each, and a bar's till that may debit any of them."""
        event = make_event("storm")
        people = [event.person(f"Person {number}", money=money) for number in range(size)]
        till = event.till(
            people[0], scopes=("credit", "debit:any"), limit_per_payment=10**9, limit_per_day=10**12
        )
        return cls(event, people, till)

    def client(self, base_url: str, phone: Phone) -> HttpClient:
        """A connection that is closed at the end of the test."""
        self.clients.append(HttpClient(base_url, phone))
        return self.clients[-1]

    def close(self) -> None:
        """Close every connection."""
        for client in self.clients:
            client.close()

    def remember(self, note: Note) -> None:
        """Who received a payment may give it back later."""
        if note.status == 201 and note.path == "/api/v1/transfers":
            self.received.setdefault(note.body["to_account"], []).extend(note.ids)

    def request(self, dice: random.Random, payer: Person) -> tuple[Note, bool]:
        """A request that ``payer`` might send now, and whether the till sends it instead."""
        received = self.received.get(payer.number)
        others = [person for person in self.people if person is not payer]
        kind = dice.choices(("pay", "batch", "refund", "till"), (6, 2, 1, 2))[0]
        if kind == "batch":
            lines = [
                {"to_account": dice.choice(others).number, "amount": dice.randint(1, 900)}
                for _ in range(dice.randint(2, 12))
            ]
            return self._note("/api/v1/transfers/batch", {"transfers": lines}), False
        if kind == "refund" and received:
            path = f"/api/v1/transfers/{dice.choice(received)}/refund"
            return self._note(path, {"amount": dice.randint(1, 50)}), False
        body = {"amount": dice.randint(1, 2_000), "memo": "storm"}
        if kind == "till" and payer is not self.people[0]:
            numbers = {"from_account": payer.number, "to_account": self.till.account.number}
            return self._note("/api/v1/external/transactions", body | numbers), True
        return self._note("/api/v1/transfers", body | {"to_account": dice.choice(others).number}), False

    @staticmethod
    def _note(path: str, body: Any) -> Note:
        return Note("POST", path, body, str(uuid.uuid4()))


def client_of(
    crowd: Crowd, base_url: str, person: Person, dice: random.Random
) -> Callable[[], Iterator[Note]]:
    """An endless client: each ``next`` sends one request; now and then the last one again, as bad signal makes phones do."""

    def run() -> Iterator[Note]:
        by_person = crowd.client(base_url, person.phone())
        by_till = crowd.client(base_url, crowd.till.device())
        while True:
            note, from_till = crowd.request(dice, person)
            client = by_till if from_till else by_person
            yield client.send(note)
            crowd.remember(note)
            if dice.random() < 0.1 and note.status not in UNDECIDED:
                again = client.send(Note(note.method, note.path, note.body, note.key))
                if again.status not in UNDECIDED:
                    assert (again.status, again.said) == (note.status, note.said), (note, again)

    return run


@contextmanager
def threads(*targets: Callable[[], None]) -> Iterator[None]:
    """Run ``targets`` at once; on leaving, wait for them and raise what the first broken one raised."""
    broken: list[BaseException] = []

    def guarded(target: Callable[[], None]) -> None:
        from django.db import connections

        try:
            target()
        except BaseException as error:
            broken.append(error)
        finally:
            connections.close_all()

    running = [threading.Thread(target=guarded, args=(target,), daemon=True) for target in targets]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        for thread in running:
            thread.join(JOIN_SECONDS_MAX)
            assert not thread.is_alive(), "a client did not come to an end"
    if broken:
        raise broken[0]


def assert_kept(event: Event, notes: Sequence[Note]) -> None:
    """Each answered transfer is there once and whole, and nothing is there by halves."""
    answered = [transfer for note in notes for transfer in note.ids]
    with tenancy.scope(event.tenant):
        there = {str(pk) for pk in Transfer.objects.values_list("pk", flat=True)}
        assert set(answered) <= there, "an answered payment is missing"
        entries = Entry.objects.count()
        assert entries == 2 * len(there), "a transfer has not exactly two entries"
        assert sum(Balance.objects.values_list("amount", flat=True)) == 0
        for balance in Balance.objects.exclude(floor=None):
            assert balance.amount - balance.held >= (balance.floor or 0)


def assert_books_are_clean(database: Database) -> None:
    """``manage.py check_books`` finds nothing."""
    checked = database.manage("check_books")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@unit_of_work
def last_seq(*, actor: Any, person: Person) -> int:
    """How many entries the person's account has, read when whoever holds its row has let go."""
    from ledger import posting

    return posting.lock(actor=actor, accounts=[person.account])[0].last_seq


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What comes of ``acts``, begun at the same moment: what each returns, or the code of its refusal."""
    start, came = threading.Barrier(len(acts)), list[object]()

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            came.append(act())
        except Conflict as refusal:
            came.append(refusal.code)

    with threads(*(partial(run, act) for act in acts)):
        pass
    return came

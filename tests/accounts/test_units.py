"""Units of work: what is committed, what is undone, what is tried again, and what is never waited for endlessly."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from accounts import audit, tenancy, units
from accounts.actors import Actor
from accounts.errors import Conflict, Unavailable
from accounts.models import AuditEvent
from accounts.units import RunAgain, unit_of_work
from ledger.services.accounts import freeze
from tests.cast import Event, make_event
from tests.storms.load import threads

# Durable transactions are real ones only where no test's own transaction is around them: all of this is on a fresh database.


@pytest.fixture
def event(fresh_database: object) -> Event:
    """An event whose trail the units write to."""
    return make_event("units")


def written(event: Event) -> list[str]:
    """The notes that have been committed, oldest first."""
    with tenancy.scope(event.tenant):
        events = AuditEvent.objects.filter(action="test.note").order_by("id")
        return list(events.values_list("target", flat=True))


def note(actor: Actor, target: str) -> None:
    audit.record(actor=actor, action="test.note", target=target)


@unit_of_work
def write(*, actor: Actor, target: str) -> str:
    note(actor, target)
    return target


def passing_error() -> None:
    """What the database says to one of two that met, and that is gone the next time."""
    if connection.vendor == "sqlite":
        raise OperationalError("database is locked")
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'met' USING ERRCODE = '40001'; END $$")


def test_what_a_unit_returns_is_returned_and_what_it_wrote_is_committed(event: Event) -> None:
    assert write(actor=event.server, target="one") == "one"
    assert written(event) == ["one"]


def test_a_unit_inside_a_unit_is_a_mistake_at_once(event: Event) -> None:
    @unit_of_work
    def outer(*, actor: Actor) -> str:
        note(actor, "outer")
        return write(actor=actor, target="inner")

    with pytest.raises(RuntimeError, match="durable"):
        outer(actor=event.server)
    assert written(event) == []
    write(actor=event.server, target="afterwards")
    assert written(event) == ["afterwards"]


def test_a_refusal_that_is_returned_is_committed_first(event: Event) -> None:
    @unit_of_work
    def refuse(*, actor: Actor) -> Conflict:
        note(actor, "refused")
        return Conflict("no", "No.")

    with pytest.raises(Conflict, match="No"):
        refuse(actor=event.server)
    assert written(event) == ["refused"]


def test_a_refusal_that_is_raised_undoes_everything(event: Event) -> None:
    @unit_of_work
    def refuse(*, actor: Actor) -> None:
        note(actor, "refused")
        raise Conflict("no", "No.")

    with pytest.raises(Conflict, match="No"):
        refuse(actor=event.server)
    assert written(event) == []


@pytest.mark.parametrize("cause", ["the database", "the service"])
def test_what_passes_is_tried_again_and_written_once(event: Event, cause: str) -> None:
    tries: list[int] = []

    @unit_of_work
    def meet(*, actor: Actor) -> int:
        tries.append(len(tries) + 1)
        note(actor, f"try {tries[-1]}")
        if len(tries) < 3:
            if cause == "the service":
                raise RunAgain
            passing_error()
        return tries[-1]

    assert meet(actor=event.server) == 3
    assert written(event) == ["try 3"]


def test_what_does_not_pass_ends_after_five_tries_and_says_so(event: Event) -> None:
    tries: list[int] = []

    @unit_of_work
    def meet(*, actor: Actor) -> None:
        tries.append(1)
        note(actor, "lost")
        passing_error()

    with pytest.raises(Unavailable) as caught:
        meet(actor=event.server)
    assert (caught.value.code, len(tries)) == ("busy", 5)
    assert written(event) == []


def test_a_mistake_in_a_statement_is_not_tried_again(event: Event) -> None:
    tries: list[int] = []

    @unit_of_work
    def blunder(*, actor: Actor) -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM nowhere")

    with pytest.raises(DatabaseError, match="nowhere"):
        blunder(actor=event.server)
    assert len(tries) == 1


@pytest.mark.sqlite_only
def test_a_writer_that_does_not_end_is_not_waited_for_endlessly(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "_WRITER_WAIT_S", 0.01)
    held, over = threading.Event(), threading.Event()

    @unit_of_work
    def hold(*, actor: Actor) -> None:
        note(actor, "the slow one")
        held.set()
        over.wait(60)

    with threads(lambda: hold(actor=event.server)):
        try:
            assert held.wait(60)
            with pytest.raises(Unavailable) as caught:
                write(actor=event.server, target="the other one")
        finally:
            over.set()
    assert caught.value.code == "busy"
    write(actor=event.server, target="a later one")
    assert written(event) == ["the slow one", "a later one"]


@pytest.mark.postgresql_only
def test_a_row_that_somebody_holds_is_not_waited_for_endlessly(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenancy, "LOCK_TIMEOUT", "20ms")
    alice = event.person("Alice")
    holder = connections["owner"]
    with transaction.atomic(using="owner"), holder.cursor() as cursor:
        cursor.execute("SELECT 1 FROM ledger_balance FOR UPDATE")
        with pytest.raises(Unavailable) as caught:
            freeze(actor=event.server, account=alice.number)
    assert (caught.value.code, caught.value.retry_after) == ("busy", units.RETRY_AFTER_S)
    freeze(actor=event.server, account=alice.number)


@pytest.mark.postgresql_only
def test_a_server_that_cuts_long_statements_off_is_busy_and_nothing_was_done(event: Event) -> None:
    alice = event.person("Alice")
    holder, ours = connections["owner"], connections["default"]
    with ours.cursor() as cursor:
        cursor.execute("SET statement_timeout = '50ms'")
    try:
        with transaction.atomic(using="owner"), holder.cursor() as cursor:
            cursor.execute("SELECT 1 FROM ledger_balance FOR UPDATE")
            with pytest.raises(Unavailable) as caught:
                freeze(actor=event.server, account=alice.number)
    finally:
        ours.close()
    assert caught.value.code == "busy"
    freeze(actor=event.server, account=alice.number)

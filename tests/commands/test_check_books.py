"""`check_books` as staff run it: clean books are called clean, also while payments run; others end the process with 1."""

from __future__ import annotations

import datetime as dt
import threading
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError
from django.db import connections

from accounts import tenancy
from accounts.models import Tenant
from casino.services.house import fund
from casino.services.setup import open_casino
from ledger.books.rules import COUNTED_KINDS
from ledger.models import Spent, Transfer
from ledger.services.transfers import Payment, transfer
from tests.casino.floor import play
from tests.cast import Person
from tests.commands import story
from tests.commands.conftest import Run
from tests.commands.story import Story
from tests.sessions import Database


@pytest.fixture
def told(fresh_database: Database) -> Story:
    return story.tell()


def lie(told: Story) -> None:
    """A balance altered by the database's owner; nothing guards against that."""
    with connections["owner" if "owner" in connections else "default"].cursor() as cursor:
        cursor.execute(
            f"UPDATE ledger_balance SET amount = amount + 1 WHERE account_id = {told.bob.account.pk}"
        )


def test_clean_books_are_called_clean_event_by_event(run: Run, told: Story) -> None:
    said, _ = run("check_books")
    assert "dune: clean. 1 transfers, 2 entries" in said
    assert "neo: clean. 11 transfers, 22 entries" in said
    assert "NC ₵1,054.99 (105499)" in said


def test_one_event_can_be_checked_alone(run: Run, told: Story) -> None:
    said, _ = run("check_books", tenant="dune")
    assert "neo" not in said
    lie(told)
    said, _ = run("check_books", tenant="dune")
    assert "dune: clean." in said
    with pytest.raises(CommandError, match="There is: dune, neo"):
        run("check_books", tenant="nowhere")


def test_a_database_without_events_is_named_and_does_not_look_fine(fresh_database: Database) -> None:
    done = fresh_database.manage("check_books")
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: There is no event here, so nothing was checked.")
    assert fresh_database.name in done.stdout


def test_a_database_without_tables_is_a_plain_refusal(empty: Database) -> None:
    done = empty.manage("check_books")
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: The books cannot be read")
    assert "manage.py migrate" in done.stderr


def test_a_difference_ends_the_process_with_status_1_and_the_rows_on_stdout(
    told: Story, fresh_database: Database
) -> None:
    assert fresh_database.manage("check_books").returncode == 0
    lie(told)
    done = fresh_database.manage("check_books")
    assert done.returncode == 1
    assert "[balance_amount]" in done.stdout
    assert done.stderr.startswith("CommandError: The books are not right.")


def test_it_may_run_while_payments_do(run: Run, told: Story) -> None:
    """Each look sees one moment; a balance is never compared with entries of another."""
    stop = threading.Event()
    paid: list[int] = []
    failures: list[BaseException] = []

    def pay(payer: Person, payee: Person) -> None:
        try:
            while not stop.is_set():
                transfer(actor=payer.actor, payment=Payment(to_account=payee.number, amount=1))
                paid.append(1)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    pairs = [(told.alice, told.bob), (told.bob, told.alice)]
    threads = [threading.Thread(target=pay, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            seen = len(paid)
            while len(paid) < seen + 5 and not failures:
                stop.wait(0.01)
            said, _err = run("check_books")
            assert "neo: clean." in said
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures
    assert len(paid) >= 25


def test_every_kind_that_people_and_terminals_start_is_known_to_the_check(told: Story) -> None:
    open_casino(actor=told.event.server)
    fund(actor=told.event.server, amount=20_000_00, reason="float of the house")
    play(told.alice, stake=1_00)
    with tenancy.scope(told.event.tenant):
        started = Transfer.objects.exclude(actor=None, key=None).exclude(kind__in=("refund", "casino_win"))
        assert set(started.values_list("kind", flat=True)) == {kind.value for kind in COUNTED_KINDS}


def test_a_payment_that_waited_while_the_day_turned_is_no_difference(run: Run, told: Story) -> None:
    """It is counted on the day on which it was asked for, and stamped on the next."""
    with tenancy.scope(told.event.tenant):
        first = Transfer.objects.filter(kind="transfer").order_by("posted_at")[0].posted_at
        local = first.astimezone(ZoneInfo(told.event.tenant.time_zone))
        Tenant.objects.filter(slug="neo").update(day_starts_at=local.time().replace(microsecond=0))
        for spent in list(Spent.objects.all()):
            Spent.objects.filter(scope=spent.scope, subject=spent.subject, day=spent.day).delete()
            spent.day = local.date() - dt.timedelta(days=1)
            spent.save(force_insert=True)
    said, _ = run("check_books")
    assert "neo: clean." in said
    assert "note" not in said

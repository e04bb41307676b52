"""Reversing while people pay: exactly what was previewed, or nothing."""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import tenancy
from accounts.errors import Conflict
from ledger import posting, selectors
from ledger.models import Transfer
from ledger.posting import Authority, Claim, Order
from ledger.services.gm import adjust
from ledger.services.reversal import Reversed, reverse
from ledger.services.transfers import Payment, transfer
from tests.cast import Person
from tests.sessions import Database
from tests.storms.load import Crowd, assert_books_are_clean, threads

ROUNDS = 25


def preview(crowd: Crowd, of: Person, since: object) -> selectors.Reversal:
    with tenancy.scope(crowd.event.tenant):
        return selectors.reversal(crowd.event.server, of.account, since=since)  # type: ignore[arg-type]


def confirm(crowd: Crowd, plan: selectors.Reversal, key: str) -> Reversed:
    return reverse(
        actor=crowd.event.server,
        subject=plan.subject,
        since=plan.since,
        digest=plan.digest,
        reason="theft",
        claim=Claim(key, b"r" * 32),
    )


def given_back(crowd: Crowd, plan: selectors.Reversal) -> dict[object, int]:
    """What came back of each line, as the books have it, by one reversal."""
    with tenancy.scope(crowd.event.tenant):
        refunds = Transfer.objects.filter(refunds__in=[line.transfer.pk for line in plan.lines])
        return dict(refunds.values_list("refunds", "amount"))


def test_a_reversal_among_payments_does_what_was_shown_or_nothing(
    fresh_database: Database, crowd: Crowd
) -> None:
    vex, ana, ben, eve = crowd.people
    over, number = threading.Event(), itertools.count()
    outcomes: list[str] = []

    def spend(payer: Person, payee: Person) -> None:
        while not over.is_set():
            with suppress(Conflict):
                transfer(actor=payer.actor, payment=Payment(to_account=payee.number, amount=90_00))

    with threads(lambda: spend(ana, eve), lambda: spend(eve, ana), lambda: spend(ben, eve)):
        try:
            for _round in range(ROUNDS):
                since = timezone.now()
                for payee, amount in ((ana, 40_00), (ben, 30_00), (ana, 20_00)):
                    transfer(actor=vex.actor, payment=Payment(to_account=payee.number, amount=amount))
                plan = preview(crowd, vex, since)
                shown = {line.transfer.pk: line.take for line in plan.taking}
                before, key = vex.balance(), f"reverse-{next(number)}"
                try:
                    done = confirm(crowd, plan, key)
                except Conflict as refused:
                    outcomes.append(refused.code)
                    assert given_back(crowd, plan) == {}
                    assert vex.balance() == before
                else:
                    outcomes.append("done")
                    assert given_back(crowd, plan) == shown
                    assert vex.balance() == before + sum(shown.values())
                    assert confirm(crowd, plan, key).count == done.count
                    assert vex.balance() == before + sum(shown.values())
                crowd_up(crowd, vex)
        finally:
            over.set()
    assert set(outcomes) <= {"done", "preview_changed", "nothing_to_reverse"}
    assert "done" in outcomes
    assert_books_are_clean(fresh_database)


def crowd_up(crowd: Crowd, person: Person) -> None:
    """Let somebody have enough for another round."""
    adjust(actor=crowd.event.server, account=person.number, amount=90_00, reason="another round")


def test_the_same_form_sent_by_several_at_once_is_done_once(crowd: Crowd) -> None:
    vex, ana = crowd.people[:2]
    since = timezone.now()
    transfer(actor=vex.actor, payment=Payment(to_account=ana.number, amount=50_00))
    plan = preview(crowd, vex, since)
    done: list[Reversed] = []
    with threads(*(lambda: done.append(confirm(crowd, plan, "one form")) for _ in range(5))):
        pass
    assert sorted(one.replayed for one in done) == [False, True, True, True, True]
    assert (vex.balance(), ana.balance()) == (500_00, 500_00)


def test_two_game_masters_who_agree_to_the_same_preview_reverse_once(crowd: Crowd) -> None:
    vex, ana = crowd.people[:2]
    since, number = timezone.now(), itertools.count()
    transfer(actor=vex.actor, payment=Payment(to_account=ana.number, amount=50_00))
    plan = preview(crowd, vex, since)
    outcomes: list[str] = []

    def agree() -> None:
        try:
            confirm(crowd, plan, f"form {next(number)}")
        except Conflict as refused:
            outcomes.append(refused.code)
        else:
            outcomes.append("done")

    with threads(*(agree for _ in range(4))):
        pass
    assert sorted(outcomes) == ["done", "preview_changed", "preview_changed", "preview_changed"]
    assert vex.balance() == 500_00


@pytest.mark.postgresql_only
@pytest.mark.parametrize(
    ("payer", "outcome"),
    [(1, "preview_changed"), (2, "done")],
    ids=["by the receiver", "to the receiver"],
)
def test_a_payment_that_is_being_made_is_waited_for(crowd: Crowd, payer: int, outcome: str) -> None:
    """Ana received it; while Ana (or Ben, to Ana) pays and has not committed yet, the reversal is confirmed."""
    vex, ana, ben, eve = crowd.people
    since = timezone.now()
    transfer(actor=vex.actor, payment=Payment(to_account=ana.number, amount=500_00))
    plan = preview(crowd, vex, since)
    outcomes: list[str] = []
    is_paying = threading.Event()

    def agree() -> None:
        is_paying.wait()
        try:
            confirm(crowd, plan, "form")
        except Conflict as refused:
            outcomes.append(refused.code)
        else:
            outcomes.append("done")

    other, amount = (eve, 600_00) if payer == 1 else (ana, 1_00)
    order = Order(from_account=crowd.people[payer].number, to_account=other.number, amount=amount)
    with tenancy.scope(crowd.event.tenant), threads(agree), transaction.atomic():
        try:
            posting.post(actor=crowd.people[payer].actor, transfers=[order], authority=Authority.PLAYER)
        finally:
            is_paying.set()
        while not somebody_waits():
            assert not outcomes, "it went ahead of a payment whose outcome it could not know"
    assert outcomes == [outcome]
    assert vex.balance() == (500_00 if outcome == "done" else 0)
    assert ana.balance() == (501_00 if outcome == "done" else 400_00)
    assert ben.balance() == (500_00 if outcome == "preview_changed" else 499_00)


def somebody_waits() -> bool:
    """Whether any connection of this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database())"
        )
        return bool(cursor.fetchone()[0])

"""The balance as of a moment is what a replay of the entries says, also while postings run."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Sequence

import pytest
from django.utils import timezone

from accounts import tenancy
from accounts.errors import Conflict, Unprocessable
from ledger import selectors
from ledger.models import Account, Entry
from ledger.services.transfers import Payment, transfer
from tests.ledger.stage import MINT, Stage, make_stage
from tests.sessions import Database
from tests.storms.load import threads

MOMENTS, PAYERS = 1_000, 3
MICROSECOND = dt.timedelta(microseconds=1)


def balance_at(stage: Stage, account: Account, moment: dt.datetime) -> int:
    with tenancy.scope(stage.event.tenant):
        return selectors.balance_at(stage.staff, account, moment)


def movements(stage: Stage, account: Account) -> list[tuple[dt.datetime, int]]:
    with tenancy.scope(stage.event.tenant):
        return list(Entry.objects.filter(account=account).values_list("posted_at", "amount"))


def replayed(entries: Sequence[tuple[dt.datetime, int]], moment: dt.datetime) -> int:
    return sum(amount for posted_at, amount in entries if posted_at <= moment)


def test_at_a_thousand_moments_while_postings_run_it_equals_the_replay(fresh_database: Database) -> None:
    stage = make_stage()
    mint = stage.account_of(MINT)
    watched = [stage.alice.account, stage.bob.account, mint]
    dice, over, turn = random.Random(7), threading.Event(), threading.Semaphore(0)
    refusals: set[str] = set()
    began = timezone.now() - dt.timedelta(seconds=1)
    asked: list[tuple[Account, dt.datetime, int]] = []

    def pay(payer: int) -> None:
        own = random.Random(payer)
        people = [stage.alice, stage.bob]
        while turn.acquire() and not over.is_set():
            own.shuffle(people)
            if payer == 0:
                stage.mint((own.choice(people), own.randint(1, 50)))
                continue
            try:
                payment = Payment(to_account=people[1].number, amount=own.randint(1, 300))
                transfer(actor=people[0].actor, payment=payment)
            except Conflict as refused:
                refusals.add(refused.code)

    def moment_near(account: Account) -> dt.datetime:
        now = timezone.now()
        kind = dice.randrange(3)
        if kind == 0:
            return began + dice.random() * (now - began)
        if kind == 1:
            return now
        with tenancy.scope(stage.event.tenant):
            newest = Entry.objects.filter(account=account).order_by("-posted_at")
            stamp = dice.choice(newest.values_list("posted_at", flat=True)[:2])
        # The clock of a busy account may run ahead of ours by microseconds: that moment is still to come.
        return min(stamp + dice.choice((-MICROSECOND, dt.timedelta(0), MICROSECOND)), now)

    with threads(*(lambda payer=payer: pay(payer) for payer in range(PAYERS))):
        try:
            for number in range(MOMENTS):
                if number % 4 == 0:
                    turn.release()
                # Issuance has sixteen shards to ask.
                account = dice.choices(watched, (9, 9, 2))[0]
                moment = moment_near(account)
                asked.append((account, moment, balance_at(stage, account, moment)))
        finally:
            over.set()
            turn.release(PAYERS)

    # Judged when everything is written: an answer of then must still be right.
    assert refusals <= {"insufficient_funds"}
    entries = {account.pk: movements(stage, account) for account in watched}
    assert len(asked) == MOMENTS
    for account, moment, answer in asked:
        assert answer == replayed(entries[account.pk], moment), (account, moment)
    assert {account.pk for account, *_ in asked} == set(entries)
    assert len(entries[mint.pk]) > 2, "nothing was going on"


@pytest.mark.parametrize("number", ["alice", MINT])
def test_a_microsecond_decides(stage: Stage, number: str) -> None:
    stage.mint((stage.alice, 5), (stage.carol, 7))
    account = stage.alice.account if number == "alice" else stage.account_of(number)
    entries = movements(stage, account)
    for stamp, _amount in entries:
        for moment in (stamp - MICROSECOND, stamp, stamp + MICROSECOND):
            assert balance_at(stage, account, moment) == replayed(entries, moment)
    [first] = [min(stamp for stamp, _ in entries)]
    assert balance_at(stage, account, first - MICROSECOND) == 0
    assert balance_at(stage, account, timezone.now()) == sum(amount for _, amount in entries)


def test_before_everything_it_is_nothing(stage: Stage) -> None:
    assert balance_at(stage, stage.alice.account, dt.datetime(2000, 1, 1, tzinfo=dt.UTC)) == 0


def test_the_future_cannot_be_asked_for(stage: Stage) -> None:
    with pytest.raises(Unprocessable) as caught:
        balance_at(stage, stage.alice.account, timezone.now() + dt.timedelta(minutes=1))
    assert (caught.value.code, caught.value.field, caught.value.status) == ("future_moment", "at", 422)

"""A freeze that has returned is a freeze that no later commit escapes."""

from __future__ import annotations

import itertools
import os
import threading

import pytest

from accounts.errors import Conflict
from ledger.posting import Claim
from ledger.services.accounts import freeze, unfreeze
from ledger.services.transfers import Payment, transfer
from tests.storms.load import Crowd, last_seq, threads

PAYERS = 4


def race(crowd: Crowd, *, freezes: int) -> None:
    """Freeze and thaw an account ``freezes`` times against a stream of payments from it."""
    alice, bob = crowd.people[:2]
    game_master = crowd.event.server
    over, flowing = threading.Event(), threading.Semaphore(0)
    number = itertools.count()
    refusals: set[str] = set()

    def pay() -> None:
        while not over.is_set():
            claim = Claim(f"race-{next(number)}", b"0" * 32)
            try:
                transfer(actor=alice.actor, payment=Payment(to_account=bob.number, amount=1), claim=claim)
            except Conflict as refused:
                refusals.add(refused.code)
            else:
                flowing.release()

    escaped = 0
    with threads(*(pay for _ in range(PAYERS))):
        try:
            for _round in range(freezes):
                # Only a stream that flows can be stopped.
                assert flowing.acquire(timeout=60)
                freeze(actor=game_master, account=alice.number)
                at_freeze = last_seq(actor=game_master, person=alice)
                frozen_payments = next(number) + 2 * PAYERS
                while next(number) < frozen_payments and not over.is_set():
                    escaped += last_seq(actor=game_master, person=alice) - at_freeze
                unfreeze(actor=game_master, account=alice.number)
        finally:
            over.set()
    assert escaped == 0
    assert refusals <= {"account_frozen"}


def test_no_payment_commits_after_the_freeze_has_returned(crowd: Crowd) -> None:
    race(crowd, freezes=40)


@pytest.mark.soak
def test_five_hundred_freezes(crowd: Crowd) -> None:
    race(crowd, freezes=int(os.environ.get("SOAK_FREEZES", "500")))

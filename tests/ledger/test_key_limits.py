"""A device key keeps its limits however many people pay at once, and stops when it is revoked."""

from __future__ import annotations

import threading
from collections import Counter

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.services.keys import revoke_key
from ledger.models import Transfer
from ledger.posting import Claim
from ledger.services.transfers import Payment, terminal_payment, transfer_batch
from tests.ledger.stage import Stage, make_stage
from tests.sessions import Database
from tests.storms.load import assert_books_are_clean, threads

THREADS = 50


def taken_by(stage: Stage) -> list[int]:
    """The amounts that the till has taken."""
    with tenancy.scope(stage.event.tenant):
        return list(Transfer.objects.filter(key=stage.till.key).values_list("amount", flat=True))


def take(stage: Stage, device: Actor, amount: int, claim: Claim | None = None) -> str:
    """Take money from Alice; the code of the refusal, or "paid"."""
    try:
        terminal_payment(
            actor=device,
            from_account=stage.alice.number,
            to_account=stage.bob.number,
            amount=amount,
            claim=claim,
        )
    except DomainError as refused:
        return f"{refused.code} {refused.facts.get('limit_kind', '')}".strip()
    return "paid"


def test_fifty_threads_do_not_pass_the_limits_of_a_key(fresh_database: Database) -> None:
    stage = make_stage()
    stage.set_key(limit_per_payment=3_00, limit_per_day=50_00)
    said: Counter[str] = Counter()
    together = threading.Barrier(THREADS)

    def pay(number: int) -> None:
        together.wait()
        for amount in (3_00, 3_01, 2_00):
            said[take(stage, stage.device, amount)] += 1

    with threads(*(lambda number=number: pay(number) for number in range(THREADS))):
        pass
    taken = taken_by(stage)
    assert sum(taken) <= 50_00
    # What is left is less than anybody asked for.
    assert sum(taken) > 48_00
    assert max(taken) <= 3_00
    assert stage.spent("key", stage.till.key.pk) == sum(taken)
    assert said.keys() == {"paid", "limit_exceeded key_payment", "limit_exceeded key_day"}
    assert said["limit_exceeded key_payment"] == THREADS
    assert_books_are_clean(fresh_database)


def test_no_payment_of_a_key_commits_after_it_was_revoked(fresh_database: Database) -> None:
    stage = make_stage()
    flowing, over = threading.Semaphore(0), threading.Event()
    said: Counter[str] = Counter()

    def pay() -> None:
        while not over.is_set():
            answer = take(stage, stage.device, 1)
            said[answer] += 1
            flowing.release()

    with threads(*(pay for _ in range(6))):
        try:
            for _ in range(40):
                assert flowing.acquire(timeout=60)
            revoke_key(actor=stage.staff, key_id=stage.till.key.pk)
            taken = len(taken_by(stage))
            # Everything that was under way when the key was revoked has ended when this many more have been answered.
            for _ in range(80):
                assert flowing.acquire(timeout=60)
        finally:
            over.set()
    assert len(taken_by(stage)) == taken
    assert said["paid"] == taken
    assert said.keys() == {"paid", "key_revoked"}


def test_batches_in_opposite_directions_do_not_stop_each_other(fresh_database: Database) -> None:
    stage = make_stage()
    together = threading.Barrier(6)

    def pay(number: int) -> None:
        payer, payee = (stage.alice, stage.bob) if number % 2 else (stage.bob, stage.alice)
        # Carol stands first for the ones and last for the others.
        lines = [Payment(to_account=who.number, amount=1) for who in (payee, stage.carol) * 10]
        together.wait()
        for _round in range(8):
            transfer_batch(actor=payer.actor, payments=lines if number % 2 else lines[::-1])

    with threads(*(lambda number=number: pay(number) for number in range(6))):
        pass
    assert (stage.alice.balance(), stage.bob.balance(), stage.carol.balance()) == (97_60, 97_60, 4_80)
    assert_books_are_clean(fresh_database)

"""The storms can fail: the same one with the locks taken away, by the test and only in its own database.

Two things hold the books together, the locks and, beneath them, the key (account, shard, seq) of the entries. Without the locks
postings collide on that key; without the key as well money is made and lost, and ``check_books`` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections

from accounts import tenancy, units
from accounts.errors import DomainError
from ledger import posting
from ledger.posting import Authority, Order, door
from ledger.services.transfers import Payment, transfer
from tests.sessions import Database
from tests.storms.load import Crowd, assert_books_are_clean, threads

PAYERS, PAYMENTS, ROUNDS_MAX = 8, 40, 10


def collide(pay: Callable[[int], object], *, rounds: int) -> int:
    """Let several threads pay at once; returns how many postings broke instead of being done or refused."""
    broken: list[Exception] = []

    def run(number: int) -> None:
        for _ in range(PAYMENTS):
            try:
                pay(number)
            except DomainError:
                continue
            except (IntegrityError, OperationalError) as error:
                broken.append(error)

    for _round in range(rounds):
        with threads(*(lambda number=number: run(number) for number in range(PAYERS))):
            pass
        if broken:
            break
    return len(broken)


def paying(crowd: Crowd) -> Callable[[int], object]:
    """Everybody pays the next one, by the front door."""

    def pay(number: int) -> object:
        payer, payee = (crowd.people[(number + step) % len(crowd.people)] for step in (0, 1))
        return transfer(actor=payer.actor, payment=Payment(to_account=payee.number, amount=7))

    return pay


def test_with_the_locks_nothing_collides(fresh_database: Database, crowd: Crowd) -> None:
    assert collide(paying(crowd), rounds=1) == 0
    assert sum(person.balance() for person in crowd.people) == len(crowd.people) * 500_00
    assert_books_are_clean(fresh_database)


@pytest.mark.postgresql_only
def test_without_the_row_locks_postings_collide(fresh_database: Database, crowd: Crowd) -> None:
    take_the_locks_out()
    assert collide(paying(crowd), rounds=ROUNDS_MAX) > 0
    assert_books_are_clean(fresh_database)


@pytest.mark.postgresql_only
def test_without_locks_and_key_the_books_are_wrong_and_say_so(fresh_database: Database, crowd: Crowd) -> None:
    take_the_locks_out()
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_pkey")
    checked: Any = None
    for _round in range(ROUNDS_MAX):
        collide(paying(crowd), rounds=1)
        checked = fresh_database.manage("check_books")
        if checked.returncode:
            break
    assert checked.returncode == 1, checked.stdout


@pytest.mark.sqlite_only
def test_without_the_write_lock_postings_collide(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_inside_unit", lambda actor: None)
    monkeypatch.setattr(units, "writers_turn", nullcontext)

    def pay(number: int) -> object:
        payer, payee = (crowd.people[(number + step) % len(crowd.people)] for step in (0, 1))
        order = Order(from_account=payer.number, to_account=payee.number, amount=7)
        # No BEGIN IMMEDIATE around it: each statement is a transaction of its own.
        with tenancy.scope(crowd.event.tenant):
            return posting.post(actor=payer.actor, transfers=[order], authority=Authority.PLAYER)

    assert collide(pay, rounds=ROUNDS_MAX) > 0


def take_the_locks_out() -> None:
    """Make the posting functions of this test's own database anew, without the clauses that lock balance rows."""
    with connections["owner"].cursor() as cursor:
        for name, locks in (("ledger_post_one", 3), ("ledger_post_batch", 1)):
            cursor.execute("SELECT pg_get_functiondef(%s::regproc)", [name])
            [source] = cursor.fetchone()
            without, taken_out = re.subn(
                r"(FROM ledger_balance b\s+WHERE [^;()]+) FOR NO KEY UPDATE", r"\1", source
            )
            assert taken_out == locks, "the lock is written in another way now: teach this test"
            cursor.execute(without)
    assert connection.vendor == "postgresql"

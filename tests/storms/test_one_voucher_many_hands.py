"""A voucher that many redeem at the same moment pays once, on real connections; without its lock and key it would not."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial

import pytest
from django.db import connections

from accounts import tenancy
from ledger.models import Transfer, Voucher
from ledger.services import vouchers
from tests.cast import Person
from tests.sessions import Database
from tests.storms.load import Crowd, assert_books_are_clean, at_once

ROUNDS, WORTH, ROUNDS_MAX = 12, 7_00, 60


def codes(crowd: Crowd, count: int) -> list[str]:
    server = crowd.event.server
    made = vouchers.make_batch(
        actor=server, label="loot", worth=WORTH, count=count, lives=dt.timedelta(days=1)
    )
    return [one.code for one in vouchers.print_batch(actor=server, batch=made.batch.pk)]


def redeem(person: Person, code: str) -> uuid.UUID:
    return vouchers.redeem(actor=person.actor, code=code).transfer.pk


def minted(crowd: Crowd) -> int:
    """How many vouchers' worth the transfers say."""
    with tenancy.scope(crowd.event.tenant):
        return int(Transfer.objects.filter(kind="voucher").count())


def test_of_many_who_redeem_at_once_one_is_paid(fresh_database: Database, crowd: Crowd) -> None:
    before = sum(person.balance() for person in crowd.people)
    for code in codes(crowd, ROUNDS):
        came = at_once(*(partial(redeem, person, code) for person in crowd.people))
        assert came.count("voucher_used") == len(crowd.people) - 1
    assert sum(person.balance() for person in crowd.people) == before + ROUNDS * WORTH
    assert minted(crowd) == ROUNDS
    assert_books_are_clean(fresh_database)


def test_what_is_voided_while_it_is_redeemed_is_one_or_the_other(
    fresh_database: Database, crowd: Crowd
) -> None:
    person, before, paid = crowd.people[0], crowd.people[0].balance(), 0
    server = crowd.event.server
    for _ in range(ROUNDS):
        [code] = codes(crowd, 1)
        with tenancy.scope(crowd.event.tenant):
            batch = Voucher.objects.get(state="open").batch_id
        came = at_once(
            partial(redeem, person, code),
            partial(vouchers.void_batch, actor=server, batch=batch, reason="lost"),
        )
        assert ("voucher_voided" in came) is (1 in came)
        paid += "voucher_voided" not in came
    assert person.balance() == before + paid * WORTH
    assert_books_are_clean(fresh_database)


@pytest.mark.postgresql_only
def test_without_the_lock_the_reference_still_holds_and_without_both_money_is_made(
    fresh_database: Database, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouchers, "_locked", lambda pk: Voucher.objects.get(pk=pk))
    for code in codes(crowd, ROUNDS):
        at_once(*(partial(redeem, person, code) for person in crowd.people))
    assert minted(crowd) == ROUNDS
    assert_books_are_clean(fresh_database)
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP INDEX transfer_reference")
    for count, code in enumerate(codes(crowd, ROUNDS_MAX), start=ROUNDS + 1):
        at_once(*(partial(redeem, person, code) for person in crowd.people))
        if minted(crowd) > count:
            break
    assert minted(crowd) > count
    assert fresh_database.manage("check_books").returncode == 1

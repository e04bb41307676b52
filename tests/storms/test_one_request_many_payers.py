"""A payment request that many pay at the same moment is paid once, on real connections."""

from __future__ import annotations

import uuid
from functools import partial

import pytest

from accounts import tenancy
from ledger.models import Account, PaymentRequest, Transfer
from ledger.posting import Claim
from ledger.services import requests
from tests.cast import Person
from tests.sessions import Database
from tests.storms.load import Crowd, assert_books_are_clean, at_once

ROUNDS, PRICE = 12, 7_00


@pytest.fixture
def bar(crowd: Crowd) -> Person:
    """The first of the crowd keeps a bar."""
    keeper = crowd.people[0]
    with tenancy.scope(keeper.tenant):
        Account.objects.filter(pk=keeper.account.pk).update(is_merchant=True)
    return keeper


def pay(payer: Person, code: str, key: str = "") -> uuid.UUID:
    """Pay with a one-time key of the request's own, unless it is said otherwise; the transfer's id."""
    return requests.pay(actor=payer.actor, request=code, claim=Claim(key or code, b"0" * 32)).transfer.pk


def cancel(keeper: Person, code: str) -> str:
    """The state after taking it back."""
    return str(requests.cancel(actor=keeper.actor, request=code).state)


def test_of_many_who_pay_at_once_one_has_paid(fresh_database: Database, crowd: Crowd, bar: Person) -> None:
    payers, before = crowd.people[1:], bar.balance()
    assert len(payers) > 1
    for _ in range(ROUNDS):
        code = requests.ask(actor=bar.actor, amount=PRICE).request.code
        came = at_once(*(partial(pay, payer, code) for payer in payers))
        assert came.count("request_paid") == len(payers) - 1
    assert bar.balance() == before + ROUNDS * PRICE
    with tenancy.scope(bar.tenant):
        assert PaymentRequest.objects.filter(state="paid").count() == ROUNDS
        assert Transfer.objects.filter(reference__startswith="request:").count() == ROUNDS
    assert_books_are_clean(fresh_database)


def test_a_phone_that_taps_three_times_pays_once_and_hears_it_three_times(crowd: Crowd, bar: Person) -> None:
    payer, before = crowd.people[1], crowd.people[1].balance()
    for _ in range(ROUNDS):
        code = requests.ask(actor=bar.actor, amount=PRICE).request.code
        came = at_once(*[partial(pay, payer, code)] * 3)
        assert len(came) == 3
        assert len(set(came)) == 1
    assert payer.balance() == before - ROUNDS * PRICE


def test_what_is_taken_back_while_it_is_paid_is_one_or_the_other(crowd: Crowd, bar: Person) -> None:
    payer, before, paid = crowd.people[1], bar.balance(), 0
    for _ in range(ROUNDS * 2):
        code = requests.ask(actor=bar.actor, amount=PRICE).request.code
        came = at_once(partial(pay, payer, code), partial(cancel, bar, code))
        if "request_paid" in came:
            paid += 1
        else:
            assert set(came) == {"cancelled", "request_cancelled"}
    assert bar.balance() == before + paid * PRICE

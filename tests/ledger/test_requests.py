"""Payment requests: made by a merchant, paid once by whoever has the code, taken back, run out."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import roles, tenancy
from accounts.errors import Conflict, Denied, DomainError, Invalid, NotFound, Reused
from accounts.models import AuditEvent
from accounts.services.world import pause_world
from accounts.units import unit_of_work
from ledger import codes, selectors
from ledger.models import Account, PaymentRequest, Transfer
from ledger.posting import Claim
from ledger.services import requests
from ledger.services.accounts import add_staff, freeze, set_limits
from ledger.services.transfers import refund
from tests.cast import Person, World

_KEYS = itertools.count(1)


def claim() -> Claim:
    return Claim(f"request-{next(_KEYS)}", b"0" * 32)


def make_merchant(person: Person) -> None:
    with tenancy.scope(person.tenant):
        Account.objects.filter(pk=person.account.pk).update(is_merchant=True)


@unit_of_work
def hire(*, actor: Any, account: Account, person: Person) -> None:
    add_staff(actor=actor, account=account, user=person.user)


@pytest.fixture
def bar(world: World) -> Person:
    """Bob keeps the bar: his account is a merchant's."""
    make_merchant(world.bob)
    return world.bob


@pytest.fixture
def asked(bar: Person) -> PaymentRequest:
    """Bob asks for ₵12.50."""
    return requests.ask(actor=bar.actor, amount=12_50, memo="two synth-ales", claim=claim()).request


def pay(person: Person, request: PaymentRequest, **more: Any) -> Any:
    return requests.pay(actor=person.actor, request=request.code, **({"claim": claim()} | more))


def stored(request: PaymentRequest) -> PaymentRequest:
    with tenancy.scope(request.tenant):
        return PaymentRequest.objects.get(pk=request.pk)


def run_out(request: PaymentRequest) -> None:
    with tenancy.scope(request.tenant):
        PaymentRequest.objects.filter(pk=request.pk).update(
            expires_at=timezone.now() - dt.timedelta(seconds=1)
        )


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as caught:
        act()
    return caught.value.code


# -- asking ------------------------------------------------------------------------------------------------------------


def test_a_merchant_asks_and_somebody_pays(world: World, bar: Person, asked: PaymentRequest) -> None:
    paid = pay(world.alice, asked)
    assert (world.alice.balance(), bar.balance()) == (87_50, 12_50)
    assert paid.new_balance == 87_50
    row = stored(asked)
    assert (row.state, row.transfer_id) == ("paid", paid.transfer.pk)
    with tenancy.scope(bar.tenant):
        transfer = Transfer.objects.get(pk=paid.transfer.pk)
    assert (transfer.kind, transfer.memo) == ("transfer", "two synth-ales")
    assert transfer.reference == f"request:{asked.pk}"


def test_whose_account_is_no_till_asks_for_nothing(world: World) -> None:
    with pytest.raises(Denied, match="no merchant's account"):
        requests.ask(actor=world.alice.actor, amount=1, claim=claim())
    with tenancy.scope(world.arcadia.tenant):
        assert not PaymentRequest.objects.exists()


def test_nobody_asks_into_somebody_elses_till(world: World, bar: Person) -> None:
    for person in (world.alice, world.gm):
        with pytest.raises(NotFound) as caught:
            requests.ask(actor=person.actor, account=bar.number, amount=1, claim=claim())
        assert caught.value.code == "unknown_account"


def test_whoever_works_at_the_till_asks_and_takes_back(world: World, bar: Person) -> None:
    barkeeper = world.arcadia.person("Kit")
    hire(actor=world.arcadia.server, account=bar.account, person=barkeeper)
    made = requests.ask(actor=barkeeper.actor, amount=300, claim=claim()).request
    assert made.account_id == bar.account.pk
    other = requests.ask(actor=bar.actor, amount=400, claim=claim()).request
    requests.cancel(actor=barkeeper.actor, request=other.code)
    assert stored(other).state == "cancelled"
    pay(world.alice, made)
    assert bar.balance() == 300


@pytest.mark.parametrize("amount", [0, -1, 2**53, True])
def test_an_amount_that_is_none_is_refused(bar: Person, amount: int) -> None:
    with pytest.raises(Invalid) as caught:
        requests.ask(actor=bar.actor, amount=amount, claim=claim())
    assert caught.value.code == "invalid_amount"


@pytest.mark.parametrize("seconds", [29, 7 * 86400 + 1])
def test_a_request_lives_for_30_seconds_to_7_days(bar: Person, seconds: int) -> None:
    with pytest.raises(Invalid) as caught:
        requests.ask(actor=bar.actor, amount=1, lives=dt.timedelta(seconds=seconds), claim=claim())
    assert caught.value.code == "invalid_expiry"


def test_the_same_form_sent_twice_asks_once(bar: Person) -> None:
    one = claim()
    first = requests.ask(actor=bar.actor, amount=100, claim=one)
    again = requests.ask(actor=bar.actor, amount=100, claim=one)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.request.pk == again.request.pk
    with pytest.raises(Reused):
        requests.ask(actor=bar.actor, amount=200, claim=Claim(one.key, b"1" * 32))


def test_a_frozen_till_is_told_so_before_a_customer_stands_there(world: World, bar: Person) -> None:
    freeze(actor=world.gm.actor, account=bar.number, how="credits", reason="a raid")
    assert refused(lambda: requests.ask(actor=bar.actor, amount=1, claim=claim())) == "account_frozen"


# -- paying once -------------------------------------------------------------------------------------------------------


def test_a_double_tap_pays_once(world: World, asked: PaymentRequest) -> None:
    one = claim()
    first, again = pay(world.alice, asked, claim=one), pay(world.alice, asked, claim=one)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.transfer.pk == again.transfer.pk
    assert again.new_balance == 87_50
    assert world.alice.balance() == 87_50


def test_a_second_payer_is_told_that_it_is_paid_and_keeps_the_money(
    world: World, asked: PaymentRequest
) -> None:
    late = world.arcadia.person("Late", money=50_00)
    pay(world.alice, asked)
    one = claim()
    for _ in range(2):
        with pytest.raises(Conflict, match="nothing was taken from you") as caught:
            pay(late, asked, claim=one)
        assert caught.value.code == "request_paid"
    assert caught.value.facts["replayed"]
    assert late.balance() == 50_00


def test_who_could_not_pay_leaves_it_to_be_paid(world: World, asked: PaymentRequest) -> None:
    poor = world.arcadia.person("Poor", money=12_49)
    assert refused(lambda: pay(poor, asked)) == "insufficient_funds"
    assert stored(asked).state == "open"
    pay(world.alice, asked)


def test_limits_freezes_and_the_pause_bind_the_payer(
    world: World, bar: Person, asked: PaymentRequest
) -> None:
    set_limits(actor=world.gm.actor, account=world.alice.number, per_payment=12_49, per_day=None)
    assert refused(lambda: pay(world.alice, asked)) == "limit_exceeded"
    set_limits(actor=world.gm.actor, account=world.alice.number, per_payment=None, per_day=None)
    freeze(actor=world.gm.actor, account=world.alice.number, how="debits", reason="a talk")
    assert refused(lambda: pay(world.alice, asked)) == "account_frozen"
    rich = world.arcadia.person("Rich", money=50_00)
    pause_world(actor=world.gm.actor, reason="fire alarm")
    assert refused(lambda: pay(rich, asked)) == "world_paused"
    assert stored(asked).state == "open"
    assert bar.balance() == 0


def test_nobody_pays_out_of_somebody_elses_account(world: World, asked: PaymentRequest) -> None:
    thief = world.arcadia.person("Thief", money=50_00)
    assert refused(lambda: pay(thief, asked, from_account=world.alice.number)) == "unknown_account"
    assert refused(lambda: pay(world.gm, asked, from_account=world.alice.number)) == "unknown_account"
    assert stored(asked).state == "open"


def test_the_till_does_not_pay_itself(bar: Person, asked: PaymentRequest) -> None:
    assert refused(lambda: pay(bar, asked)) == "same_account"


# -- cancelled and expired ---------------------------------------------------------------------------------------------


def test_what_was_taken_back_is_not_paid(world: World, bar: Person, asked: PaymentRequest) -> None:
    for _ in range(2):
        assert requests.cancel(actor=bar.actor, request=asked.code).state == "cancelled"
    assert refused(lambda: pay(world.alice, asked)) == "request_cancelled"
    assert world.alice.balance() == 100_00
    with tenancy.scope(bar.tenant):
        assert AuditEvent.objects.filter(action="request.cancel").count() == 1


def test_what_was_paid_is_not_taken_back(world: World, bar: Person, asked: PaymentRequest) -> None:
    pay(world.alice, asked)
    with pytest.raises(Conflict, match="refund the payment"):
        requests.cancel(actor=bar.actor, request=asked.code)
    assert stored(asked).state == "paid"


def test_only_who_works_there_takes_it_back(world: World, asked: PaymentRequest) -> None:
    for person in (world.alice, world.gm, world.charlie):
        with pytest.raises(NotFound):
            requests.cancel(actor=person.actor, request=asked.code)
    assert stored(asked).state == "open"


def test_what_ran_out_is_not_paid_and_is_written_down_as_such(
    world: World, bar: Person, asked: PaymentRequest
) -> None:
    run_out(asked)
    with tenancy.scope(bar.tenant):
        assert selectors.seen(bar.actor, stored(asked)).state == "expired"
        assert selectors.waiting(bar.account, limit=5) == []
    assert stored(asked).state == "open"
    one = claim()
    for _ in range(2):
        assert refused(lambda: pay(world.alice, asked, claim=one)) == "request_expired"
    assert stored(asked).state == "expired"
    assert requests.cancel(actor=bar.actor, request=asked.code).state == "expired"
    assert world.alice.balance() == 100_00


# -- who sees what -----------------------------------------------------------------------------------------------------


def test_who_paid_is_told_to_both_sides_and_to_game_masters(
    world: World, bar: Person, asked: PaymentRequest
) -> None:
    onlooker = world.arcadia.person("Onlooker")
    pay(world.alice, asked)
    with tenancy.scope(bar.tenant):
        sees = {
            person.name: selectors.seen(person.actor, selectors.request_for(person.actor, asked.code))
            for person in (bar, world.alice, world.gm, onlooker)
        }
    assert [name for name, found in sees.items() if found.shows_payer] == ["Bob", "Alice", "Overseer"]
    assert [name for name, found in sees.items() if found.is_payer] == ["Alice"]
    assert [name for name, found in sees.items() if found.is_payee] == ["Bob"]


def test_a_code_is_found_however_it_is_typed(world: World, asked: PaymentRequest) -> None:
    with tenancy.scope(world.arcadia.tenant):
        for typed in (asked.code, codes.spaced(asked.code).lower(), str(asked.pk)):
            assert selectors.request_for(world.alice.actor, typed).pk == asked.pk
        for typed in ("", "nowhere", asked.code[:-1], "NC-0000-0000", "0" * 12):
            with pytest.raises(NotFound):
                selectors.request_for(world.alice.actor, typed)


def test_another_event_knows_nothing_of_it(world: World, asked: PaymentRequest) -> None:
    for person in (world.charlie, world.charlies_gm):
        for reference in (asked.code, str(asked.pk)):
            with pytest.raises(NotFound) as caught:
                requests.pay(actor=person.actor, request=reference, claim=claim())
            assert caught.value.code == "unknown_request"
    assert stored(asked).state == "open"


# -- refunds and takings -----------------------------------------------------------------------------------------------


def test_the_days_takings_know_what_was_given_back(world: World, bar: Person, asked: PaymentRequest) -> None:
    first = pay(world.alice, asked)
    second = requests.ask(actor=bar.actor, amount=5_00, claim=claim()).request
    pay(world.alice, second)
    refund(actor=bar.actor, transfer_id=first.transfer.pk, amount=2_50)
    tenant = bar.tenant
    today = tenant.day_of(timezone.now())
    with tenancy.scope(tenant):
        found = selectors.takings(bar.account, tenant=tenant, day=today)
        assert (found.count, found.taken, found.given_back, found.kept) == (2, 17_50, 2_50, 15_00)
        assert [(one.line.transfer.amount, one.left) for one in found.lines] == [(5_00, 5_00), (12_50, 10_00)]
        yesterday = selectors.takings(bar.account, tenant=tenant, day=today - dt.timedelta(days=1))
        assert (yesterday.count, yesterday.taken, yesterday.lines) == (0, 0, [])
        page = selectors.takings(bar.account, tenant=tenant, day=today, limit=1)
        rest = selectors.takings(bar.account, tenant=tenant, day=today, limit=1, cursor=page.next)
    assert (page.taken, rest.taken) == (17_50, 17_50)
    assert [one.line.transfer.amount for one in (*page.lines, *rest.lines)] == [5_00, 12_50]


def test_what_a_game_master_gives_is_no_taking(world: World, bar: Person) -> None:
    from ledger.services.gm import adjust

    adjust(actor=world.gm.actor, account=bar.number, amount=9_00, reason="a present")
    with tenancy.scope(bar.tenant):
        found = selectors.takings(bar.account, tenant=bar.tenant, day=bar.tenant.day_of(timezone.now()))
    assert found.count == 0


@pytest.mark.parametrize("role", roles.ROLES)
def test_every_role_may_pay(world: World, asked: PaymentRequest, role: str) -> None:
    payer = world.arcadia.person("Somebody", role=role, money=20_00)
    pay(payer, asked)
    assert stored(asked).state == "paid"


# -- beneath -----------------------------------------------------------------------------------------------------------


def test_the_database_takes_no_paid_request_without_its_transfer(asked: PaymentRequest) -> None:
    with tenancy.scope(asked.tenant):
        rows = PaymentRequest.objects.filter(pk=asked.pk)
        for wrong in ({"state": "paid"}, {"amount": 0}, {"amount": -5}):
            with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
                rows.update(**wrong)


def test_one_transfer_settles_one_request(world: World, bar: Person, asked: PaymentRequest) -> None:
    paid = pay(world.alice, asked)
    other = requests.ask(actor=bar.actor, amount=12_50, claim=claim()).request
    with tenancy.scope(bar.tenant), pytest.raises(IntegrityError), transaction.atomic():
        PaymentRequest.objects.filter(pk=other.pk).update(state="paid", transfer=paid.transfer.pk)


@given(st.text(max_size=20))
def test_any_text_is_a_code_or_none(text: str) -> None:
    assert codes.normalize(text) in {"", codes.normalize(codes.spaced(codes.normalize(text)))}


def test_codes_come_back_from_how_they_are_shown() -> None:
    for _ in range(200):
        code = codes.generate()
        assert codes.normalize(codes.spaced(code).lower()) == code

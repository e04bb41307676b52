"""The figures on the console's first page equal the books, whatever has happened in them."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from itertools import product

import pytest
import time_machine
from django.utils import timezone

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import Conflict
from accounts.models import Tenant
from accounts.units import unit_of_work
from ledger.models import Transfer
from ledger.selectors import figures as selector
from ledger.selectors.figures import Figures, figures
from ledger.services.bonus import pay_welcome_bonus
from ledger.services.gm import PayLine, adjust, pay_run
from ledger.services.setup import create_currency
from ledger.services.transfers import Payment, refund, transfer
from tests.cast import OPENING_BALANCE, Event, Person, World


def of(world: World) -> Figures:
    with tenancy.scope(world.arcadia.tenant):
        return figures(Tenant.objects.get(pk=world.arcadia.tenant.pk))


@pytest.mark.parametrize("seed", range(3))
def test_money_is_what_a_naive_count_says_after_any_history(world: World, seed: int) -> None:
    chance = random.Random(seed)
    people = [world.alice, world.bob, world.gm]
    minted, burnt, moved, done, admin_moves = OPENING_BALANCE, 0, 0, [], []
    has = {world.alice.number: OPENING_BALANCE, world.bob.number: 0, world.gm.number: 0}
    for turn in range(40):
        one, other = chance.sample(people, 2)
        amount = chance.randint(1, 60_00)
        what = chance.choice(["give", "take", "pay", "salary", "refund", "back"])
        with suppress(Conflict):
            if what == "give":
                paid = adjust(actor=world.gm.actor, account=one.number, amount=amount, reason="luck")
                minted, has[one.number] = minted + amount, has[one.number] + amount
                admin_moves.append((paid.transfer, one))
            elif what == "take":
                adjust(actor=world.gm.actor, account=one.number, amount=-amount, reason="a fine")
                burnt, has[one.number] = burnt + amount, has[one.number] - amount
            elif what == "pay":
                paid = transfer(actor=one.actor, payment=Payment(other.number, amount))
                moved += amount
                done.append((paid.transfer, one, other))
                has[one.number], has[other.number] = has[one.number] - amount, has[other.number] + amount
            elif what == "salary":
                lines = [PayLine(person.number, amount) for person in (one, other)]
                pay_run(actor=world.gm.actor, lines=lines, run=f"run {turn}", reason="wages")
                minted += 2 * amount
                has[one.number], has[other.number] = has[one.number] + amount, has[other.number] + amount
            elif what == "refund" and done:
                paid_before, payer, payee = done.pop()
                refund(actor=world.gm.actor, transfer_id=paid_before.pk, memo="a mistake")
                has[payer.number] += paid_before.amount
                has[payee.number] -= paid_before.amount
            elif what == "back" and admin_moves:
                # What was issued and is given back is burnt, though no game master took it by adjusting.
                given, person = admin_moves.pop()
                refund(actor=world.gm.actor, transfer_id=given.pk, memo="a mistake")
                burnt, has[person.number] = burnt + given.amount, has[person.number] - given.amount
    found = of(world)
    [supply] = found.supplies
    assert (supply.minted, supply.burnt, supply.imbalance) == (minted, burnt, 0)
    assert (supply.minted_today, supply.burnt_today) == (minted, burnt)
    assert supply.circulating == sum(has.values()) == sum(person.balance() for person in people)
    assert sum(hour.moved for hour in found.hours) == moved
    with tenancy.scope(world.arcadia.tenant):
        assert sum(hour.count for hour in found.hours) == Transfer.objects.count()
        by_amount = Transfer.objects.order_by("-amount", "-posted_at", "-id").values_list("pk", flat=True)
        assert [row.pk for row in found.largest] == list(by_amount[: selector.LARGEST_SHOWN])
    amounts = list(has.values())
    naive = sum(abs(a - b) for a, b in product(amounts, repeat=2)) / (2 * len(amounts) * sum(amounts))
    assert found.gini == pytest.approx(naive)


@pytest.mark.sqlite_only
def test_what_was_minted_before_the_day_began_is_not_of_today(world: World) -> None:
    start = world.arcadia.tenant.beginning_of(world.arcadia.tenant.day_of(timezone.now() + timedelta(days=3)))
    for moment, amount in ((start - timedelta(seconds=1), 1_00), (start + timedelta(seconds=1), 2_00)):
        with time_machine.travel(moment):
            adjust(actor=world.gm.actor, account=world.bob.number, amount=amount, reason="luck")
    with time_machine.travel(start + timedelta(minutes=90)):
        found = of(world)
    assert (found.supplies[0].minted_today, found.supplies[0].minted) == (2_00, OPENING_BALANCE + 3_00)
    assert [hour.count for hour in found.hours[-3:]] == [1, 1, 0]


@unit_of_work
def welcome(*, actor: Actor, event: Event, person: Person) -> None:
    pay_welcome_bonus(actor=actor, account=person.account)


def test_who_sent_the_bonus_away_at_once_is_named_and_who_lived_first_is_not(world: World) -> None:
    event = world.arcadia
    event.tenant.welcome_bonus = 50_00
    thieves = [event.person(f"Mule {n}") for n in range(3)]
    lone, honest, poor = event.person("Lone"), event.person("Honest"), event.person("Poor")
    for person in (*thieves, lone, honest, poor):
        welcome(actor=event.server, event=event, person=person)
    for thief in thieves:
        transfer(actor=thief.actor, payment=Payment(world.bob.number, 45_00))
    transfer(actor=lone.actor, payment=Payment(world.alice.number, 50_00))
    transfer(actor=honest.actor, payment=Payment(world.bob.number, 5_00))
    transfer(actor=honest.actor, payment=Payment(world.bob.number, 45_00))
    adjust(actor=world.gm.actor, account=poor.number, amount=-50_00, reason="a fine")
    # Who never had a bonus has none to send away.
    transfer(actor=world.alice.actor, payment=Payment(world.bob.number, 100_00))
    senders = of(world).senders
    assert [one.transfer.from_account.holder.name for one in senders] == [
        "Mule 2",
        "Mule 1",
        "Mule 0",
        "Lone",
    ]
    assert [(one.bonus, one.same_payee) for one in senders] == [(50_00, 3)] * 3 + [(50_00, 1)]


def test_each_currency_has_its_own_supply_and_an_empty_world_has_figures_too(world: World) -> None:
    create_currency(actor=world.arcadia.server, code="INR", name="rupees", symbol="₹")
    found = of(world)
    assert [(one.currency.code, one.circulating) for one in found.supplies] == [
        ("NC", OPENING_BALANCE),
        ("INR", 0),
    ]
    with tenancy.scope(world.borea.tenant):
        theirs = figures(world.borea.tenant)
    assert theirs.supplies[0].circulating == OPENING_BALANCE
    assert not {row.pk for row in theirs.largest} & {row.pk for row in found.largest}

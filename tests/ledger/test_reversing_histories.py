"""Reversals of random histories, beside a small model that keeps its own accounts: what is previewed, and what then stands."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts import tenancy
from accounts.errors import Conflict, DomainError
from ledger import selectors
from ledger.models import Balance, Refunded
from ledger.posting import Claim
from ledger.services import accounts as account_services
from ledger.services import gm
from ledger.services.reversal import reverse
from ledger.services.transfers import Payment, refund, terminal_payment, transfer
from tests.cast import Person
from tests.ledger.stage import Stage

VEX, BOB, CAROL, BANK = 0, 1, 2, 3
TILL = 9


@dataclass
class Movement:
    """A movement as the model remembers it."""

    pk: Any
    payer: int
    payee: int
    amount: int
    by_till: bool = False
    is_refund: bool = False
    back: int = 0


@dataclass
class World:
    """The three people as they stand in the bank, and what the model believes about them."""

    stage: Stage
    people: list[Person]
    money: list[int]
    moved: list[Movement] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)

    def does(self, word: str, *arguments: Any) -> None:
        """One step of the history; what the bank refuses has not happened."""
        with suppress(DomainError):
            getattr(self, word)(*arguments)

    def pays(self, payer: int, payee: int, amount: int) -> None:
        payment = Payment(to_account=self.people[payee].number, amount=amount)
        paid = transfer(actor=self.people[payer].actor, payment=payment)
        self._note(Movement(paid.transfer.pk, payer, payee, amount))

    def is_charged(self, payer: int, amount: int) -> None:
        bob = self.people[BOB].number
        paid = terminal_payment(
            actor=self.stage.device, from_account=self.people[payer].number, to_account=bob, amount=amount
        )
        self._note(Movement(paid.transfer.pk, payer, BOB, amount, by_till=True))

    def is_given_back(self, which: int, amount: int, by_till: bool) -> None:
        if not self.moved:
            return
        original = self.moved[which % len(self.moved)]
        actor = self.stage.device if by_till else self.stage.staff
        paid = refund(actor=actor, transfer_id=original.pk, amount=amount)
        original.back += amount
        back = Movement(paid.transfer.pk, original.payee, original.payer, amount, by_till, is_refund=True)
        self._note(back)

    def is_fined(self, payer: int, amount: int) -> None:
        paid = gm.adjust(
            actor=self.stage.staff, account=self.people[payer].number, amount=-amount, reason="fine"
        )
        self._note(Movement(paid.transfer.pk, payer, BANK, amount))

    def is_frozen(self, who: int) -> None:
        account_services.freeze(actor=self.stage.staff, account=self.people[who].number)

    def is_closed(self, who: int) -> None:
        self.stage.set(self.people[who], status=Balance.Status.CLOSED, freeze="")
        self.closed.add(who)

    def _note(self, movement: Movement) -> None:
        self.moved.append(movement)
        for who, amount in ((movement.payer, -movement.amount), (movement.payee, movement.amount)):
            if who != BANK:
                self.money[who] += amount

    def expects(self, subject: int, first: int) -> tuple[list[tuple[Any, int, int]], list[int]]:
        """What the preview has to say from the ``first`` movement on (id, given back, take), and who has what then."""
        lines, money = [], list(self.money)
        for one in reversed(self.moved[first:]):
            is_meant = one.by_till and not one.is_refund if subject == TILL else one.payer == subject
            if not is_meant:
                continue
            take = 0
            stays = one.is_refund or BANK in (one.payee, one.payer) or {one.payer, one.payee} & self.closed
            if not stays:
                take = min(one.amount - one.back, money[one.payee])
                money[one.payee] -= take
                money[one.payer] += take
            lines.append((one.pk, one.back, take))
        return lines, money


who = st.sampled_from([VEX, BOB, CAROL])
amounts = st.integers(1, 60_00)
steps = st.one_of(
    st.tuples(st.just("pays"), st.just(VEX), st.sampled_from([BOB, CAROL]), amounts),
    st.tuples(st.just("pays"), who, who, amounts),
    st.tuples(st.just("is_charged"), st.sampled_from([VEX, CAROL]), amounts),
    st.tuples(st.just("is_given_back"), st.integers(0, 20), amounts, st.booleans()),
    st.tuples(st.just("is_fined"), who, amounts),
    st.tuples(st.just("is_frozen"), who),
    st.tuples(st.just("is_closed"), who),
)


def start(stage: Stage) -> World:
    """The stage as the last history left it, open again, and with money in it."""
    people = [stage.alice, stage.bob, stage.carol]
    for person in people:
        stage.set(person, status=Balance.Status.ACTIVE, freeze="")
        gm.adjust(actor=stage.staff, account=person.number, amount=100_00, reason="a new story")
    return World(stage, people, [person.balance() for person in people])


@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(
    history=st.lists(steps, min_size=3, max_size=14),
    subject=st.sampled_from([VEX, VEX, BOB, TILL]),
    beginning=st.integers(0, 5),
    meanwhile=st.none() | steps,
)
def test_what_is_previewed_is_right_and_is_what_is_done(
    stage: Stage, history: list[Any], subject: int, beginning: int, meanwhile: Any
) -> None:
    world, since, first = start(stage), timezone.now(), 0
    for place, step in enumerate(history):
        if place == beginning:
            since, first = timezone.now(), len(world.moved)
        world.does(*step)
    named = stage.till.key if subject == TILL else world.people[subject].account
    with tenancy.scope(stage.event.tenant):
        plan = selectors.reversal(stage.staff, named, since=since)
    lines, money = world.expects(subject, first)
    assert [(line.transfer.pk, line.given_back, line.take) for line in plan.lines] == lines
    for total in plan.totals:
        assert total.sent == total.given_back + total.take + total.lost

    if meanwhile is not None:
        world.does(*meanwhile)
        changed, money = world.expects(subject, first)
        if changed != lines:
            refused_and_unchanged(stage, world, plan, "preview_changed")
            return
    if not plan.taking:
        refused_and_unchanged(stage, world, plan, "nothing_to_reverse")
        return
    claim = Claim(plan.digest, b"h" * 32)
    done = [
        reverse(
            actor=stage.staff, subject=named, since=since, digest=plan.digest, reason="theft", claim=claim
        )
        for _twice in range(2)
    ]
    assert [one.replayed for one in done] == [False, True]
    assert done[0].count == done[1].count == len(plan.taking)
    assert done[0].sums == done[1].sums == [(total.currency, total.take) for total in plan.totals]
    assert [person.balance() for person in world.people] == money
    with tenancy.scope(stage.event.tenant):
        back = dict(Refunded.objects.filter(pk__in=[pk for pk, _b, _t in lines]).values_list("pk", "amount"))
        assert sum(Balance.objects.values_list("amount", flat=True)) == 0
    assert {pk: back.get(pk, 0) for pk, _b, _t in lines} == {pk: before + take for pk, before, take in lines}


def refused_and_unchanged(stage: Stage, world: World, plan: selectors.Reversal, code: str) -> None:
    """Agreeing to ``plan`` is refused and leaves the books as they are."""
    books = stage.books()
    with pytest.raises(Conflict) as refused:
        reverse(actor=stage.staff, subject=plan.subject, since=plan.since, digest=plan.digest, reason="theft")
    assert refused.value.code == code
    assert stage.books() == books
    assert [person.balance() for person in world.people] == world.money

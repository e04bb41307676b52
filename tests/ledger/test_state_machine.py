"""Random stories through the public services; after each step the books are in order.

Three accounts and one till, so that the same few rows meet again and again. Every movement is asked for twice with one key.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError
from accounts.services.world import pause_world, resume_world
from ledger import selectors
from ledger.models import Account, Balance, Entry, Refunded, Transfer
from ledger.posting import Claim
from ledger.services.accounts import freeze, set_limits, unfreeze
from ledger.services.gm import adjust
from ledger.services.transfers import Payment, refund, terminal_payment, transfer, transfer_batch
from tests.cast import Person
from tests.ledger.stage import NOBODY, Stage

places = st.integers(0, 2)
amounts = st.integers(1, 120_00) | st.sampled_from([0, -1, 1, 100_00, 2**53])
REFUSALS = {
    *(
        "account_frozen",
        "insufficient_funds",
        "invalid_amount",
        "limit_exceeded",
        "same_account",
        "unknown_account",
    ),
    *("world_paused", "paused_already", "not_paused", "refund_exceeds", "not_refundable", "not_allowed"),
    *("unknown_transfer", "key_reused"),
}


class Story(RuleBasedStateMachine):
    """Alice, Bob, Carol, the till and the game masters do what they like."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.people = [self.stage.alice, self.stage.bob, self.stage.carol]
        self.transfers: list[uuid.UUID] = []
        self.set_right()

    def set_right(self) -> None:
        """What an earlier story has left must not decide this one: nothing is frozen, limited or paused."""
        staff = self.stage.staff
        with suppress(Conflict):
            resume_world(actor=staff)
        for person in self.people:
            unfreeze(actor=staff, account=person.number)
            set_limits(actor=staff, account=person.number, per_payment=None, per_day=None)

    @contextmanager
    def step(self) -> Iterator[None]:
        """A refusal is one of those we know, and has changed nothing."""
        before = self.stage.books()
        try:
            yield
        except DomainError as refused:
            said = refused.code
        else:
            return
        assert said in REFUSALS
        assert self.stage.books() == before, "a refused request changed something"

    def twice(self, do: Callable[[Claim], Any]) -> Any:
        """Do it, and ask again with the same key: the answer is the same and nothing is done a second time."""
        claim = Claim(str(uuid.uuid4()), b"h" * 32)
        try:
            first = do(claim)
        except DomainError as refused:
            self.is_refused_again(refused, do, claim)
            raise
        books = self.stage.books()
        second = do(claim)
        assert [one.transfer.pk for one in _paid(second)] == [one.transfer.pk for one in _paid(first)]
        assert [one.new_balance for one in _paid(second)] == [one.new_balance for one in _paid(first)]
        assert all(one.replayed for one in _paid(second))
        assert self.stage.books() == books
        self.transfers += [one.transfer.pk for one in _paid(first)]
        return first

    def is_refused_again(self, first: DomainError, do: Callable[[Claim], Any], claim: Claim) -> None:
        """The same refusal, and nothing done."""
        books = self.stage.books()
        with pytest.raises(DomainError) as again:
            do(claim)
        assert again.value.code == first.code
        assert self.stage.books() == books

    @rule(payer=places, payee=places, amount=amounts)
    def pays(self, payer: int, payee: int, amount: int) -> None:
        one, other = self.people[payer], self.people[payee]
        payment = Payment(to_account=other.number, amount=amount)
        with self.step():
            self.twice(lambda claim: transfer(actor=one.actor, payment=payment, claim=claim))

    @rule(payer=places, lines=st.lists(st.tuples(st.integers(0, 3), amounts), min_size=1, max_size=6))
    def pays_many(self, payer: int, lines: list[tuple[int, int]]) -> None:
        numbers = [person.number for person in self.people] + [NOBODY]
        payments = [Payment(to_account=numbers[place], amount=amount) for place, amount in lines]
        actor = self.people[payer].actor
        with self.step():
            self.twice(lambda claim: transfer_batch(actor=actor, payments=payments, claim=claim))

    @rule(place=places, amount=amounts)
    def is_charged_at_the_till(self, place: int, amount: int) -> None:
        number, device = self.people[place].number, self.stage.device
        with self.step():
            self.twice(
                lambda claim: terminal_payment(
                    actor=device,
                    from_account=number,
                    to_account=self.stage.bob.number,
                    amount=amount,
                    claim=claim,
                )
            )

    @rule(which=st.integers(0, 30), who=st.integers(0, 4), amount=st.none() | st.integers(1, 60_00))
    def gives_back(self, which: int, who: int, amount: int | None) -> None:
        if not self.transfers:
            return
        actors: list[Actor] = [person.actor for person in self.people] + [self.stage.device, self.stage.staff]
        pk, actor = self.transfers[-1 - which % len(self.transfers)], actors[who]
        with self.step():
            self.twice(lambda claim: refund(actor=actor, transfer_id=pk, amount=amount, claim=claim))

    @rule(place=places, how=st.sampled_from(Balance.Freeze.values))
    def is_frozen(self, place: int, how: str) -> None:
        freeze(actor=self.stage.staff, account=self.people[place].number, how=how)

    @rule(place=places)
    def is_thawed(self, place: int) -> None:
        unfreeze(actor=self.stage.staff, account=self.people[place].number)

    @rule(place=places, limits=st.tuples(*[st.none() | st.integers(1, 500_00)] * 2))
    def is_limited(self, place: int, limits: tuple[int | None, int | None]) -> None:
        number = self.people[place].number
        set_limits(actor=self.stage.staff, account=number, per_payment=limits[0], per_day=limits[1])

    @rule(place=places, amount=st.integers(-150_00, 150_00), force=st.booleans())
    def is_adjusted(self, place: int, amount: int, *, force: bool) -> None:
        number, staff = self.people[place].number, self.stage.staff
        with self.step():
            self.twice(
                lambda claim: adjust(
                    actor=staff, account=number, amount=amount, reason="story", force=force, claim=claim
                )
            )

    @rule()
    def everything_stops(self) -> None:
        with self.step():
            pause_world(actor=self.stage.staff)

    @rule()
    def everything_goes_on(self) -> None:
        with self.step():
            resume_world(actor=self.stage.staff)

    @invariant()
    def the_books_are_in_order(self) -> None:
        with tenancy.scope(self.stage.event.tenant):
            balances = list(Balance.objects.all())
            entries = list(Entry.objects.order_by("account_id", "shard", "seq"))
            refunds = list(Refunded.objects.values_list("pk", "amount", "original"))
            given = list(Transfer.objects.exclude(refunds=None).values_list("refunds", "amount"))
        assert sum(row.amount for row in balances) == 0
        replayed: dict[tuple[int, int], tuple[int, int]] = {}
        for entry in entries:
            seq, amount = replayed.get((entry.account_id, entry.shard), (0, 0))
            assert (entry.seq, entry.balance_after) == (seq + 1, amount + entry.amount)
            replayed[entry.account_id, entry.shard] = entry.seq, entry.balance_after
        for row in balances:
            assert (row.last_seq, row.amount) == replayed.get((row.account_id, row.shard), (0, 0))
            assert row.floor is None or row.amount - row.held >= row.floor
        for pk, amount, original in refunds:
            assert amount == sum(part for refunded, part in given if refunded == pk)
            assert amount <= original

    @invariant()
    def what_is_available_is_what_is_above_the_floor(self) -> None:
        with tenancy.scope(self.stage.event.tenant):
            for standing in selectors.standings([_account(person) for person in self.people]):
                row = standing.balance
                assert standing.available == row.amount - row.held - (row.floor or 0)
                assert standing.available >= 0


def _paid(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else [answer]


def _account(person: Person) -> Account:
    return person.account


def test_after_every_step_of_any_story_the_books_are_in_order(stage: Stage) -> None:
    Story.stage = stage
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Random batches, against a model of the rules that is short enough to be read and believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.units import unit_of_work
from ledger import posting, selectors
from ledger.models import Account, AccountHolder, Balance
from ledger.posting import Authority, Order
from ledger.services.accounts import open_account
from tests.ledger.stage import MINT, NOBODY, Stage, post

NOBODY_AT_ALL = 4


@dataclass
class Purse:
    """What the model knows about an account."""

    amount: int
    floor: int
    per_payment: int | None
    per_day: int | None
    freeze: str
    spent: int = 0
    seq: int = 1


@dataclass(frozen=True)
class Line:
    """A transfer by places in the cast; place 4 is nobody."""

    payer: int
    payee: int
    amount: int
    reference: str | None


def judge(purses: list[Purse], lines: list[Line], references: set[str]) -> tuple[str, int] | None:
    """The whole of the rules that this test knows: what is refused first, and where; accepted lines change the purses."""
    for index, line in enumerate(lines):
        refusal = judge_one(purses, line, references)
        if refusal is not None:
            return refusal, index
        payer, payee = purses[line.payer], purses[line.payee]
        payer.amount, payer.spent, payer.seq = (
            payer.amount - line.amount,
            payer.spent + line.amount,
            payer.seq + 1,
        )
        payee.amount, payee.seq = payee.amount + line.amount, payee.seq + 1
        references.update({line.reference} if line.reference else ())
    for place in {place for line in lines for place in (line.payer, line.payee)}:
        # What force had lowered comes back with whatever has come in.
        purse = purses[place]
        if purse.floor < 0:
            purse.floor = min(0, max(purse.floor, purse.amount))
    return None


def judge_one(purses: list[Purse], line: Line, references: set[str]) -> str | None:
    if NOBODY_AT_ALL in (line.payer, line.payee):
        return "unknown_account"
    if line.payer == line.payee:
        return "same_account"
    if line.amount < 1:
        return "invalid_amount"
    payer, payee = purses[line.payer], purses[line.payee]
    if payer.freeze in ("debits", "both") or payee.freeze in ("credits", "both"):
        return "account_frozen"
    if payer.per_payment is not None and line.amount > payer.per_payment:
        return "limit_exceeded"
    if payer.per_day is not None and payer.spent + line.amount > payer.per_day:
        return "limit_exceeded"
    if payer.amount - payer.floor < line.amount:
        return "insufficient_funds"
    return "reference_used" if line.reference in references else None


purses = st.builds(
    Purse,
    amount=st.integers(1, 300),
    floor=st.sampled_from([0, 0, 0, -50]),
    per_payment=st.sampled_from([None, None, None, 40]),
    per_day=st.sampled_from([None, None, None, 90]),
    freeze=st.sampled_from([""] * 20 + ["debits", "credits", "both"]),
)
# Mostly what could be accepted, or a batch would seldom come to its second line.
places = st.sampled_from([0, 1, 2, 3] * 25 + [NOBODY_AT_ALL])
amounts = st.sampled_from([*range(1, 30), *range(1, 30), 0, 40, 41, 90, 300])
line = st.builds(Line, places, places, amounts, st.sampled_from([None] * 9 + ["R-1", "R-2"]))
batches = st.lists(
    line.filter(lambda line: line.payer != line.payee or line.amount == 40), min_size=1, max_size=14
)


@unit_of_work
def deal(*, actor: Actor, dealt: list[Purse]) -> list[Account]:
    """An account for each purse, with what the purse says; by the engine's own doors."""
    holder, currency = AccountHolder.objects.create(kind="person", name="dealt"), selectors.first_currency()
    accounts = [open_account(actor=actor, holder=holder, currency=currency) for _ in dealt]
    issued = [
        Order(from_account=MINT, to_account=account.number, amount=purse.amount)
        for account, purse in zip(accounts, dealt, strict=True)
    ]
    posting.post(actor=actor, transfers=issued, authority=Authority.GM)
    for account, purse in zip(accounts, dealt, strict=True):
        posting.set_state(
            actor=actor,
            account=account,
            floor=purse.floor,
            limit_per_payment=purse.per_payment,
            limit_per_day=purse.per_day,
            status=Balance.Status.FROZEN if purse.freeze else Balance.Status.ACTIVE,
            freeze=purse.freeze,
        )
    return accounts


def balances(actor: Actor, accounts: list[Account]) -> list[int]:
    """What is in each of them."""
    with tenancy.scope(actor.tenant):
        return [standing.balance.amount for standing in selectors.standings(accounts)]


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(dealt=st.lists(purses, min_size=4, max_size=4), batch_list=st.lists(batches, min_size=1, max_size=3))
def test_the_engine_agrees_with_the_model(
    stage: Stage, dealt: list[Purse], batch_list: list[list[Line]]
) -> None:
    actor = stage.staff
    accounts = deal(actor=actor, dealt=dealt)
    numbers = [account.number for account in accounts] + [NOBODY]
    used: set[str] = set()
    for lines in batch_list:
        orders = [
            Order(
                from_account=numbers[line.payer],
                to_account=numbers[line.payee],
                amount=line.amount,
                reference=line.reference and f"{numbers[0]} {line.reference}",
            )
            for line in lines
        ]
        model, references = [Purse(**vars(purse)) for purse in dealt], set(used)
        expected = judge(model, lines, references)
        said: Any = None
        try:
            posted = post(actor=actor, orders=orders)
        except DomainError as refused:
            said = refused.code, refused.facts.get("index", 0)
        else:
            dealt, used = model, references
            last = {
                (line.payer, leg.seq): leg.balance_after
                for line, leg in zip(lines, posted.debits, strict=True)
            }
            last |= {
                (line.payee, leg.seq): leg.balance_after
                for line, leg in zip(lines, posted.credits, strict=True)
            }
            for place, purse in enumerate(dealt):
                assert last.get((place, purse.seq), purse.amount) == purse.amount
        assert said == expected
        assert balances(actor, accounts) == [purse.amount for purse in dealt]

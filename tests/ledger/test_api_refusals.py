"""Every refusal of a payment by its name, over HTTP: the code, the status, the field or line that is to blame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.actors import Actor
from accounts.services.world import pause_world, resume_world
from accounts.units import unit_of_work
from ledger import posting
from ledger.models import Account, Balance, Currency
from ledger.services import accounts as account_services
from ledger.services.setup import create_currency
from ledger.services.transfers import RESERVED_REFERENCES
from tests.cast import OPENING_BALANCE, Person, World
from tests.ledger.asking import pay, refusal

AMOUNT_MAX = 2**53 - 1


@unit_of_work
def close(*, actor: Actor, account: Account) -> None:
    posting.set_state(actor=actor, account=account, status=Balance.Status.CLOSED)


@unit_of_work
def open_abroad(*, actor: Actor, person: Person, currency: Currency) -> Account:
    return account_services.open_account(actor=actor, holder=person.account.holder, currency=currency)


def fields(answer: Any) -> list[str]:
    return [error["field"] for error in answer.json()["errors"]]


@pytest.fixture(autouse=True)
def nothing_moves_when_refused(world: World) -> Iterator[None]:
    """A refused request changes nothing: whatever a test below does, Alice's money stays where it was."""
    yield
    assert world.alice.balance() == OPENING_BALANCE
    assert world.bob.balance() == 0


def test_not_enough_money_says_what_is_there_and_what_is_needed(world: World) -> None:
    answer = pay(world.alice.phone(), to_account=world.bob.number, amount=10001)
    assert refusal(answer) == (409, "insufficient_funds")
    assert answer.json()["detail"] == "You have ₵100.00; this needs ₵100.01."
    assert answer.json()["facts"] == {"available": 10000, "needed": 10001}


@pytest.mark.parametrize(
    ("how", "frozen"), [("debits", "payer"), ("both", "payer"), ("credits", "payee"), ("both", "payee")]
)
def test_a_frozen_account_on_either_side(world: World, how: str, frozen: str) -> None:
    account = {"payer": world.alice, "payee": world.bob}[frozen]
    account_services.freeze(actor=world.gm.actor, account=account.number, how=how)
    answer = pay(world.alice.phone(), to_account=world.bob.number, amount=1)
    assert refusal(answer) == (409, "account_frozen")
    assert fields(answer) == [{"payer": "from_account", "payee": "to_account"}[frozen]]
    assert account.number in answer.json()["detail"]


@pytest.mark.parametrize("closed", ["payer", "payee"])
def test_a_closed_account_on_either_side(world: World, closed: str) -> None:
    account = {"payer": world.alice, "payee": world.bob}[closed]
    close(actor=world.arcadia.server, account=account.account)
    answer = pay(world.alice.phone(), to_account=world.bob.number, amount=1)
    assert refusal(answer) == (409, "account_closed")
    assert account.number in answer.json()["detail"]


def test_accounts_of_two_currencies(world: World) -> None:
    rupee = create_currency(actor=world.arcadia.server, code="INR", name="rupee", symbol="₹")
    abroad = open_abroad(actor=world.arcadia.server, person=world.bob, currency=rupee)
    answer = pay(world.alice.phone(), to_account=abroad.number, amount=1)
    assert refusal(answer) == (409, "wrong_currency")
    assert fields(answer) == ["to_account"]


def test_to_yourself(world: World) -> None:
    answer = pay(world.alice.phone(), to_account=world.alice.number, amount=1)
    assert refusal(answer) == (409, "same_account")


@pytest.mark.parametrize(
    "number", ["NC-0000-0000", "Bob", "NC-MINT-9999", "💸", "'; DROP TABLE ledger_account; --"]
)
def test_an_unknown_payee(world: World, number: str) -> None:
    answer = pay(world.alice.phone(), to_account=number, amount=1)
    assert refusal(answer) == (404, "unknown_account")
    assert fields(answer) == ["to_account"]


def test_a_payee_of_another_event_is_unknown(world: World) -> None:
    answer = pay(world.alice.phone(), to_account=world.charlie.number, amount=1)
    assert refusal(answer) == (404, "unknown_account")


def test_somebody_elses_account_is_as_unknown_as_one_that_is_not_there(world: World) -> None:
    answers = [
        pay(world.bob.phone(), to_account=world.bob.number, from_account=number, amount=1)
        for number in (world.alice.number, "NC-0000-0000")
    ]
    assert [refusal(answer) for answer in answers] == [(404, "unknown_account")] * 2
    assert [fields(answer) for answer in answers] == [["from_account"]] * 2


def test_not_even_a_game_master_pays_with_somebody_elses_money(world: World) -> None:
    answer = pay(world.gm.phone(), to_account=world.gm.number, from_account=world.alice.number, amount=1)
    assert refusal(answer) == (404, "unknown_account")


@pytest.mark.parametrize(
    "amount",
    ["0", "-1", "100.0", "1e2", "0.5", '"100"', "true", "null", "[1]", "{}", str(AMOUNT_MAX + 1), "9" * 20],
)
def test_an_amount_that_is_none(world: World, amount: str) -> None:
    body = f'{{"to_account": "{world.bob.number}", "amount": {amount}}}'
    answer = world.alice.phone().post("transfers", body, **{"Idempotency-Key": "a"})
    assert refusal(answer) == (400, "invalid_amount")
    assert fields(answer) == ["amount"]


def test_the_largest_amount_is_only_too_much_money(world: World) -> None:
    answer = pay(world.alice.phone(), to_account=world.bob.number, amount=AMOUNT_MAX)
    assert refusal(answer) == (409, "insufficient_funds")


def test_an_account_that_would_hold_too_much(world: World) -> None:
    eve = world.arcadia.person("Eve", money=AMOUNT_MAX - 5)
    answer = pay(world.alice.phone(), to_account=eve.number, amount=6)
    assert refusal(answer) == (409, "balance_limit")


@pytest.mark.parametrize("memo", ["x" * 141, "two\nlines", "bell\x07"])
def test_a_memo_that_is_not_one_line_of_140_characters(world: World, memo: str) -> None:
    answer = pay(world.alice.phone(), to_account=world.bob.number, amount=1, memo=memo)
    assert refusal(answer) == (400, "invalid_memo")
    assert fields(answer) == ["memo"]


@pytest.mark.parametrize(
    ("limits", "amount", "detail"),
    [
        ({"per_payment": 500, "per_day": None}, 501, "This account pays at most ₵5.00 at once."),
        ({"per_payment": None, "per_day": 700}, 701, "This account may pay only ₵7.00 more today."),
    ],
)
def test_over_a_limit_of_the_account(world: World, limits: dict[str, Any], amount: int, detail: str) -> None:
    account_services.set_limits(actor=world.gm.actor, account=world.alice.number, **limits)
    answer = pay(world.alice.phone(), to_account=world.bob.number, amount=amount)
    assert refusal(answer) == (409, "limit_exceeded")
    assert answer.json()["detail"] == detail


def test_a_limit_counts_what_earlier_lines_of_the_batch_spend(world: World) -> None:
    account_services.set_limits(
        actor=world.gm.actor, account=world.alice.number, per_payment=None, per_day=700
    )
    lines = [{"to_account": world.bob.number, "amount": 300}] * 3
    answer = pay(world.alice.phone(), "transfers/batch", transfers=lines)
    assert refusal(answer) == (409, "limit_exceeded")
    assert answer.json()["index"] == 2


def test_while_the_world_is_paused_nobody_pays(world: World) -> None:
    pause_world(actor=world.gm.actor, reason="Fire alarm")
    answer = pay(world.alice.phone(), to_account=world.bob.number, amount=1)
    assert refusal(answer) == (409, "world_paused")
    resume_world(actor=world.gm.actor)


def test_the_first_line_that_fails_is_the_offender_though_a_later_one_is_worse(world: World) -> None:
    good = {"to_account": world.bob.number, "amount": 1}
    poor = {"to_account": world.bob.number, "amount": 999_999}
    unknown = {"to_account": "NC-0000-0000", "amount": 1}
    answer = pay(world.alice.phone(), "transfers/batch", transfers=[good, poor, unknown])
    assert (*refusal(answer), answer.json()["index"]) == (409, "insufficient_funds", 1)


def test_a_line_of_the_wrong_form_is_named_before_any_is_looked_at(world: World) -> None:
    unknown = {"to_account": "NC-0000-0000", "amount": 1}
    answer = pay(
        world.alice.phone(), "transfers/batch", transfers=[unknown, {"to_account": "x", "amount": 1.5}]
    )
    assert (*refusal(answer), answer.json()["index"]) == (400, "invalid_amount", 1)


# -- a form that nobody can read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"amount": 1}, ["to_account"]),
        ({"to_account": "NC-0000-0000"}, ["amount"]),
        ({"to_account": 7, "amount": 1}, ["to_account"]),
        ({"to_account": "", "amount": 1}, ["to_account"]),
        ({"to_account": "x" * 33, "amount": 1}, ["to_account"]),
        ({"to_account": "x", "amount": 1, "amout": 2}, ["amout"]),
        ({"to_account": "x", "amount": 1, "reference": "x" * 65}, ["reference"]),
        ({"to_account": "x", "amount": 1, "memo": None}, ["memo"]),
    ],
)
def test_what_is_missing_wrong_or_unknown_is_named(
    world: World, body: dict[str, Any], named: list[str]
) -> None:
    answer = pay(world.alice.phone(), **body)
    assert refusal(answer) == (400, "invalid_request")
    assert fields(answer) == named


@pytest.mark.parametrize("body", ["[]", '"x"', "7", "null", "true"])
def test_a_body_that_is_no_object(world: World, body: str) -> None:
    answer = world.alice.phone().post("transfers", body, **{"Idempotency-Key": "a"})
    assert refusal(answer) == (400, "invalid_request")


# -- references --------------------------------------------------------------------------------------------------------


class TestReferences:
    """A reference stands on one transfer for ever."""

    @pytest.fixture(autouse=True)
    def nothing_moves_when_refused(self) -> None:
        """These do move money."""

    def test_a_reference_can_be_used_once(self, world: World) -> None:
        phone = world.alice.phone()
        assert pay(phone, to_account=world.bob.number, amount=1, reference="rent-7").status_code == 201
        answer = pay(phone, to_account=world.bob.number, amount=1, reference="rent-7")
        assert refusal(answer) == (409, "reference_used")
        assert fields(answer) == ["reference"]

    def test_a_reference_stands_once_in_a_batch_too(self, world: World) -> None:
        lines = [{"to_account": world.bob.number, "amount": 1, "reference": name} for name in ("a", "b", "a")]
        answer = pay(world.alice.phone(), "transfers/batch", transfers=lines)
        assert (*refusal(answer), answer.json()["index"]) == (409, "reference_used", 2)

    def test_what_the_bank_writes_itself_is_nobodys_reference(self, world: World) -> None:
        for reserved in RESERVED_REFERENCES:
            body: dict[str, Any] = {"to_account": world.bob.number, "amount": 1, "reference": f"{reserved}7"}
            answers = [
                pay(world.alice.phone(), **body),
                pay(world.alice.phone(), "transfers/batch", transfers=[body]),
            ]
            assert [refusal(answer) for answer in answers] == [(400, "invalid_reference")] * 2

    def test_another_event_may_use_the_same_reference(self, world: World) -> None:
        dora = world.borea.person("Dora")
        assert (
            pay(world.alice.phone(), to_account=world.bob.number, amount=1, reference="r").status_code == 201
        )
        assert pay(world.charlie.phone(), to_account=dora.number, amount=1, reference="r").status_code == 201

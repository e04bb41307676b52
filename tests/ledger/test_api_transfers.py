"""Paying over HTTP: what is answered, what a repeated request is answered, and what a minute allows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from accounts import tenancy
from ledger.models import Transfer
from tests.cast import OPENING_BALANCE, World
from tests.ledger.asking import pay, refusal, without_id


def transfers_of(world: World) -> int:
    with tenancy.scope(world.arcadia.tenant):
        return int(Transfer.objects.filter(kind=Transfer.Kind.TRANSFER).count())


@pytest.fixture
def standing_clock() -> Iterator[None]:
    """A minute that does not end in the middle of a test."""
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=False):
        yield


# -- what is answered --------------------------------------------------------------------------------------------------


def test_a_payment_is_answered_with_the_transfer_and_the_new_balance(world: World) -> None:
    answer = pay(world.alice.phone(), to_account=world.bob.number, amount=1250, memo=" Two beers ")
    assert answer.status_code == 201
    body = answer.json()
    transfer = body.pop("transfer")
    assert body == {"new_balance": 8750, "new_balance_display": "₵87.50"}
    assert transfer.pop("created_at").endswith("Z")
    assert len(transfer.pop("id")) == 36
    assert transfer == {
        "type": "transfer",
        "from_account": world.alice.number,
        "from_name": "Alice",
        "to_account": world.bob.number,
        "to_name": "Bob",
        "amount": 1250,
        "amount_display": "₵12.50",
        "currency": "NC",
        "memo": "Two beers",
        "reference": None,
        "refunds": None,
    }
    assert (world.alice.balance(), world.bob.balance()) == (8750, 1250)


def test_the_first_systems_address_does_the_same_and_needs_no_key(world: World) -> None:
    answer = pay(world.alice.phone(), "transactions", key=None, to_account=world.bob.number, amount=100)
    assert answer.status_code == 201
    assert answer.json()["new_balance"] == OPENING_BALANCE - 100


@pytest.mark.parametrize(
    "write", [str.lower, lambda number: number.replace("-", ""), lambda number: f" {number} "]
)
def test_a_number_may_be_typed_as_people_do(world: World, write: Any) -> None:
    assert pay(world.alice.phone(), to_account=write(world.bob.number), amount=1).status_code == 201


def test_both_sides_may_look_at_the_receipt_and_nobody_else(world: World) -> None:
    paid = pay(world.alice.phone(), to_account=world.bob.number, amount=300).json()["transfer"]
    eve = world.arcadia.person("Eve")
    for person in (world.alice, world.bob, world.gm):
        receipt = person.phone().get(f"transfers/{paid['id']}")
        assert receipt.json() == {"transfer": paid, "refundable": 300, "refundable_display": "₵3.00"}
    for stranger in (eve, world.charlie, world.charlies_gm):
        answer = stranger.phone().get(f"transfers/{paid['id']}")
        assert refusal(answer) == (404, "unknown_transfer")


def test_a_batch_pays_everybody_in_the_order_of_the_lines(world: World) -> None:
    lines = [
        {"to_account": world.bob.number, "amount": 100},
        {"to_account": world.gm.number, "amount": 200, "memo": "x"},
    ]
    answer = pay(world.alice.phone(), "transfers/batch", transfers=lines)
    assert answer.status_code == 201
    assert [
        (line["transfer"]["to_name"], line["transfer"]["amount"], line["new_balance"])
        for line in answer.json()["transfers"]
    ] == [
        ("Bob", 100, 9900),
        ("Overseer", 200, 9700),
    ]


def test_a_bad_line_late_in_a_batch_is_named_and_posts_nothing(world: World) -> None:
    lines = [{"to_account": world.bob.number, "amount": 1} for _ in range(500)]
    lines[499] = {"to_account": "NC-0000-0000", "amount": 1}
    answer = pay(world.alice.phone(), "transfers/batch", transfers=lines)
    assert refusal(answer) == (404, "unknown_account")
    assert answer.json()["index"] == 499
    assert world.alice.balance() == OPENING_BALANCE
    assert transfers_of(world) == 0


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_has_one_to_a_thousand_lines(world: World, count: int) -> None:
    answer = pay(world.alice.phone(), "transfers/batch", transfers=[{"to_account": "x", "amount": 1}] * count)
    assert refusal(answer) == (400, "invalid_request")


# -- the same request twice --------------------------------------------------------------------------------------------


def test_a_repeated_request_is_answered_again_and_paid_once(world: World) -> None:
    phone = world.alice.phone()
    first, second = (
        pay(phone, key="once", to_account=world.bob.number, amount=500, memo="rent") for _ in range(2)
    )
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert transfers_of(world) == 1


def test_the_answer_is_the_first_one_whatever_was_paid_since(world: World) -> None:
    phone = world.alice.phone()
    first = pay(phone, key="once", to_account=world.bob.number, amount=500)
    pay(phone, to_account=world.bob.number, amount=500)
    assert pay(phone, key="once", to_account=world.bob.number, amount=500).json() == first.json()


def test_the_lines_of_a_batch_are_counted_before_they_are_looked_at(world: World) -> None:
    problem = pay(world.alice.phone(), "transfers/batch", transfers=[{}] * 1001).json()
    assert problem["errors"] == [
        {"field": "transfers", "message": "Ensure this field has no more than 1000 elements."}
    ]
    wrong: Any
    for wrong in ({}, "ten", 5, True):
        problem = pay(world.alice.phone(), "transfers/batch", transfers=wrong).json()
        assert [error["field"] for error in problem["errors"]] == ["transfers"], wrong


def test_no_more_than_fifty_mistakes_are_listed(world: World) -> None:
    problem = pay(world.alice.phone(), "transfers/batch", transfers=[{}] * 1000).json()
    assert (len(problem["errors"]), problem["index"]) == (50, 0)


def test_a_repeated_batch_is_answered_again(world: World) -> None:
    lines = [{"to_account": world.bob.number, "amount": n} for n in range(1, 21)]
    first, second = (pay(world.alice.phone(), "transfers/batch", key="b", transfers=lines) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert transfers_of(world) == 20


def test_a_stored_refusal_is_final_for_its_key_and_says_so(world: World) -> None:
    phone = world.bob.phone()
    first = pay(phone, key="k", to_account=world.alice.number, amount=500)
    assert refusal(first) == (409, "insufficient_funds")
    assert "Idempotent-Replayed" not in first.headers
    pay(world.alice.phone(), to_account=world.bob.number, amount=1000)
    second = pay(phone, key="k", to_account=world.alice.number, amount=500)
    assert without_id(second) == without_id(first)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert pay(phone, to_account=world.alice.number, amount=500).status_code == 201


def test_a_key_with_another_body_is_refused(world: World) -> None:
    phone = world.alice.phone()
    pay(phone, key="k", to_account=world.bob.number, amount=500)
    answer = pay(phone, key="k", to_account=world.bob.number, amount=501)
    assert refusal(answer) == (422, "key_reused")
    assert transfers_of(world) == 1


def test_the_order_of_the_fields_makes_no_other_body(world: World) -> None:
    phone = world.alice.phone()
    number = world.bob.number
    first = phone.post("transfers", f'{{"amount": 5, "to_account": "{number}"}}', **{"Idempotency-Key": "k"})
    second = phone.post("transfers", f'{{ "to_account":"{number}","amount":5}}', **{"Idempotency-Key": "k"})
    assert first.json() == second.json()


def test_two_people_may_choose_the_same_key(world: World) -> None:
    pay(world.alice.phone(), key="1", to_account=world.bob.number, amount=500)
    answer = pay(world.bob.phone(), key="1", to_account=world.alice.number, amount=200)
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers


def test_what_was_refused_for_its_form_leaves_the_key_free(world: World) -> None:
    phone = world.alice.phone()
    assert pay(phone, key="k", to_account=world.bob.number, amount=0).status_code == 400
    assert pay(phone, key="k", to_account=world.bob.number, amount=1).status_code == 201


@pytest.mark.parametrize(
    "path", ["transfers", "transfers/batch", "transfers/01234567-89ab-7def-8123-456789abcdef/refund"]
)
def test_what_moves_money_needs_a_key(world: World, path: str) -> None:
    line = {"to_account": world.bob.number, "amount": 1}
    bodies: dict[str, dict[str, Any]] = {"transfers": line, "batch": {"transfers": [line]}, "refund": {}}
    answer = pay(world.alice.phone(), path, key=None, **bodies[path.rpartition("/")[2]])
    assert refusal(answer) == (400, "idempotency_key_required")


@pytest.mark.parametrize("key", ["with space", "x" * 201, "schlüssel", "tab\tkey"])
def test_a_key_is_visible_ascii(world: World, key: str) -> None:
    answer = pay(world.alice.phone(), key=key, to_account=world.bob.number, amount=1)
    assert refusal(answer) == (400, "invalid_idempotency_key")


# -- how often ---------------------------------------------------------------------------------------------------------


def test_sixty_payments_a_minute_and_no_more(world: World, standing_clock: None) -> None:
    phone = world.alice.phone()
    codes = [pay(phone, to_account=world.bob.number, amount=1).status_code for _ in range(61)]
    assert codes == [201] * 60 + [429]
    assert transfers_of(world) == 60


def test_whoever_is_over_the_limit_hears_when_to_come_back(world: World, standing_clock: None) -> None:
    phone = world.alice.phone()
    for _ in range(60):
        pay(phone, to_account=world.bob.number, amount=1)
    answer = pay(phone, to_account=world.bob.number, amount=1)
    assert answer.json()["code"] == "rate_limited"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_a_batch_counts_its_lines(world: World, standing_clock: None) -> None:
    phone = world.alice.phone()
    lines = [{"to_account": world.bob.number, "amount": 1}] * 59
    assert pay(phone, "transfers/batch", transfers=lines).status_code == 201
    assert pay(phone, to_account=world.bob.number, amount=1).status_code == 201
    assert pay(phone, to_account=world.bob.number, amount=1).status_code == 429


def test_a_batch_larger_than_a_minute_goes_through_when_the_minute_is_unused_and_then_blocks(
    world: World, standing_clock: None
) -> None:
    phone = world.alice.phone()
    lines = [{"to_account": world.bob.number, "amount": 1}] * 120
    assert pay(phone, "transfers/batch", transfers=lines).status_code == 201
    answer = pay(phone, to_account=world.bob.number, amount=1)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 60


def test_repeated_requests_do_not_count(world: World, standing_clock: None) -> None:
    phone = world.alice.phone()
    for _ in range(70):
        assert pay(phone, key="once", to_account=world.bob.number, amount=1).status_code == 201
    for _ in range(59):
        assert pay(phone, to_account=world.bob.number, amount=1).status_code == 201
    assert pay(phone, to_account=world.bob.number, amount=1).status_code == 429
    assert pay(phone, key="once", to_account=world.bob.number, amount=1).status_code == 201


def test_repeated_refusals_do_not_count_either(world: World, standing_clock: None) -> None:
    phone = world.bob.phone()
    for _ in range(70):
        assert pay(phone, key="poor", to_account=world.alice.number, amount=1).status_code == 409
    assert pay(phone, to_account=world.alice.number, amount=1).status_code == 409

"""Giving money back over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import tenancy
from accounts.models import AuditEvent, Notification
from ledger.services import accounts as account_services
from tests.cast import OPENING_BALANCE, Person, World
from tests.ledger.asking import pay, refusal, without_id

PAID = 1000


@pytest.fixture
def paid(world: World) -> str:
    """The id of a transfer of ₵10.00 from Alice to Bob."""
    answer = pay(world.alice.phone(), to_account=world.bob.number, amount=PAID, memo="A hat")
    return str(answer.json()["transfer"]["id"])


def give_back(person: Person, transfer: str, *, key: str = "", **body: Any) -> Any:
    return pay(person.phone(), f"transfers/{transfer}/refund", key=key, **body)


def test_who_received_it_gives_all_of_it_back(world: World, paid: str) -> None:
    answer = give_back(world.bob, paid, memo="It did not fit")
    assert answer.status_code == 201
    transfer = answer.json()["transfer"]
    assert (transfer["type"], transfer["refunds"], transfer["amount"]) == ("refund", paid, PAID)
    assert (transfer["from_name"], transfer["to_name"], transfer["memo"]) == (
        "Bob",
        "Alice",
        "It did not fit",
    )
    assert answer.json()["new_balance"] == 0
    assert world.alice.balance() == OPENING_BALANCE


def test_the_payer_is_told(world: World, paid: str) -> None:
    give_back(world.bob, paid, amount=250)
    with tenancy.scope(world.arcadia.tenant):
        told = Notification.objects.get(user=world.alice.user, kind="transfer.refunded")
    assert told.text == "Bob gave you ₵2.50 back."


def test_in_parts_until_nothing_is_left(world: World, paid: str) -> None:
    assert [give_back(world.bob, paid, amount=400).status_code for _ in range(2)] == [201, 201]
    answer = give_back(world.bob, paid, amount=201)
    assert refusal(answer) == (409, "refund_exceeds")
    assert answer.json()["facts"] == {"refundable": 200}
    assert give_back(world.bob, paid).json()["transfer"]["amount"] == 200
    assert refusal(give_back(world.bob, paid)) == (409, "refund_exceeds")
    assert world.alice.balance() == OPENING_BALANCE


def test_a_repeated_refund_gives_back_once(world: World, paid: str) -> None:
    first, second = (give_back(world.bob, paid, key="r", amount=400) for _ in range(2))
    assert without_id(first) == without_id(second)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert world.bob.balance() == PAID - 400


def test_a_refund_of_all_can_be_repeated_though_nothing_is_left(world: World, paid: str) -> None:
    first, second = (give_back(world.bob, paid, key="r") for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"


def test_a_key_used_before_is_refused_whatever_the_address_now_names(world: World, paid: str) -> None:
    give_back(world.bob, paid, key="r", amount=400)
    pay(world.bob.phone(), key="p", to_account=world.alice.number, amount=1)
    for key in ("r", "p"):
        for other in (paid, "01234567-89ab-7def-8123-456789abcdef"):
            assert refusal(give_back(world.bob, other, key=key, amount=399)) == (422, "key_reused")


def test_who_paid_cannot_take_it_back(world: World, paid: str) -> None:
    assert refusal(give_back(world.alice, paid)) == (403, "not_allowed")
    assert world.bob.balance() == PAID


def test_a_stranger_does_not_even_see_it(world: World, paid: str) -> None:
    for stranger in (world.arcadia.person("Eve"), world.charlie, world.charlies_gm):
        assert refusal(give_back(stranger, paid)) == (404, "unknown_transfer")


def test_a_game_master_gives_back_for_others_whatever_is_frozen(world: World, paid: str) -> None:
    account_services.freeze(actor=world.gm.actor, account=world.bob.number)
    assert refusal(give_back(world.bob, paid)) == (409, "account_frozen")
    assert give_back(world.gm, paid).status_code == 201
    assert world.alice.balance() == OPENING_BALANCE


def test_a_refund_is_not_refunded(world: World, paid: str) -> None:
    back = give_back(world.bob, paid).json()["transfer"]["id"]
    assert refusal(give_back(world.alice, back)) == (409, "not_refundable")
    receipt = world.alice.phone().get(f"transfers/{back}")
    assert receipt.json()["refundable"] == 0


def test_if_the_money_is_gone_it_says_what_is_there(world: World, paid: str) -> None:
    eve = world.arcadia.person("Eve")
    pay(world.bob.phone(), to_account=eve.number, amount=700)
    answer = give_back(world.bob, paid)
    assert refusal(answer) == (409, "insufficient_funds")
    assert answer.json()["facts"] == {"available": 300, "needed": PAID}
    first, again = (give_back(world.bob, paid, amount=400, key="part") for _ in range(2))
    assert first.json()["facts"] == again.json()["facts"] == {"available": 300, "needed": 400}
    assert refusal(give_back(world.gm, paid)) == (409, "insufficient_funds")
    assert give_back(world.gm, paid, amount=300).status_code == 201
    with tenancy.scope(world.arcadia.tenant):
        [line] = AuditEvent.objects.filter(action="transfer.refund")
    assert (line.actor_label, line.status, line.metadata) == (
        "Overseer",
        "insufficient_funds",
        {"amount": PAID},
    )


@pytest.mark.parametrize("amount", [0, -1, 1.0, "5", True, 2**53])
def test_an_amount_is_an_integer_of_minor_units(world: World, paid: str, amount: Any) -> None:
    assert refusal(give_back(world.bob, paid, amount=amount)) == (400, "invalid_amount")


def test_a_transfer_that_is_not_there(world: World) -> None:
    answer = give_back(world.bob, "01234567-89ab-7def-8123-456789abcdef")
    assert refusal(answer) == (404, "unknown_transfer")
    assert give_back(world.bob, "no-uuid").status_code == 404

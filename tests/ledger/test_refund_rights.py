"""Whose right it is to give back, when that right has ended, and what is left when several do so at once."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from typing import Any

import time_machine
from django.utils import timezone

from accounts import roles, tenancy
from accounts.errors import Conflict
from accounts.models import User
from ledger.models import IdempotencyKey
from ledger.posting import Claim
from ledger.services.transfers import Paid, refund
from tests.cast import OPENING_BALANCE, Person, Phone, World, make_world
from tests.ledger.asking import pay, refusal, without_id
from tests.storms.load import threads

PAID = 10_00


def paid_to_bob(world: World) -> str:
    """The id of a transfer of ₵10.00 from Alice to Bob."""
    answer = pay(world.alice.phone(), to_account=world.bob.number, amount=PAID)
    return str(answer.json()["transfer"]["id"])


def give_back(phone: Phone, transfer: str, *, key: str = "", **body: Any) -> Any:
    return pay(phone, f"transfers/{transfer}/refund", key=key, **body)


def set_role(person: Person, role: str) -> None:
    """Change somebody's role behind the back of whoever has read it."""
    with tenancy.scope(person.tenant):
        User.objects.filter(pk=person.user.pk).update(role=role)


def test_a_device_gets_its_answer_again_after_its_day_is_over(world: World) -> None:
    till = world.arcadia.till(world.bob, scopes=("credit", "debit:any"))
    taken = pay(
        till.device(),
        "external/transactions",
        from_account=world.alice.number,
        to_account=world.bob.number,
        amount=PAID,
    )
    transfer = str(taken.json()["transaction"]["id"])
    first = give_back(till.device(), transfer, key="r", amount=4_00)
    assert first.status_code == 201
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        again = give_back(till.device(), transfer, key="r", amount=4_00)
        assert refusal(give_back(till.device(), transfer, key="s", amount=4_00)) == (403, "not_allowed")
    assert (again.status_code, without_id(again)) == (201, without_id(first))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert world.bob.balance() == PAID - 4_00


def test_who_was_staff_gets_the_answer_again(world: World) -> None:
    transfer, phone = paid_to_bob(world), world.gm.phone()
    first = give_back(phone, transfer, key="r", amount=4_00)
    set_role(world.gm, roles.PLAYER)
    again = give_back(phone, transfer, key="r", amount=4_00)
    assert (first.status_code, again.status_code) == (201, 201)
    assert without_id(again) == without_id(first)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert refusal(give_back(phone, transfer, key="s", amount=4_00)) == (404, "unknown_transfer")
    assert world.bob.balance() == PAID - 4_00


def test_a_stored_refusal_is_repeated_too(world: World) -> None:
    transfer, phone = paid_to_bob(world), world.gm.phone()
    first = give_back(phone, transfer, key="r", amount=PAID + 1)
    set_role(world.gm, roles.PLAYER)
    again = give_back(phone, transfer, key="r", amount=PAID + 1)
    assert refusal(first) == refusal(again) == (409, "refund_exceeds")
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_denied_refund_does_not_use_up_the_key(world: World) -> None:
    transfer, phone = paid_to_bob(world), world.alice.phone()
    assert refusal(give_back(phone, transfer, key="r")) == (403, "not_allowed")
    with tenancy.scope(world.arcadia.tenant):
        assert not IdempotencyKey.objects.filter(key="r").exists()
    set_role(world.alice, roles.GM)
    answer = give_back(phone, transfer, key="r")
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers
    assert world.alice.balance() == OPENING_BALANCE


def test_all_that_is_left_is_exactly_that_while_others_give_back_parts(fresh_database: object) -> None:
    world = make_world()
    for number in range(8):
        refund_all_among_parts(world, uuid.UUID(paid_to_bob(world)), number)
        assert (world.alice.balance(), world.bob.balance()) == (OPENING_BALANCE, 0)


def refund_all_among_parts(world: World, transfer: uuid.UUID, number: int) -> None:
    """Four parts of ₵1.00 and the rest, all at once; at most the parts that come after the rest are refused."""
    together = threading.Barrier(5)
    rest: list[Paid] = []
    parts: list[Paid] = []
    refusals: list[str] = []

    def giving(name: str, done: list[Paid], amount: int | None) -> Callable[[], None]:
        def give() -> None:
            together.wait()
            try:
                claim = Claim(f"race-{number}-{name}", b"0" * 32)
                done.append(refund(actor=world.bob.actor, transfer_id=transfer, amount=amount, claim=claim))
            except Conflict as refused:
                refusals.append(refused.code)

        return give

    with threads(giving("rest", rest, None), *(giving(f"part{n}", parts, 1_00) for n in range(4))):
        pass
    [all_of_it] = rest
    assert all_of_it.transfer.amount == PAID - 1_00 * len(parts)
    assert refusals == ["refund_exceeds"] * (4 - len(parts))

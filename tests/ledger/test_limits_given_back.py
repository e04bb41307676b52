"""A minute is used up by what was decided; what came to nothing blocks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.errors import Conflict, DomainError, Unavailable
from accounts.limits import RATES
from ledger.services import transfers
from tests.cast import OPENING_BALANCE, Phone, World
from tests.ledger.asking import pay, refusal

A_MINUTE = RATES["transfer"].count
LARGE = A_MINUTE + 40


@pytest.fixture(autouse=True)
def no_new_minute_begins() -> Iterator[None]:
    """The clock stands still, so that a window never ends in the middle of a test."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def pay_many(phone: Phone, world: World, *, amount: int = 1, count: int = LARGE, key: str = "") -> Any:
    lines = [{"to_account": world.bob.number, "amount": amount}] * count
    return pay(phone, "transfers/batch", key=key, transfers=lines)


def pay_one(phone: Phone, world: World, *, amount: int = 1) -> Any:
    return pay(phone, to_account=world.bob.number, amount=amount)


def test_a_large_batch_that_went_through_blocks_until_it_is_paid_off(world: World) -> None:
    phone = world.alice.phone()
    assert pay_many(phone, world).status_code == 201
    blocked = pay_one(phone, world)
    assert refusal(blocked) == (429, "rate_limited")
    assert int(blocked.headers["Retry-After"]) == LARGE * RATES["transfer"].period_s // A_MINUTE
    assert world.bob.balance() == LARGE


def test_a_repeated_batch_that_went_through_goes_on_blocking(world: World) -> None:
    phone = world.alice.phone()
    assert [pay_many(phone, world, key="b").status_code for _ in range(2)] == [201, 201]
    assert refusal(pay_one(phone, world)) == (429, "rate_limited")


@pytest.mark.parametrize("count", [2, A_MINUTE, LARGE])
def test_a_batch_refused_by_the_books_blocks_nobody(world: World, count: int) -> None:
    phone = world.alice.phone()
    for _ in range(2):
        assert refusal(pay_many(phone, world, amount=OPENING_BALANCE, count=count)) == (
            409,
            "insufficient_funds",
        )
    assert pay_many(phone, world).status_code == 201


NOTHING_DECIDED = [
    Unavailable("busy", "Try again.", retry_after=2),
    Conflict("in_flight", "Ask again.", retry_after=2),
]


@pytest.mark.parametrize("answer", NOTHING_DECIDED, ids=lambda answer: answer.code)
def test_a_batch_about_which_nothing_was_decided_blocks_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: DomainError
) -> None:
    phone = world.alice.phone()
    with monkeypatch.context() as patched:
        patched.setattr(transfers, "transfer_batch", raising(answer))
        assert refusal(pay_many(phone, world, key="b"))[1] == answer.code
    assert pay_many(phone, world, key="b").status_code == 201


@pytest.mark.parametrize("answer", NOTHING_DECIDED, ids=lambda answer: answer.code)
def test_payments_about_which_nothing_was_decided_do_not_use_up_the_minute(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: DomainError
) -> None:
    phone = world.alice.phone()
    with monkeypatch.context() as patched:
        patched.setattr(transfers, "transfer", raising(answer))
        codes = {refusal(pay_one(phone, world))[1] for _ in range(A_MINUTE + 1)}
    assert codes == {answer.code}
    assert pay_one(phone, world).status_code == 201


def test_single_payments_that_the_books_refuse_do_use_it_up(world: World) -> None:
    phone = world.alice.phone()
    refusals = [refusal(pay_one(phone, world, amount=OPENING_BALANCE + 1)) for _ in range(A_MINUTE + 1)]
    assert refusals == [(409, "insufficient_funds")] * A_MINUTE + [(429, "rate_limited")]


def test_only_so_many_batches_are_tried_in_vain(world: World) -> None:
    phone = world.alice.phone()
    tries = [
        refusal(pay_many(phone, world, amount=OPENING_BALANCE)) for _ in range(RATES["in_vain"].count + 1)
    ]
    assert tries == [(409, "insufficient_funds")] * RATES["in_vain"].count + [(429, "rate_limited")]
    assert pay_one(phone, world).status_code == 201


def test_a_key_that_was_answered_opens_no_way_around_the_minute(world: World) -> None:
    phone = world.alice.phone()
    assert pay(phone, key="k", to_account=world.bob.number, amount=1).status_code == 201
    for _ in range(A_MINUTE - 1):
        assert pay_one(phone, world).status_code == 201
    reused = [refusal(pay(phone, key="k", to_account=world.bob.number, amount=2)) for _ in range(30)]
    assert reused == [(422, "key_reused")] * RATES["in_vain"].count + [(429, "rate_limited")] * (
        30 - RATES["in_vain"].count
    )


def raising(answer: DomainError) -> Any:
    """A service that is always answered so."""

    def service(**_asked: object) -> None:
        raise answer

    return service

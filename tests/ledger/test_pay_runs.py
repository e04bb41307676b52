"""Pay runs: whoever repeats one pays nobody twice, and one that was refused can go on."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import Invalid
from ledger.services.gm import PayLine, PayRun, adjust, pay_run
from ledger.services.transfers import Payment, transfer, transfer_batch
from tests.cast import OPENING_BALANCE, World

WAGE = 20_00


def wages(world: World, *, amount: int = WAGE) -> list[PayLine]:
    """One line each for Bob and Alice."""
    return [PayLine(world.bob.number, amount), PayLine(world.alice.number, amount)]


def run_of(world: World, lines: list[PayLine], **more: Any) -> PayRun:
    """The run "friday", newly issued by the game master, unless it is said otherwise."""
    chosen: dict[str, Any] = {"actor": world.gm.actor, "run": "friday", "reason": "wages"} | more
    return pay_run(lines=lines, **chosen)


def balances(world: World) -> tuple[int, int]:
    return world.alice.balance(), world.bob.balance()


def test_a_refused_run_goes_on_once_there_is_money_and_pays_nobody_twice(world: World) -> None:
    carol = world.arcadia.person("Carol")
    lines = [PayLine(world.bob.number, 80_00), PayLine(carol.number, 80_00)]
    refused = run_of(world, lines, from_account=world.alice.number)
    assert refused.refused is not None
    assert (refused.refused.code, refused.refused_line, refused.paid) == ("insufficient_funds", 1, 0)
    assert (*balances(world), carol.balance()) == (OPENING_BALANCE, 0, 0)
    adjust(actor=world.gm.actor, account=world.alice.number, amount=60_00, reason="the safe was found")
    assert run_of(world, lines, from_account=world.alice.number) == PayRun(2, 0, 160_00)
    assert run_of(world, lines, from_account=world.alice.number) == PayRun(0, 2, 160_00)
    assert (*balances(world), carol.balance()) == (0, 80_00, 80_00)


def test_a_run_repeated_by_somebody_else_pays_nobody_twice(world: World) -> None:
    assert run_of(world, wages(world)) == PayRun(2, 0, 2 * WAGE)
    assert run_of(world, wages(world), actor=world.arcadia.server) == PayRun(0, 2, 2 * WAGE)
    assert balances(world) == (OPENING_BALANCE + WAGE, WAGE)


@pytest.mark.parametrize("change", ["people", "order", "amounts", "payer", "more people"])
def test_another_run_under_the_same_name_is_refused_and_moves_nothing(world: World, change: str) -> None:
    carol = world.arcadia.person("Carol", money=100_00)
    run_of(world, wages(world))
    bob, alice = wages(world)
    lines = {
        "people": [bob, PayLine(carol.number, WAGE)],
        "order": [alice, bob],
        "amounts": wages(world, amount=WAGE + 1),
        "payer": [bob, alice],
        "more people": [bob, alice, PayLine(carol.number, WAGE)],
    }[change]
    again = run_of(world, lines, from_account=carol.number if change == "payer" else None)
    assert again.refused is not None
    assert (again.refused.code, again.paid, again.paid_before) == ("run_differs", 0, 0)
    assert (*balances(world), carol.balance()) == (OPENING_BALANCE + WAGE, WAGE, 100_00)


def test_the_same_lines_under_another_name_are_another_run(world: World) -> None:
    run_of(world, wages(world))
    assert run_of(world, wages(world), run="saturday").paid == 2
    assert world.bob.balance() == 2 * WAGE


def test_a_run_that_was_refused_in_its_second_thousand_goes_on_there(world: World) -> None:
    lines = [PayLine(world.bob.number, 6)] * 2500
    first = run_of(world, lines, from_account=world.alice.number)
    assert first.refused is not None
    # 1000 lines leave 40.00, which is enough for 666 more; but a chunk is all or nothing.
    assert (first.refused.code, first.refused_line) == ("insufficient_funds", 1666)
    assert (first.paid, first.paid_before, first.total) == (1000, 0, 60_00)
    assert balances(world) == (40_00, 60_00)
    adjust(actor=world.gm.actor, account=world.alice.number, amount=50_00, reason="the safe was found")
    counted: list[int] = []
    second = run_of(world, lines, from_account=world.alice.number, progress=counted.append)
    assert second == PayRun(paid=1500, paid_before=1000, total=150_00)
    assert counted == [1000, 1000, 500]
    assert balances(world) == (0, 150_00)


@pytest.mark.parametrize("reference", ["run:", "run:0123:0", "welcome:01a1fd02"])
def test_nobody_takes_a_reference_of_the_banks_own(world: World, reference: str) -> None:
    payment = Payment(world.bob.number, 1, reference=reference)
    with pytest.raises(Invalid) as alone:
        transfer(actor=world.alice.actor, payment=payment)
    with pytest.raises(Invalid) as among_others:
        transfer_batch(actor=world.alice.actor, payments=[Payment(world.bob.number, 1), payment])
    for caught in (alone, among_others):
        assert (caught.value.code, caught.value.field) == ("invalid_reference", "reference")
    assert balances(world) == (OPENING_BALANCE, 0)

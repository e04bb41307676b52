"""Pay runs: whoever repeats one pays nobody twice, and one that was refused can go on."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts import tenancy
from accounts.errors import Invalid
from ledger import numbers
from ledger.models import Account, Balance
from ledger.services.gm import PayLine, PayRun, adjust, pay_run
from ledger.services.transfers import Payment, transfer, transfer_batch
from tests.cast import OPENING_BALANCE, World, make_world
from tests.sessions import Database

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


@pytest.mark.parametrize("list_again", ["the other way round", "with Carol", "of Carol and Bob"])
def test_a_run_repeated_with_another_list_pays_whoever_is_missing_and_nobody_twice(
    world: World, list_again: str
) -> None:
    carol = world.arcadia.person("Carol")
    run_of(world, wages(world))
    bob, alice = wages(world)
    new = PayLine(carol.number.lower().replace("-", " "), WAGE)
    lines = {
        "the other way round": [alice, bob],
        "with Carol": [new, alice, bob],
        "of Carol and Bob": [bob, new],
    }[list_again]
    paid = int(new in lines)
    assert run_of(world, lines) == PayRun(paid, len(lines) - paid, len(lines) * WAGE)
    assert run_of(world, lines) == PayRun(0, len(lines), len(lines) * WAGE)
    assert (*balances(world), carol.balance()) == (OPENING_BALANCE + WAGE, WAGE, paid * WAGE)


@pytest.mark.parametrize("change", ["an amount", "the payer"])
def test_a_run_repeated_on_other_terms_is_refused_and_moves_nothing(world: World, change: str) -> None:
    carol = world.arcadia.person("Carol", money=100_00)
    run_of(world, wages(world))
    bob, alice = wages(world)
    lines = [PayLine(carol.number, WAGE), alice, PayLine(bob.account, WAGE + (change == "an amount"))]
    again = run_of(world, lines, from_account=world.gm.number if change == "the payer" else None)
    assert again.refused is not None
    assert (again.refused.code, again.paid, again.paid_before) == ("run_differs", 0, 2)
    assert again.refused_line == (2 if change == "an amount" else 1)
    assert "has paid 2 of these 3 accounts" in again.refused.sentence
    assert "A new run would pay those 2 again" in again.refused.sentence
    assert (*balances(world), carol.balance()) == (OPENING_BALANCE + WAGE, WAGE, 100_00)


def test_an_account_stands_in_a_run_once(world: World) -> None:
    lines = [*wages(world), PayLine(world.bob.number.lower(), WAGE)]
    with pytest.raises(Invalid, match=f"{world.bob.number} stands in this run twice") as caught:
        run_of(world, lines)
    assert caught.value.code == "invalid_run"
    assert balances(world) == (OPENING_BALANCE, 0)


def test_an_account_that_cannot_be_paid_is_named_by_its_place_among_all(world: World) -> None:
    run_of(world, wages(world))
    again = run_of(world, [*wages(world), PayLine("NC-0000-0000", WAGE)])
    assert again.refused is not None
    assert (again.refused.code, again.refused_line) == ("unknown_account", 2)
    assert (again.paid, again.paid_before, again.total) == (0, 2, 2 * WAGE)


def test_the_same_lines_under_another_name_are_another_run(world: World) -> None:
    run_of(world, wages(world))
    assert run_of(world, wages(world), run="saturday").paid == 2
    assert world.bob.balance() == 2 * WAGE


def crowd(world: World, count: int) -> list[Account]:
    """Accounts of Bob's, made in one go."""
    bob = world.bob.account
    with tenancy.scope(world.arcadia.tenant):
        made = Account.objects.bulk_create(
            Account(number=numbers.generate(), holder=bob.holder, currency=bob.currency, kind=bob.kind)
            for _ in range(count)
        )
        Balance.objects.bulk_create(Balance(account=account, shard=0) for account in made)
    return made


def test_a_run_that_was_refused_in_its_second_thousand_goes_on_there(world: World) -> None:
    lines = [PayLine(account.number, 6) for account in crowd(world, 2500)]
    first = run_of(world, lines, from_account=world.alice.number)
    assert first.refused is not None
    # 1000 lines leave 40.00, which is enough for 666 more; but a chunk is all or nothing.
    assert (first.refused.code, first.refused_line) == ("insufficient_funds", 1666)
    assert (first.paid, first.paid_before, first.total) == (1000, 0, 60_00)
    assert world.alice.balance() == 40_00
    adjust(actor=world.gm.actor, account=world.alice.number, amount=50_00, reason="the safe was found")
    counted: list[int] = []
    second = run_of(world, lines[::-1], from_account=world.alice.number, progress=counted.append)
    assert second == PayRun(paid=1500, paid_before=1000, total=150_00)
    assert counted == [1000, 1000, 500]
    assert world.alice.balance() == 0


@pytest.mark.postgresql_only
def test_a_longer_run_asks_the_database_no_more_often(world: World) -> None:
    asked = set()
    for name, count in (("few", 4), ("many", 300)):
        lines = [PayLine(account.number, 1) for account in crowd(world, count)]
        run_of(world, lines[::2], run=name)
        with CaptureQueriesContext(connection) as captured:
            assert run_of(world, lines, run=name).paid == count // 2
        asked.add(len(captured))
    assert len(asked) == 1


def test_two_game_masters_who_start_one_run_at_once_pay_nobody_twice(fresh_database: Database) -> None:
    world = make_world()
    accounts = crowd(world, 60)
    lists = [accounts[:40], accounts[:19:-1], accounts]
    start, done, failures = threading.Barrier(len(lists)), list[PayRun](), list[BaseException]()

    def pay(mine: list[Account]) -> None:
        try:
            start.wait()
            done.append(run_of(world, [PayLine(account.number, WAGE) for account in mine]))
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=pay, args=[mine]) for mine in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert [run.refused for run in done] == [None] * len(lists)
    assert sum(run.paid for run in done) == len(accounts)
    with tenancy.scope(world.arcadia.tenant):
        amounts = Balance.objects.filter(account__in=accounts).values_list("amount", flat=True)
        assert set(amounts) == {WAGE}


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

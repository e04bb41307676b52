"""Giving and taking money in the console, and giving transfers back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import tenancy
from accounts.models import AuditEvent
from ledger.models import Transfer
from ledger.services.gm import adjust
from ledger.services.transfers import Payment, transfer
from tests.cast import PASSWORD, World
from tests.console.desk import Desk, fields_of, offered, tags_of, text_of, url_of


def movements(world: World, kind: str) -> list[Transfer]:
    with tenancy.scope(world.arcadia.tenant):
        return list(Transfer.objects.filter(kind=kind).order_by("id"))


# -- Adjusting ---------------------------------------------------------------------------------------------------------


def test_money_is_given_after_it_was_stated(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "adjust")
    statement = gm.state(path, direction="give", amount="12.50", reason="won the race")
    said = text_of(statement)
    assert f"₵12.50 of new money go to Alice ({world.alice.number})." in said
    assert "Balance ₵100.00 → ₵112.50" in said
    assert "won the race" in said
    assert world.alice.balance() == 100_00
    assert "was given ₵12.50 and has ₵112.50 now" in gm.notice(gm.confirm(path, statement))
    assert world.alice.balance() == 112_50
    posted = movements(world, "admin")[-1]
    assert (posted.memo, posted.actor_id, posted.amount) == ("won the race", world.gm.user.pk, 12_50)


def test_money_is_taken(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "adjust")
    answer = gm.confirm(path, gm.state(path, direction="take", amount="40", reason="a fine"))
    assert "₵60.00 are left" in gm.notice(answer)
    assert world.alice.balance() == 60_00


def test_the_same_statement_confirmed_twice_pays_once(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "adjust")
    statement = gm.state(path, direction="give", amount="5", reason="a tip")
    gm.confirm(path, statement)
    assert "was not done again" in gm.notice(gm.confirm(path, statement))
    assert world.alice.balance() == 105_00


def test_a_key_that_was_used_for_another_amount_is_refused(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "adjust")
    statement = gm.state(path, direction="give", amount="5", reason="a tip")
    gm.confirm(path, statement)
    answer = gm.confirm(path, statement, amount="500")
    assert answer.status_code == 422
    assert world.alice.balance() == 105_00


@pytest.mark.parametrize("missing", ["direction", "amount", "reason"])
def test_nothing_is_taken_for_granted(world: World, gm: Desk, missing: str) -> None:
    path = url_of(world.alice.account, "adjust")
    typed = {"direction": "give", "amount": "5", "reason": "a tip"} | {missing: ""}
    answer = gm.post(path, typed)
    assert answer.status_code == 422
    assert "confirmed" not in answer.content.decode()


def test_without_its_key_a_form_does_nothing(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "adjust")
    statement = gm.state(path, direction="give", amount="5", reason="a tip")
    answer = gm.confirm(path, statement, key="")
    assert answer.status_code == 400
    assert world.alice.balance() == 100_00


def test_more_than_there_is_is_refused_and_what_there_is_is_offered(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "adjust")
    statement = gm.state(path, direction="take", amount="250", reason="a fine")
    assert "There is only ₵100.00 to take" in text_of(statement)
    refused = gm.confirm(path, statement)
    assert refused.status_code == 409
    assert "Take the ₵100.00 that are there" in text_of(refused)
    assert world.alice.balance() == 100_00
    offered = gm.state(path, direction="take", amount="100.00", reason="a fine")
    assert fields_of(refused)["key"] != fields_of(statement)["key"], "a stored refusal is final for its key"
    gm.notice(gm.confirm(path, offered))
    assert world.alice.balance() == 0


def test_force_takes_below_zero_and_says_so_first(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "adjust")
    statement = gm.state(path, direction="take", amount="250", reason="a debt", force="on")
    assert "falls below zero: to -₵150.00" in text_of(statement)
    gm.notice(gm.confirm(path, statement))
    assert world.alice.balance() == -150_00


def test_a_frozen_account_can_be_adjusted_and_the_page_says_that_it_is_frozen(world: World, gm: Desk) -> None:
    gm.act(url_of(world.alice.account, "freeze"), how="both", reason="a talk")
    path = url_of(world.alice.account, "adjust")
    statement = gm.state(path, direction="give", amount="1", reason="bread")
    assert "frozen now" in text_of(statement)
    gm.notice(gm.confirm(path, statement))
    assert world.alice.balance() == 101_00


def test_going_back_keeps_what_was_typed(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "adjust")
    statement = gm.state(path, direction="give", amount="5", reason="a tip")
    again = gm.post(path, {**fields_of(statement), "back": "1"})
    values = [attributes.get("value") for tag, attributes in tags_of(again) if tag == "input"]
    assert "5" in values
    assert "a tip" in values


# -- Who is sitting there ----------------------------------------------------------------------------------------------


def test_after_five_minutes_the_password_is_asked_for_again(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "adjust")
    assert "Your password" not in text_of(gm.state(path, direction="give", amount="5", reason="a tip"))
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        statement = gm.state(path, direction="give", amount="5", reason="a tip")
        assert "Your password" in text_of(statement)
        wrong = gm.confirm(path, statement, password="not it")
        assert wrong.status_code == 403
        assert "not your password" in text_of(wrong)
        assert world.alice.balance() == 100_00
        assert fields_of(wrong)["key"] == fields_of(statement)["key"], "a wrong password uses up no key"
        gm.notice(gm.confirm(path, wrong, password=PASSWORD))
        assert world.alice.balance() == 105_00
        fresh = gm.state(path, direction="give", amount="1", reason="one more")
        assert "Your password" not in text_of(fresh)


def test_a_wrong_password_stands_in_the_trail(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "adjust")
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        gm.confirm(path, gm.state(path, direction="give", amount="5", reason="a tip"), password="not it")
    with tenancy.scope(world.arcadia.tenant):
        line = AuditEvent.objects.get(action="password.confirm")
    assert (line.status, line.actor_user_id) == ("wrong_password", world.gm.user.pk)


# -- Refunds -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def payment(world: World) -> Transfer:
    """Alice has paid Bob ₵30.00."""
    paid = transfer(
        actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=30_00, memo="a lamp")
    )
    return paid.transfer


def test_a_transfer_is_given_back_in_part_and_then_the_rest(
    world: World, gm: Desk, payment: Transfer
) -> None:
    assert offered(gm.get(url_of(payment))) == {"refund"}
    path = url_of(payment, "refund")
    statement = gm.state(path, amount="12", reason="a broken lamp")
    said = text_of(statement)
    assert f"Bob ({world.bob.number}) ₵30.00 → ₵18.00" in said
    assert f"Alice ({world.alice.number}) ₵70.00 → ₵82.00" in said
    assert "Can still be given back ₵30.00 → ₵18.00" in said
    assert "₵12.00 went back to Alice" in gm.notice(gm.confirm(path, statement))
    assert fields_of(gm.get(path))["amount"] == "18.00"
    gm.notice(gm.confirm(path, gm.state(path, amount="18", reason="all of it")))
    assert (world.alice.balance(), world.bob.balance()) == (100_00, 0)
    assert [row.memo for row in movements(world, "refund")] == ["a broken lamp", "all of it"]
    assert offered(gm.get(url_of(payment))) == set()


def test_a_refund_confirmed_twice_is_made_once(world: World, gm: Desk, payment: Transfer) -> None:
    path = url_of(payment, "refund")
    statement = gm.state(path, amount="10", reason="a broken lamp")
    gm.confirm(path, statement)
    assert "was not made again" in gm.notice(gm.confirm(path, statement))
    assert len(movements(world, "refund")) == 1


def test_when_the_money_is_gone_the_refusal_offers_what_is_there(
    world: World, gm: Desk, payment: Transfer
) -> None:
    adjust(actor=world.arcadia.server, account=world.bob.number, amount=-25_00, reason="spent")
    path = url_of(payment, "refund")
    statement = gm.state(path, amount="30", reason="a broken lamp")
    assert "only ₵5.00 left" in text_of(statement)
    refused = gm.confirm(path, statement)
    assert refused.status_code == 409
    assert "Give back the ₵5.00 that are there" in text_of(refused)
    gm.notice(gm.confirm(path, gm.state(path, amount="5.00", reason="a broken lamp")))
    assert world.alice.balance() == 75_00


def test_a_refund_needs_a_reason_and_at_most_what_was_paid(world: World, gm: Desk, payment: Transfer) -> None:
    path = url_of(payment, "refund")
    assert gm.post(path, {"amount": "5", "reason": ""}).status_code == 422
    refused = gm.confirm(path, gm.state(path, amount="30.01", reason="more"))
    assert refused.status_code == 409
    assert world.bob.balance() == 30_00

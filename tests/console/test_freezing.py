"""Freezing accounts and factions, and setting limits, in the console."""

from __future__ import annotations

import pytest

from accounts import tenancy
from accounts.errors import Conflict
from accounts.models import AuditEvent, Faction
from ledger.models import Balance
from ledger.services.transfers import Payment, transfer
from tests.cast import Person, World
from tests.console.desk import Desk, offered, text_of, url_of


def balance_row(person: Person) -> Balance:
    with tenancy.scope(person.tenant):
        return Balance.objects.get(account=person.account)


def noted(world: World, action: str) -> list[AuditEvent]:
    with tenancy.scope(world.arcadia.tenant):
        return list(AuditEvent.objects.filter(action=action))


def test_a_game_master_freezes_an_account_and_the_player_cannot_pay(world: World, gm: Desk) -> None:
    answer = gm.act(url_of(world.alice.account, "freeze"), how="debits", reason="cheating at dice")
    assert "is frozen: nothing goes out" in gm.notice(answer)
    with pytest.raises(Conflict, match="frozen"):
        transfer(actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=1))
    [line] = noted(world, "account.freeze")
    assert line.actor_user_id == world.gm.user.pk
    assert line.metadata == {"how": "debits", "reason": "cheating at dice"}


def test_the_page_says_who_and_how_much_before_anything_is_frozen(world: World, gm: Desk) -> None:
    page = text_of(gm.get(url_of(world.alice.account, "freeze")))
    assert f"Alice ({world.alice.number}) holds ₵100.00" in page
    assert "Alice is told." in page
    assert balance_row(world.alice).status == "active"


def test_a_freeze_needs_a_reason(world: World, gm: Desk) -> None:
    answer = gm.act(url_of(world.alice.account, "freeze"), how="both", reason="   ")
    assert answer.status_code == 422
    assert "This field is required" in text_of(answer)
    assert balance_row(world.alice).status == "active"


def test_a_freeze_sent_twice_is_one_freeze(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "freeze")
    form = {"how": "both", "reason": "twice", "confirmed": "1", "key": "0" * 36}
    gm.post(path, form)
    assert "Nothing was done" in gm.notice(gm.post(path, form))
    assert len(noted(world, "account.freeze")) == 1


def test_an_account_goes_on_after_unfreezing(world: World, gm: Desk) -> None:
    gm.act(url_of(world.alice.account, "freeze"), how="both", reason="a talk")
    answer = gm.act(url_of(world.alice.account, "unfreeze"), reason="talked")
    assert "active again" in gm.notice(answer)
    transfer(actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=1))
    assert [line.metadata["reason"] for line in noted(world, "account.unfreeze")] == ["talked"]


def test_a_frozen_account_offers_unfreezing_and_says_so_in_capitals(world: World, gm: Desk) -> None:
    page = url_of(world.alice.account)
    assert offered(gm.get(page)) == {"freeze", "adjust", "limits", "issue-key"}
    gm.act(url_of(world.alice.account, "freeze"), how="both", reason="a talk")
    shown = text_of(gm.get(page))
    assert "FROZEN: nothing moves" in shown
    assert offered(gm.get(page)) == {"unfreeze", "adjust", "limits", "issue-key"}


def test_a_whole_faction_is_frozen_and_freed(world: World, gm: Desk) -> None:
    with tenancy.scope(world.arcadia.tenant):
        faction = Faction.objects.get(name="Chrome Syndicate")
    asked = text_of(gm.get(url_of(faction, "freeze")))
    assert "It concerns 2 accounts" in asked
    assert "Together they hold ₵100.00" in asked
    assert "2 accounts" in gm.notice(gm.act(url_of(faction, "freeze"), how="both", reason="a raid"))
    assert balance_row(world.alice).status == "frozen"
    assert balance_row(world.bob).status == "active"
    assert "Nothing was done" in gm.notice(gm.act(url_of(faction, "freeze"), how="both", reason="a raid"))
    gm.act(url_of(faction, "unfreeze"), reason="over")
    assert balance_row(world.alice).status == "active"
    assert len(noted(world, "faction.freeze")) == len(noted(world, "faction.unfreeze")) == 1


def test_limits_are_stated_before_and_after_and_then_bind(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "limits")
    statement = gm.state(path, per_payment="5", per_day="12,50")
    said = text_of(statement)
    assert "At most at once no limit → ₵5.00" in said
    assert "At most a day no limit → ₵12.50" in said
    gm.notice(gm.confirm(path, statement))
    with pytest.raises(Conflict, match="at most"):
        transfer(actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=501))
    [line] = noted(world, "account.limits")
    assert (line.metadata["per_payment"], line.metadata["per_day"]) == (500, 1250)
    shown = text_of(gm.get(url_of(world.alice.account)))
    assert "per payment: ₵5.00" in shown
    assert "per day: ₵12.50" in shown


def test_a_limit_taken_away_is_gone(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "limits")
    gm.confirm(path, gm.state(path, per_payment="5", per_day=""))
    assert balance_row(world.alice).limit_per_payment == 500
    gm.confirm(path, gm.state(path, per_payment="", per_day=""))
    assert balance_row(world.alice).limit_per_payment is None

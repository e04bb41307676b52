"""Making tills and hiring staff in the console."""

from __future__ import annotations

from accounts import tenancy
from accounts.models import AuditEvent, Notification
from ledger import selectors
from ledger.models import Account
from ledger.services import requests
from tests.cast import World
from tests.console.desk import Desk, offered, text_of, url_of


def staff(world: World) -> list[str]:
    with tenancy.scope(world.arcadia.tenant):
        return [user.character_name for user in selectors.staff_of(world.bob.account)]


def test_a_game_master_makes_a_till_and_ends_it(world: World, gm: Desk) -> None:
    page = url_of(world.bob.account)
    assert "Bob" in text_of(gm.get(url_of(world.bob.account, "merchant")))
    assert "is a till now" in gm.notice(gm.act(url_of(world.bob.account, "merchant"), reason="the bar"))
    made = requests.ask(actor=world.bob.actor, amount=100).request
    assert "no-merchant" in offered(gm.get(page))
    assert "yes: it charges" in text_of(gm.get(page))
    assert "Nothing was done" in gm.notice(gm.act(url_of(world.bob.account, "merchant"), reason="again"))
    assert "no till any more" in gm.notice(gm.act(url_of(world.bob.account, "no-merchant"), reason="shut"))
    with tenancy.scope(world.arcadia.tenant):
        assert not Account.objects.get(pk=world.bob.account.pk).is_merchant
        lines = AuditEvent.objects.filter(action="account.merchant").order_by("id")
        assert [line.metadata["merchant"] for line in lines] == [True, False]
    requests.pay(actor=world.alice.actor, request=made.code)


def test_staff_is_hired_told_and_dismissed(world: World, gm: Desk) -> None:
    gm.act(url_of(world.bob.account, "merchant"), reason="the bar")
    path = url_of(world.bob.account, "hire")
    statement = gm.state(path, person="alice")
    assert "Alice can also pay from it" in text_of(statement)
    assert "works with the account" in gm.notice(gm.confirm(path, statement))
    assert staff(world) == ["Alice"]
    assert "Nothing was done" in gm.notice(gm.post(path, {"person": "Alice"}))
    with tenancy.scope(world.arcadia.tenant):
        assert Notification.objects.filter(user=world.alice.user, kind="account.staff").count() == 1
    assert requests.ask(actor=world.alice.actor, amount=100).request.account_id == world.bob.account.pk
    assert "Alice" in text_of(gm.get(url_of(world.bob.account)))

    path = url_of(world.bob.account, "dismiss")
    statement = gm.state(path, person=str(world.alice.user.pk))
    assert "neither charge for nor pay from" in text_of(statement)
    gm.notice(gm.confirm(path, statement))
    assert staff(world) == []
    assert "dismiss" not in offered(gm.get(url_of(world.bob.account)))


def test_nobody_is_hired_who_is_not_there_or_holds_the_account(world: World, gm: Desk) -> None:
    path = url_of(world.bob.account, "hire")
    for name in ("Nobody", "Charlie"):
        answer = gm.post(path, {"person": name})
        assert answer.status_code == 422
        assert "nobody of that name" in text_of(answer)
    statement = gm.state(path, person="Bob")
    answer = gm.confirm(path, statement)
    assert answer.status_code == 409
    assert "holds this account already" in text_of(answer)


def test_the_banks_own_accounts_are_no_tills(world: World, gm: Desk) -> None:
    with tenancy.scope(world.arcadia.tenant):
        mint = Account.objects.get(number="NC-MINT-0000")
    assert gm.act(url_of(mint, "merchant"), reason="x").status_code == 409

"""The activity trail over HTTP: what people did, in the words of every floor."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.services import accounts as account_services
from tests.cast import Person, World
from tests.ledger.asking import pay, refusal
from tests.ledger.test_api_history import pages


def trail(person: Person, **query: Any) -> list[dict[str, Any]]:
    return [line for page in pages(person.phone(), "audit", **query) for line in page]


def actions(lines: list[dict[str, Any]]) -> list[str]:
    return [line["action"] for line in lines]


@pytest.fixture
def eventful(world: World) -> World:
    """Alice pays twice, Bob gives one back, a game master freezes Bob, a till tries to take."""
    paid = pay(world.alice.phone(), to_account=world.bob.number, amount=100, memo="Hat").json()["transfer"][
        "id"
    ]
    pay(world.alice.phone(), to_account=world.bob.number, amount=200)
    pay(world.bob.phone(), f"transfers/{paid}/refund")
    account_services.freeze(actor=world.gm.actor, account=world.bob.number, reason="drunk")
    taking = {"from_account": world.alice.number, "to_account": world.bob.number, "amount": 1}
    pay(world.till.device(), "external/transactions", key=None, **taking)
    return world


def test_people_see_what_they_did_and_what_others_did_to_what_is_theirs(eventful: World) -> None:
    lines = [line for line in trail(eventful.alice) if not line["action"].startswith("session.")]
    mine = [line for line in lines if line["actor_name"] == "Alice"]
    assert actions(mine) == ["transfer.transfer", "transfer.transfer"]
    assert [line["target"] for line in lines if line["action"] == "terminal.debit"] == [
        f"ledger.account:{eventful.alice.number}"
    ]
    assert "account.freeze" not in actions(lines)
    bobs = actions(trail(eventful.bob))
    assert {"transfer.refund", "account.freeze"} <= set(bobs)
    assert "terminal.debit" not in bobs


def test_a_transfer_is_a_line_with_its_amount(eventful: World) -> None:
    line = trail(eventful.alice, action="transfer.transfer")[-1]
    assert line["target"] == f"ledger.account:{eventful.bob.number}"
    assert line["status"] == "ok"
    assert line["actor_id"] == str(eventful.alice.user.pk)
    assert line["details"] == {
        "from_account": eventful.alice.number,
        "to_account": eventful.bob.number,
        "amount": 100,
        "amount_display": "₵1.00",
        "currency": "NC",
        "memo": "Hat",
    }


def test_game_masters_see_everything_of_their_event(eventful: World) -> None:
    seen = actions(trail(eventful.gm, limit=7))
    assert {
        "transfer.transfer",
        "transfer.refund",
        "transfer.admin",
        "account.freeze",
        "terminal.debit",
    } <= set(seen)
    assert seen.count("transfer.transfer") == 2
    text = str(trail(eventful.gm))
    assert eventful.charlie.number not in text
    assert "Charlie" not in text


def test_newest_first_and_every_line_once_however_it_is_paged(eventful: World) -> None:
    phone = eventful.gm.phone()
    whole = phone.get("audit", limit=100).json()["results"]
    assert len({line["id"] for line in whole}) == len(whole) > 10
    moments = [line["created_at"] for line in whole]
    assert moments == sorted(moments, reverse=True)
    for limit in (1, 3, 10):
        assert [line for page in pages(phone, "audit", limit=limit) for line in page] == whole


def test_filters_of_game_masters(eventful: World) -> None:
    gm, bob = eventful.gm, eventful.bob
    assert {line["actor_name"] for line in trail(gm, actor="bob")} == {"Bob"}
    assert trail(gm, actor=str(bob.user.pk)) == trail(gm, actor="Bob")
    assert actions(trail(gm, actor=str(eventful.till.key.pk))) == ["terminal.debit"]
    assert actions(trail(gm, action="account.freeze")) == ["account.freeze"]
    assert actions(trail(gm, status="scope_missing")) == ["terminal.debit"]
    about_bob = actions(trail(gm, target=f"ledger.account:{bob.number}"))
    assert sorted(about_bob) == sorted(
        ["account.open", "account.freeze", "transfer.transfer", "transfer.transfer", "transfer.refund"]
    )
    [frozen] = trail(gm, action="account.freeze")
    assert trail(gm, created_at__gte=frozen["created_at"], created_at__lte=frozen["created_at"]) == [frozen]
    assert trail(gm, created_at__lte="2000-01-01T00:00:00Z") == []


def test_others_cannot_ask_for_somebody_else(eventful: World) -> None:
    assert refusal(eventful.alice.phone().get("audit", actor="Bob")) == (403, "not_allowed")
    assert refusal(eventful.gm.phone().get("audit", actor="Charlie")) == (404, "unknown_person")
    assert trail(eventful.gm, actor=str(eventful.charlie.user.pk)) == []


def test_a_target_shows_people_their_own_lines_about_it_only(eventful: World) -> None:
    about_bob = trail(eventful.alice, target=f"ledger.account:{eventful.bob.number}")
    assert actions(about_bob) == ["transfer.transfer"] * 2

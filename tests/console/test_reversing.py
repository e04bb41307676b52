"""Reversing everything since a moment, in the console: what the page states, and that exactly this is done."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from accounts import tenancy
from accounts.actors import Actor
from accounts.models import AuditEvent
from ledger.models import Transfer
from ledger.services.accounts import freeze
from ledger.services.gm import adjust
from ledger.services.transfers import Payment, refund, terminal_payment, transfer
from tests.cast import PASSWORD, Person, Till, World
from tests.console.desk import Desk, fields_of, offered, tags_of, text_of, url_of

LAST_HOUR = {"when": "60", "exact": "", "until": "", "reason": "stolen phone"}


def pay(payer: Person, payee: Person, amount: int, memo: str = "") -> None:
    transfer(actor=payer.actor, payment=Payment(to_account=payee.number, amount=amount, memo=memo))


def noted(world: World, action: str) -> list[AuditEvent]:
    with tenancy.scope(world.arcadia.tenant):
        return list(AuditEvent.objects.filter(action=action).order_by("id"))


@pytest.fixture
def theft(world: World) -> str:
    """Alice's phone was stolen: ₵30.00 and ₵20.00 went to Bob, of which ₵5.00 came back and ₵10.00 are spent."""
    pay(world.alice, world.bob, 30_00, "for the gun")
    paid = transfer(actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=20_00))
    refund(actor=world.bob.actor, transfer_id=paid.transfer.pk, amount=5_00)
    adjust(actor=world.arcadia.server, account=world.bob.number, amount=-10_00, reason="spent")
    return url_of(world.alice.account, "reverse")


# -- The story ---------------------------------------------------------------------------------------------------------


def test_the_effect_is_stated_line_by_line_and_then_done(world: World, gm: Desk, theft: str) -> None:
    assert "reverse" in offered(gm.get(url_of(world.alice.account)))
    statement = gm.state(theft, **LAST_HOUR)
    said = text_of(statement)
    assert "Alice sent ₵50.00 since" in said
    assert "in 2 movements." in said
    assert "Of that ₵5.00 were given back before." in said
    assert "₵35.00 can be taken back; ₵10.00 cannot, and the lines below say why." in said
    assert f"It goes back to Alice ({world.alice.number})." in said
    assert f"Alice ({world.alice.number}) ₵55.00 → ₵90.00" in said
    assert "for the gun – ₵20.00 The receiver has no more than that now." in said
    assert "₵5.00 ₵15.00 The rest was given back before." in said
    assert "is not frozen. If anything is sent before you confirm" in said
    assert "Confirm: take back ₵35.00" in said
    assert (world.alice.balance(), world.bob.balance()) == (55_00, 35_00)

    assert "₵35.00 were taken back, of 2 movements." in gm.notice(gm.confirm(theft, statement))
    assert (world.alice.balance(), world.bob.balance()) == (90_00, 0)
    [line] = noted(world, "account.reverse")
    assert (line.actor_user_id, line.metadata["reason"]) == (world.gm.user.pk, "stolen phone")
    trail = text_of(gm.get(url_of(world.alice.account)))
    assert "total: ₵35.00" in trail


def test_the_same_statement_confirmed_twice_is_done_once(world: World, gm: Desk, theft: str) -> None:
    statement = gm.state(theft, **LAST_HOUR)
    gm.confirm(theft, statement)
    assert "was not done again: ₵35.00 were taken back" in gm.notice(gm.confirm(theft, statement))
    assert world.alice.balance() == 90_00


def test_when_the_world_has_moved_the_new_preview_is_shown_and_can_be_confirmed(
    world: World, gm: Desk, theft: str
) -> None:
    statement = gm.state(theft, **LAST_HOUR)
    pay(world.bob, world.arcadia.person("Carol"), 25_00)
    answer = gm.confirm(theft, statement)
    assert answer.status_code == 409
    said = text_of(answer)
    assert "Something has moved since this was shown, so nothing was done." in said
    assert "₵10.00 can be taken back; ₵35.00 cannot" in said
    assert fields_of(answer)["key"] != fields_of(statement)["key"]
    assert world.alice.balance() == 55_00
    assert "₵10.00 were taken back" in gm.notice(gm.confirm(theft, answer))
    assert world.alice.balance() == 65_00


def test_the_moment_stands_still_while_the_page_is_read(world: World, gm: Desk) -> None:
    pay(world.alice, world.bob, 30_00)
    path = url_of(world.alice.account, "reverse")
    with time_machine.travel(timezone.now() + timedelta(minutes=14)):
        statement = gm.state(path, **(LAST_HOUR | {"when": "15"}))
        assert "Confirm: take back ₵30.00" in text_of(statement)
    with time_machine.travel(timezone.now() + timedelta(minutes=17)):
        gm.notice(gm.confirm(path, statement, password=PASSWORD))
    assert world.alice.balance() == 100_00


def test_a_frozen_receiver_is_said_to_be_no_obstacle(world: World, gm: Desk) -> None:
    pay(world.alice, world.bob, 30_00)
    freeze(actor=world.arcadia.server, account=world.bob.number)
    freeze(actor=world.arcadia.server, account=world.alice.number)
    path = url_of(world.alice.account, "reverse")
    statement = gm.state(path, **LAST_HOUR)
    assert "The receiver is frozen; that does not stop you." in text_of(statement)
    assert "Careful" not in text_of(statement)
    gm.notice(gm.confirm(path, statement))
    assert world.bob.balance() == 0


def test_where_nothing_can_be_taken_back_there_is_nothing_to_confirm(world: World, gm: Desk) -> None:
    path = url_of(world.alice.account, "reverse")
    assert "there is nothing to take back" in text_of(gm.state(path, **LAST_HOUR))
    pay(world.alice, world.bob, 30_00)
    adjust(actor=world.arcadia.server, account=world.bob.number, amount=-30_00, reason="spent")
    statement = gm.state(path, **LAST_HOUR)
    said = text_of(statement)
    assert "Nothing of it can be taken back; the lines below say why." in said
    assert "The receiver has nothing left." in said
    names = [attributes.get("name") for tag, attributes in tags_of(statement) if tag == "button"]
    assert "confirmed" not in names
    refused = gm.confirm(path, statement)
    assert refused.status_code == 409
    assert "Nothing was done" in text_of(refused)


# -- When --------------------------------------------------------------------------------------------------------------


def test_an_exact_time_and_an_end_are_on_the_events_own_clock(world: World, gm: Desk) -> None:
    for amount in (1_00, 2_00, 4_00):
        pay(world.alice, world.bob, amount)
    # The database has its own clock, so the moments are those of the payments.
    with tenancy.scope(world.arcadia.tenant):
        moments = (
            Transfer.objects.filter(kind="transfer").order_by("posted_at").values_list("posted_at", flat=True)
        )
        _first, second, _third = (moment.astimezone(ZoneInfo("Europe/Berlin")) for moment in moments)
    path = url_of(world.alice.account, "reverse")
    typed = {"exact": f"{second:%Y-%m-%dT%H:%M:%S.%f}"}
    assert "Confirm: take back ₵6.00" in text_of(gm.state(path, **(LAST_HOUR | typed)))
    typed["until"] = typed["exact"]
    statement = gm.state(path, **(LAST_HOUR | typed))
    assert "Confirm: take back ₵2.00" in text_of(statement)
    assert f"Only what was sent until {second:%a} {second.day}" in text_of(statement)
    gm.notice(gm.confirm(path, statement))
    assert world.alice.balance() == 95_00


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"when": ""}, "This field is required"),
        ({"when": "7"}, "Select a valid choice"),
        ({"reason": " "}, "This field is required"),
        ({"exact": "2026-02-30T10:00"}, "Enter a valid date/time"),
        ({"exact": "2999-01-01T10:00"}, "still to come"),
        ({"exact": "0001-01-01T00:00"}, "Check the year"),
        ({"until": "0001-01-01T00:00"}, "The end is before the beginning"),
        ({"until": "2020-01-01T10:00"}, "The end is before the beginning"),
    ],
)
def test_what_is_typed_wrongly_is_said_and_nothing_is_lost(
    world: World, gm: Desk, theft: str, typed: dict[str, str], sentence: str
) -> None:
    answer = gm.post(theft, LAST_HOUR | typed)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert world.alice.balance() == 55_00


def test_going_back_one_chooses_anew(world: World, gm: Desk, theft: str) -> None:
    statement = gm.state(theft, **LAST_HOUR)
    again = gm.post(theft, {**fields_of(statement), "back": "1"})
    kept = fields_of(again)
    assert (kept["reason"], kept["fixed"], kept["digest"]) == ("stolen phone", "", "")
    chosen = [attributes["value"] for _tag, attributes in tags_of(again) if "checked" in attributes]
    assert chosen == ["60"]


def test_without_a_preview_nothing_is_done(world: World, gm: Desk, theft: str) -> None:
    for forged in (
        {},
        {"fixed": "yesterday"},
        {"fixed": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T23:59"},
        {"fixed": "2026-13-01T00:00:00Z", "digest": "0" * 64},
    ):
        answer = gm.act(theft, **(LAST_HOUR | forged))
        assert answer.status_code == 409
        assert "Confirm: take back ₵35.00" in text_of(answer)
    assert world.alice.balance() == 55_00


def test_another_reason_under_the_same_key_is_refused(world: World, gm: Desk, theft: str) -> None:
    statement = gm.state(theft, **LAST_HOUR)
    gm.confirm(theft, statement)
    assert gm.confirm(theft, statement, reason="another").status_code == 422


# -- People and keys ---------------------------------------------------------------------------------------------------


def test_from_the_page_of_a_person(world: World, gm: Desk, theft: str) -> None:
    path = url_of(world.alice.user, "reverse")
    assert "reverse" in offered(gm.get(url_of(world.alice.user)))
    statement = gm.state(path, **LAST_HOUR)
    assert "Alice sent ₵50.00 since" in text_of(statement)
    assert "₵35.00 were taken back" in gm.notice(gm.confirm(path, statement))
    [line] = noted(world, "user.reverse")
    assert line.target == f"accounts.user:{world.alice.user.pk}"
    assert "total: ₵35.00" in text_of(gm.get(url_of(world.alice.user)))


@pytest.fixture
def till(world: World) -> Till:
    """Bob's till took ₵12.00 from Alice and ₵8.00 from Carol."""
    till = world.arcadia.till(world.bob, name="Greedy till", scopes=("credit", "debit:any"))
    device = Actor(tenant=world.arcadia.tenant, key=till.key)
    for payer, amount in ((world.alice, 12_00), (world.arcadia.person("Carol", money=8_00), 8_00)):
        terminal_payment(actor=device, from_account=payer.number, to_account=world.bob.number, amount=amount)
    return till


def test_revoking_a_key_offers_to_give_back_what_it_took(world: World, gm: Desk, till: Till) -> None:
    key = till.key
    path = url_of(key, "reverse")
    assert "This key still works." in text_of(gm.state(path, **LAST_HOUR))
    answer = gm.get(gm.act(url_of(key, "revoke"), reason="stolen")["Location"])
    links = [str(attributes.get("href")) for tag, attributes in tags_of(answer) if tag == "a"]
    assert "Give back what it took since …" in text_of(answer)
    assert links.count(path) == 2, "in the message and among the buttons"
    statement = gm.state(path, **LAST_HOUR)
    said = text_of(statement)
    assert "Greedy till took ₵20.00 since" in said
    assert "It goes back to the 2 accounts that it was taken from." in said
    assert f"Bob ({world.bob.number}) ₵20.00 → ₵0.00" in said
    assert "still works" not in said
    assert "₵20.00 were taken back, of 2 movements." in gm.notice(gm.confirm(path, statement))
    assert (world.alice.balance(), world.bob.balance()) == (100_00, 0)
    [line] = noted(world, "key.reverse")
    assert line.target == f"accounts.key:{key.prefix}"


def test_what_was_all_given_back_is_said_to_be(world: World, gm: Desk) -> None:
    pay(world.alice, world.bob, 30_00)
    path = url_of(world.alice.account, "reverse")
    gm.confirm(path, gm.state(path, **LAST_HOUR))
    said = text_of(gm.state(path, **LAST_HOUR))
    assert "Of that ₵30.00 were given back before. Nothing is left to take back." in said
    assert "Careful" not in said


def test_a_key_that_took_nothing_offers_nothing_when_it_is_revoked(world: World, gm: Desk) -> None:
    assert "Give back" not in gm.notice(gm.act(url_of(world.till.key, "revoke"), reason="lost"))


def test_both_sides_read_of_it_on_their_phones(world: World, gm: Desk, theft: str) -> None:
    gm.confirm(theft, gm.state(theft, **LAST_HOUR))
    for person, told in (
        (world.alice, "The game masters gave you ₵35.00 back that Alice had sent."),
        (world.bob, "The game masters took ₵35.00 back that Alice had sent you."),
    ):
        desk = Desk(world.arcadia.host, person)
        assert told in text_of(desk.get("/bank"))
        assert "stolen phone" in text_of(desk.get("/bank/history"))

"""Paying many people as a game master clicks it: the dry run, the confirmation, the result, and everything sent twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import tenancy
from accounts.models import AuditEvent
from ledger.services import gm as paying
from ledger.services.accounts import freeze
from tests.cast import OPENING_BALANCE, World
from tests.console.desk import Desk, fields_of, tags_of, text_of, url_of

LIST = "Bob;12.50;courier\nAlice;7.50;\nNobody;1;\n"


@pytest.fixture
def page(world: World) -> str:
    return url_of(world.arcadia.tenant, "pay")


def look(gm: Desk, page: str, text: str = LIST, **typed: Any) -> Any:
    """The page that says who would get what."""
    answer = gm.post(page, {**fields_of(gm.get(page)), "pasted": text, "reason": "Wages", **typed})
    assert answer.status_code == 200, text_of(answer)
    return answer


def can_confirm(answer: Any) -> bool:
    return any(tag == "button" and found.get("name") == "confirmed" for tag, found in tags_of(answer))


def test_from_a_list_to_the_payments(world: World, gm: Desk, page: str) -> None:
    statement = look(gm, page)
    shown = text_of(statement)
    for said in (
        "2 accounts are paid ₵20.00 in total.",
        "The money is newly issued.",
        "1 line is wrong and is left out.",
        "Nobody is called so",
        "Confirm: pay 2 people ₵20.00",
    ):
        assert said in shown
    assert world.bob.balance() == 0
    answer = gm.confirm(page, statement)
    assert answer.status_code == 303
    result = text_of(gm.get(answer["Location"]))
    assert "2 people were paid ₵20.00 in total." in result
    assert "Only what was paid in the run “wages”." in result
    assert "courier" in result
    assert "opening balance" not in result
    assert (world.bob.balance(), world.alice.balance()) == (12_50, OPENING_BALANCE + 7_50)
    with tenancy.scope(world.arcadia.tenant):
        [line] = AuditEvent.objects.filter(action="payroll.pay")
        assert (line.metadata["lines"], line.metadata["total"]) == (2, 20_00)
    assert "Salaries: ₵20.00" in text_of(gm.get("/admin/"))


def test_sent_twice_and_uploaded_again_nobody_is_paid_twice(world: World, gm: Desk, page: str) -> None:
    statement = look(gm, page)
    gm.confirm(page, statement)
    assert "before. Nothing was done." in gm.notice(gm.confirm(page, statement))
    file = SimpleUploadedFile("list.csv", b"who;amount\nBob;12.50\nAlice;7.50\n")
    again = look(gm, page, "", file=file)
    assert "everybody who can be was paid before" in text_of(again)
    assert not can_confirm(again)
    second = look(gm, page, again="on")
    for _time in range(2):
        gm.confirm(page, second)
    assert world.bob.balance() == 25_00


def test_whoever_goes_back_mends_the_list_on_the_spot(world: World, gm: Desk, page: str) -> None:
    statement = look(gm, page)
    form = gm.post(page, {**fields_of(statement), "back": "1"})
    assert "Nobody;1;" in form.content.decode()
    mended = gm.post(page, {**fields_of(form), "pasted": LIST.replace("Nobody", "Overseer")})
    assert "3 accounts are paid" in text_of(mended)
    assert world.bob.balance() == 0


def test_a_mistake_elsewhere_in_the_form_loses_no_list(gm: Desk, page: str) -> None:
    file = SimpleUploadedFile("list.csv", b"Bob;1\n")
    answer = gm.post(page, {**fields_of(gm.get(page)), "file": file, "reason": ""})
    assert answer.status_code == 422
    assert "Bob;1" in answer.content.decode()
    nothing = gm.post(page, {**fields_of(gm.get(page)), "reason": "Wages"})
    assert nothing.status_code == 422
    assert "Choose a file, or paste the list below." in text_of(nothing)


def test_what_changed_between_looking_and_confirming_is_shown_first(
    world: World, gm: Desk, page: str
) -> None:
    statement = look(gm, page)
    world.arcadia.person("Nobody")
    refused = gm.confirm(page, statement)
    assert refused.status_code == 409
    assert "Something has changed since you looked" in text_of(refused)
    assert world.bob.balance() == 0
    assert "3 people were paid" in gm.notice(gm.confirm(page, refused))
    # Nor is anything paid that nobody has looked at.
    blind = {**fields_of(gm.get(page)), "pasted": "Bob;9", "reason": "x", "confirmed": "1"}
    assert gm.post(page, blind).status_code == 409
    assert world.bob.balance() == 12_50


def test_a_payer_who_has_too_little_cannot_be_confirmed(world: World, gm: Desk, page: str) -> None:
    poor = look(gm, page, from_account=world.bob.number, pasted="Alice;5")
    assert "₵5.00 too little" in text_of(poor)
    assert not can_confirm(poor)
    unknown = gm.post(
        page,
        {**fields_of(gm.get(page)), "pasted": "Alice;5", "reason": "x", "from_account": world.charlie.number},
    )
    assert (unknown.status_code, "There is no account" in text_of(unknown)) == (404, True)


def test_a_run_that_stopped_half_way_says_so_and_goes_on(
    world: World, gm: Desk, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with the second thousand of a long list, when the money runs out in between."""
    monkeypatch.setattr(paying, "MAX_BATCH", 1)
    text = "Bob;60;\nOverseer;40;\n"
    statement = look(gm, page, text, from_account=world.alice.number)
    real, paid = paying._pay_chunk, list[int]()

    def spent_in_between(**arguments: Any) -> int:
        if paid:
            paying.adjust(
                actor=world.arcadia.server, account=world.alice.number, amount=-1_00, reason="a thief"
            )
        paid.append(real(**arguments))
        return paid[-1]

    with monkeypatch.context() as patch:
        patch.setattr(paying, "_pay_chunk", spent_in_between)
        stopped = gm.confirm(page, statement)
    assert stopped.status_code == 409
    said = text_of(stopped)
    assert f"Stopped at line 2, Overseer ({world.gm.number}). 1 were paid now." in said
    assert "1 of the list was paid as “wages” before" in said
    assert (world.bob.balance(), world.gm.balance()) == (60_00, 0)
    paying.adjust(actor=world.arcadia.server, account=world.alice.number, amount=1_00, reason="found")
    gm.confirm(page, look(gm, page, text, from_account=world.alice.number))
    assert (world.bob.balance(), world.gm.balance(), world.alice.balance()) == (60_00, 40_00, 0)


def test_a_faction_is_paid_and_who_is_frozen_is_named(world: World, gm: Desk) -> None:
    page = url_of(world.arcadia.faction, "pay")
    freeze(actor=world.gm.actor, account=world.alice.number)
    statement = gm.state(page, amount="5", reason="Wages")
    assert "Frozen, and paid all the same" in text_of(statement)
    assert "1 person was paid ₵5.00" in gm.notice(gm.confirm(page, statement))
    assert world.alice.balance() == OPENING_BALANCE + 5_00
    assert "Nothing was done" in gm.notice(gm.confirm(page, statement))
    assert gm.post(page, {**fields_of(gm.get(page)), "amount": "-5", "reason": "x"}).status_code == 422


@pytest.mark.parametrize("text", ["\u202eBob;1", "Bob;1e9", "Bob;NaN", '"', "\0;1", ";;;;;;", "a" * 700_000])
def test_absurd_lists_are_refused_in_words(gm: Desk, page: str, text: str) -> None:
    answer = gm.post(page, {**fields_of(gm.get(page)), "pasted": text, "reason": "x"})
    assert answer.status_code in {200, 413, 422}
    assert not can_confirm(answer)

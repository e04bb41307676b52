"""Redeeming a voucher on pages without any script."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from accounts.services.world import pause_world
from ledger import voucher_codes
from ledger.services import vouchers
from tests.cast import PASSWORD, Event, Person
from tests.pages.reading import fields_of, sign_in, tags_of, text_of


@pytest.fixture
def codes(event: Event) -> list[str]:
    made = vouchers.make_batch(
        actor=event.server, label="loot of the old bank", worth=20_00, count=2, lives=dt.timedelta(days=1)
    )
    return [one.code for one in vouchers.print_batch(actor=event.server, batch=made.batch.pk)]


@pytest.mark.parametrize("door", ["/vouchers?code=", "/bank/scan?number="])
def test_typed_looked_at_redeemed_once(browser: Client, alice: Person, codes: list[str], door: str) -> None:
    typed = voucher_codes.spaced(codes[0]).lower()
    page = browser.get(door + typed, follow=True)
    assert page.redirect_chain[-1][0] == f"/vouchers/{codes[0]}"
    assert "Redeem this voucher? ₵20.00" in text_of(page)
    assert "loot of the old bank" in text_of(page)
    assert alice.balance() == 100_00
    form = fields_of(page)
    done = browser.post(f"/vouchers/{codes[0]}", form, follow=True)
    assert "Redeemed. The money is in your account now." in text_of(done)
    assert "Kind voucher" in text_of(done)
    again = browser.post(f"/vouchers/{codes[0]}", form, follow=True)
    assert "it was not done a second time" in text_of(again)
    other_page = browser.post(f"/vouchers/{codes[0]}", {"key": ""})
    assert other_page.status_code == 409
    assert "You have redeemed this voucher already" in text_of(other_page)
    looked_at = browser.get(f"/vouchers/{codes[0]}")
    receipts = [
        a["href"] for tag, a in tags_of(looked_at) if tag == "a" and "/transfers/" in (a.get("href") or "")
    ]
    assert browser.get(str(receipts[0])).status_code == 200
    assert alice.balance() == 120_00


def test_somebody_else_reads_that_it_is_used_and_not_by_whom(
    browser: Client, codes: list[str], bob: Person
) -> None:
    browser.post(f"/vouchers/{codes[0]}", {})
    late = Client()
    sign_in(late, "Bob")
    page = late.get(f"/vouchers/{codes[0]}")
    assert "Somebody else has redeemed this voucher already" in text_of(page)
    assert "Alice" not in text_of(page)
    assert late.post(f"/vouchers/{codes[0]}", {}).status_code == 409
    assert bob.balance() == 0


def test_who_is_not_signed_in_comes_back_to_the_voucher(alice: Person, codes: list[str]) -> None:
    stranger = Client()
    led = stranger.get(f"/vouchers/{codes[0]}")
    assert (led.status_code, led["Location"]) == (302, f"/login?next=/vouchers/{codes[0]}")
    typed = {"character_name": "Alice", "password": PASSWORD, "next": f"/vouchers/{codes[0]}"}
    back = stranger.post("/login", typed, follow=True)
    assert "Redeem this voucher?" in text_of(back)
    assert "Worth" not in text_of(led)


def test_typing_mistakes_unknown_codes_and_the_pause(
    browser: Client, event: Event, alice: Person, codes: list[str]
) -> None:
    mistyped = codes[0][:-1] + ("0" if codes[0][-1] != "0" else "1")
    page = browser.get("/vouchers", {"code": mistyped})
    assert (page.status_code, fields_of(page)["code"]) == (400, mistyped)
    assert "typing mistake" in text_of(page)
    unknown = browser.get(f"/vouchers/{voucher_codes.code_of('no seed', 1)}")
    assert unknown.status_code == 404
    assert "There is no voucher with this code" in text_of(unknown)
    form = fields_of(browser.get(f"/vouchers/{codes[1]}"))
    pause_world(actor=event.server, reason="storm")
    paused = browser.post(f"/vouchers/{codes[1]}", form)
    assert paused.status_code == 409
    assert "Nothing was done" in text_of(paused)
    assert fields_of(paused)["key"] != form["key"]
    assert alice.balance() == 100_00

"""The dispute in a real browser: somebody cries theft, and a game master takes back what was sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from accounts import roles
from accounts.actors import Actor
from ledger.services.transfers import Payment, terminal_payment, transfer
from tests.browser.conftest import DESK, PHONE, OpenPage, chromium
from tests.browser.steps import sign_in
from tests.cast import make_event
from tests.servers import WebServer


@pytest.fixture
def bank(serve: Callable[..., WebServer]) -> str:
    """An event where Vex's phone was stolen: ₵60.00 went to Ana, who has passed ₵50.00 on; a till took ₵7.00."""
    chromium()
    event = make_event("arcadia", registration="open")
    event.person("Overseer", role=roles.GM)
    vex, ana, ben = event.person("Vex", money=100_00), event.person("Ana"), event.person("Ben")
    pays = Payment(to_account=ana.number, amount=60_00, memo="for the package behind the old power station")
    transfer(actor=vex.actor, payment=pays)
    transfer(actor=ana.actor, payment=Payment(to_account=ben.number, amount=50_00))
    till = event.till(ben, name="Bar till", scopes=("credit", "debit:any"))
    device = Actor(tenant=event.tenant, key=till.key)
    terminal_payment(actor=device, from_account=vex.number, to_account=ben.number, amount=7_00)
    return serve().base_url


def open_from(page: Page, listed: str, name: str) -> None:
    """From the front page of the console to a row's page, and on to reversing."""
    sign_in(page, "Overseer")
    page.get_by_role("link", name=listed, exact=True).click()
    page.get_by_label("Search").fill(name)
    page.get_by_role("button", name="Find").click()
    page.locator("tbody a").first.click()


def preview(page: Page) -> None:
    """Choose the last hour, say why, go on."""
    page.get_by_role("link", name="Reverse since …").click()
    page.get_by_label("The last hour").check()
    page.get_by_label("Reason").fill("stolen phone")
    page.get_by_role("button", name="Continue").click()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_what_was_sent_is_taken_back_once_however_often_one_taps(
    open_page: OpenPage, size: ViewportSize
) -> None:
    page, complaints = open_page(java_script_enabled=False, viewport=size)
    open_from(page, "Accounts", "vex")
    preview(page)
    main = page.get_by_role("main")
    expect(main).to_contain_text("Vex sent ₵67.00 since")
    expect(main).to_contain_text("₵17.00 can be taken back; ₵50.00 cannot, and the lines below say why.")
    expect(main).to_contain_text("The receiver has no more than that now.")
    page.get_by_role("button", name="Confirm: take back ₵17.00").dblclick(no_wait_after=True)
    expect(page.get_by_role("status")).to_contain_text("₵17.00 were taken back")
    expect(page.locator(".figure")).to_contain_text("₵50.00")
    assert complaints == []


def test_when_the_world_moves_the_page_says_so_and_shows_how_it_stands(open_page: OpenPage) -> None:
    page, _complaints = open_page(java_script_enabled=False)
    open_from(page, "People", "vex")
    preview(page)
    phone, complaints = open_page(java_script_enabled=False)
    sign_in(phone, "Vex")
    phone.goto("/bank/send")
    phone.get_by_label("To").fill("Ben")
    phone.get_by_label("Amount").fill("5")
    phone.get_by_role("button", name="Continue").click()
    phone.get_by_role("button", name="Pay ₵5.00").click()

    page.get_by_role("button", name="Confirm: take back ₵17.00").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was done")
    page.get_by_role("button", name="Confirm: take back ₵22.00").click()
    expect(page.get_by_role("status")).to_contain_text("₵22.00 were taken back")
    phone.goto("/bank")
    expect(phone.get_by_role("region", name="News for you")).to_contain_text(
        "The game masters gave you ₵22.00 back"
    )
    assert complaints == []


def test_revoking_a_key_leads_to_what_it_took(open_page: OpenPage) -> None:
    page, complaints = open_page(java_script_enabled=False)
    open_from(page, "Device keys", "bar")
    page.get_by_role("link", name="Revoke").click()
    page.get_by_label("Reason").fill("stolen")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="Give back what it took since …").click()
    page.get_by_label("Reason").fill("stolen till")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("main")).to_contain_text("Bar till took ₵7.00 since")
    page.get_by_role("button", name="Confirm: take back ₵7.00").click()
    expect(page.get_by_role("status")).to_contain_text("₵7.00 were taken back")
    assert complaints == []


def test_the_preview_fits_the_smallest_phone(open_page: OpenPage) -> None:
    page, complaints = open_page(viewport={"width": 320, "height": 640})
    open_from(page, "Accounts", "vex")
    preview(page)
    expect(page.get_by_role("button", name="Confirm")).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    assert complaints == []

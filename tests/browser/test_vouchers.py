"""Vouchers in a real browser: a game master makes and prints them, one player is paid, the next is refused, and it shows who."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from accounts import roles
from ledger import voucher_codes
from tests.browser.conftest import DESK, PHONE, OpenPage, chromium
from tests.cast import PASSWORD, make_event
from tests.paper import codes_in
from tests.servers import WebServer


@pytest.fixture
def bank(serve: Callable[..., WebServer]) -> str:
    """An event with a game master and two players without money."""
    chromium()
    event = make_event("arcadia", registration="open")
    event.person("Overseer", role=roles.GM)
    for name in ("Vex", "Nyx"):
        event.person(name)
    return serve().base_url


def sign_in(page: Page, name: str) -> None:
    """On the page that is open, or at the front door."""
    if "/login" not in page.url:
        page.goto("/login")
    page.get_by_label("Character name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def fits(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


@pytest.mark.parametrize(("masters", "players"), [(DESK, PHONE), (PHONE, DESK)], ids=["desk", "phone"])
def test_from_the_printer_to_the_bank(
    open_page: OpenPage, bank: str, tmp_path: Path, masters: ViewportSize, players: ViewportSize
) -> None:
    desk, complaints = open_page(viewport=masters, accept_downloads=True)
    sign_in(desk, "Overseer")
    desk.get_by_role("link", name="Event", exact=True).click()
    desk.get_by_role("link", name="Make vouchers").click()
    desk.get_by_label("What for").fill("Loot of the old bank")
    desk.get_by_label("How many").fill("20")
    desk.get_by_label("Each is worth").fill("25")
    desk.get_by_role("button", name="Continue").click()
    expect(desk.get_by_role("main")).to_contain_text("at most 500.00 neo-credits of new money")
    desk.get_by_role("button", name="Confirm").dblclick(no_wait_after=True)
    expect(desk.get_by_role("main")).to_contain_text("0 of 20")
    batch = desk.url
    desk.get_by_role("link", name="Print the vouchers").click()
    desk.get_by_label("Address that phones open").fill(bank)
    desk.get_by_role("button", name="Continue").click()
    with desk.expect_download() as download:
        desk.get_by_role("button", name="Confirm").click()
    sheet = tmp_path / "vouchers.pdf"
    download.value.save_as(sheet)
    addresses = codes_in(sheet.read_bytes())
    assert len(addresses) == 20
    code = addresses[0].rpartition("/")[2]

    # By its code, as it is printed; a typing mistake is told before anything is sent.
    phone, more = open_page(viewport=players)
    sign_in(phone, "Vex")
    phone.get_by_role("link", name="Redeem a voucher").click()
    field = phone.get_by_label("Code of the voucher")
    field.fill(code[:-1] + ("0" if code[-1] != "0" else "1"))
    field.press("Enter")
    assert "typing mistake" in field.evaluate("field => field.validationMessage")
    expect(phone).to_have_url(f"{bank}/vouchers")
    field.fill(voucher_codes.spaced(code).lower())
    phone.get_by_role("button", name="Continue").click()
    expect(phone.get_by_role("heading", name="Redeem this voucher?")).to_be_visible()
    fits(phone)
    phone.get_by_role("button", name="Redeem ₵25.00").dblclick(no_wait_after=True)
    expect(phone.get_by_role("heading", name="Receipt")).to_be_visible()
    phone.goto("/bank")
    expect(phone.locator(".balance").first).to_have_text("₵25.00")

    # By its QR code, signing in on the way; too late.
    second, most = open_page(viewport=players, java_script_enabled=False)
    second.goto(addresses[0])
    sign_in(second, "Nyx")
    expect(second.get_by_role("main")).to_contain_text("Somebody else has redeemed this voucher already")
    fits(second)
    second.goto(addresses[1])
    second.get_by_role("button", name="Redeem ₵25.00").click()
    expect(second.get_by_role("main")).to_contain_text("Redeemed. The money is in your account now.")

    desk.goto(batch)
    expect(desk.get_by_role("main")).to_contain_text("2 of 20")
    expect(desk.get_by_role("row").filter(has_text="Vex")).to_contain_text("Vex ·")
    fits(desk)
    assert complaints + more + most == []

"""Before the event, in a real browser: a game master imports the roster and prints cards, a player comes in with one."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import DESK, PHONE, OpenPage, chromium
from tests.browser.steps import sign_in
from tests.cast import make_event
from tests.identity import rosters
from tests.paper import codes_in
from tests.servers import WebServer


@pytest.fixture
def bank(serve: Callable[..., WebServer]) -> str:
    """The address of an event where only a game master is, before anybody has come."""
    chromium()
    event = make_event("arcadia", faction="Chrome Syndicate")
    event.person("Overseer", role="gm")
    return serve().base_url


def open_event(page: Page) -> None:
    sign_in(page, "Overseer")
    page.get_by_role("link", name="Event", exact=True).click()


def fits(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["laptop", "phone"])
def test_from_the_roster_to_the_bank(
    open_page: OpenPage, bank: str, tmp_path: Path, viewport: ViewportSize
) -> None:
    content, expected = rosters.with_bad_lines()
    good = rosters.SIZE - len(expected)
    file = tmp_path / "roster.csv"
    file.write_bytes(content)
    desk, complaints = open_page(viewport=viewport, java_script_enabled=False, accept_downloads=True)
    open_event(desk)
    desk.get_by_role("link", name="Import roster").click()
    desk.get_by_label("Roster").set_input_files(file)
    desk.get_by_role("button", name="Continue").click()
    expect(desk.get_by_role("main")).to_contain_text(f"{len(expected)} lines are wrong")
    expect(desk.get_by_role("row")).to_have_count(len(expected) + (1 if viewport == DESK else 0))
    fits(desk)
    desk.get_by_role("button", name="Confirm").dblclick(no_wait_after=True)
    expect(desk.get_by_role("main")).to_contain_text("Arcadia")
    desk.goto("/admin/accounts/user/?q=runner+007")
    expect(desk.get_by_role("main")).to_contain_text("Runner 007")

    desk.get_by_role("link", name="Event", exact=True).click()
    desk.get_by_role("link", name="Print login cards").click()
    desk.get_by_label("For whom").select_option(label="Chrome Syndicate")
    desk.get_by_label("Address that phones open").fill(bank)
    desk.get_by_role("button", name="Continue").click()
    expect(desk.get_by_role("main")).to_contain_text(f"{good // 2} cards are made")
    fits(desk)
    with desk.expect_download() as printed:
        desk.get_by_role("button", name="Confirm").click()
    cards = tmp_path / "cards.pdf"
    printed.value.save_as(cards)

    phone, more = open_page(java_script_enabled=False)
    phone.goto(sorted(codes_in(cards.read_bytes()))[0])
    fits(phone)
    phone.get_by_role("button", name="Sign in as Runner").click()
    expect(phone.get_by_role("heading", name="Choose a password")).to_be_visible()
    fits(phone)
    for label in ("New password", "New password again"):
        phone.get_by_label(label, exact=True).fill("eleven chrome cats")
    phone.get_by_role("button", name="Choose this one").click()
    expect(phone.locator(".balance")).to_be_visible()
    expect(phone.get_by_role("main")).to_contain_text("Your password is set.")
    assert complaints + more == []


def test_a_lost_phone_is_back_within_a_moment(open_page: OpenPage, bank: str) -> None:
    desk, complaints = open_page(viewport=DESK)
    open_event(desk)
    desk.goto("/admin/accounts/tenant/arcadia/roster/")
    desk.get_by_label("Roster").set_input_files(
        {"name": "roster.csv", "mimeType": "text/csv", "buffer": b"name;balance\nVex;50\n"}
    )
    desk.get_by_role("button", name="Continue").click()
    desk.get_by_role("button", name="Confirm").click()
    desk.goto("/admin/accounts/user/?q=vex")
    desk.get_by_role("link", name="Vex").click()
    desk.get_by_role("link", name="One-time login QR").click()
    desk.get_by_role("button", name="Confirm").click()
    shown = zxingcpp.read_barcodes(_picture(desk.get_by_role("img", name="QR code to sign in").screenshot()))
    phone, more = open_page()
    # The console is open at an address of this machine, so the code names the event's own.
    assert shown[0].text.startswith("http://arcadia.example/card/")
    phone.goto(f"{bank}/card/{shown[0].text.rpartition('/')[2]}")
    phone.get_by_role("button", name="Sign in as Vex").dblclick(no_wait_after=True)
    expect(phone.get_by_role("heading", name="Choose a password")).to_be_visible()
    phone.get_by_role("link", name="Later").click()
    expect(phone.locator(".balance")).to_have_text("₵50.00")
    assert complaints + more == []


def _picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))

"""A game master in a real browser: a list is looked at, paid, found among the transfers, taken away, and on the first page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import DESK, PHONE, OpenPage, chromium
from tests.cast import PASSWORD, make_event
from tests.servers import WebServer


@pytest.fixture
def bank(serve: Callable[..., WebServer]) -> str:
    """The address of an event with a game master and two people."""
    chromium()
    event = make_event("arcadia", faction="Chrome Syndicate")
    event.person("Overseer", role="gm")
    event.person("Vex", money=100_00, faction="Chrome Syndicate")
    event.person("Nyx")
    return serve().base_url


def fits(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["laptop", "phone"])
def test_from_a_pay_list_to_the_first_page(
    open_page: OpenPage, tmp_path: Path, viewport: ViewportSize
) -> None:
    desk, complaints = open_page(viewport=viewport, accept_downloads=True)
    desk.goto("/login")
    desk.get_by_label("Character name").fill("Overseer")
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Sign in").click()
    main = desk.get_by_role("main")
    expect(desk.locator(".chart canvas")).to_be_visible()
    expect(main).to_contain_text("In the world")
    fits(desk)

    desk.get_by_role("link", name="Pay people from a list").click()
    desk.get_by_label("Or paste it here").fill("Vex; 12.50; courier\nNyx; 7,50\nGhost; 1\n")
    desk.get_by_label("What for").fill("Friday")
    fits(desk)
    desk.get_by_role("button", name="Continue").click()
    expect(main).to_contain_text("2 accounts are paid ₵20.00 in total.")
    expect(main).to_contain_text("Nobody is called so")
    fits(desk)
    # A double tap pays once.
    desk.get_by_role("button", name="Confirm: pay 2 people ₵20.00").dblclick(no_wait_after=True)
    expect(main).to_contain_text("Only what was paid in the run “friday”.")
    expect(main).to_contain_text("courier")
    fits(desk)

    desk.get_by_text("More to narrow by").click()
    desk.get_by_label("Amount from").fill("10")
    desk.get_by_role("button", name="Find").click()
    expect(main).to_contain_text("courier")
    expect(main).not_to_contain_text("₵7.50")
    with desk.expect_download() as taken:
        desk.get_by_role("button", name="Take these away as CSV").click()
    file = tmp_path / "taken.csv"
    taken.value.save_as(file)
    assert "12.50,NC,courier,Overseer" in file.read_text(encoding="utf-8-sig")

    desk.get_by_role("link", name="Arcadia Console").click()
    expect(main).to_contain_text("₵120.00")
    expect(main).to_contain_text("balanced")
    desk.get_by_text("The same in figures").click()
    # On a phone each row is a card, and its heading belongs to the cell.
    expect(desk.get_by_role("cell", name=re.compile(r"^(Transfers )?3$"))).to_be_visible()
    fits(desk)
    assert complaints == []

"""The evening in a real browser: a game master gives, freezes and pauses, and the player's next try says so."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from accounts import roles
from tests.browser.conftest import DESK, PHONE, OpenPage, chromium
from tests.browser.steps import sign_in
from tests.cast import PASSWORD, make_event
from tests.servers import WebServer

# What the browser itself says of each answer that refuses.
REFUSED = re.compile(r"error: Failed to load resource: the server responded with a status of 409")


@pytest.fixture
def bank(serve: Callable[..., WebServer]) -> str:
    """An event with a game master, Vex with ₵50.00, and Bob."""
    chromium()
    event = make_event("arcadia", registration="open")
    event.person("Overseer", role=roles.GM)
    event.person("Vex", money=50_00)
    event.person("Bob")
    return serve().base_url


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_what_a_game_master_does_the_players_next_try_says(open_page: OpenPage, size: ViewportSize) -> None:
    desk, desk_complains = open_page(viewport=size)
    player, player_complains = open_page(viewport=size)
    sign_in(player, "Vex")
    sign_in(desk, "Overseer")

    act(desk, "Adjust balance", choose="Give: ", Amount="25", Reason="won the duel")
    player.goto("/bank")
    expect(player.get_by_text("₵75.00").first).to_be_visible()

    act(desk, "Freeze", Reason="a dispute about a locket")
    pay(player)
    expect(player.get_by_text("is frozen").first).to_be_visible()
    act(desk, "Unfreeze", Reason="settled")
    pay(player)
    expect(player.get_by_text("Paid. Bob has the money now.")).to_be_visible()
    player.get_by_text("Show this receipt as a QR code").click()
    shown = player.get_by_alt_text("QR code of this receipt")
    expect(shown).to_be_visible()
    shown.scroll_into_view_if_needed()
    player.wait_for_load_state("networkidle")
    assert shown.evaluate("picture => picture.naturalWidth") > 0

    desk.get_by_role("link", name="Event", exact=True).click()
    confirm(desk, "Pause the world", Reason="fire alarm")
    player.goto("/bank")
    expect(player.get_by_text("fire alarm")).to_be_visible()
    pay(player)
    expect(player.get_by_text("The bank is paused").first).to_be_visible()
    desk.get_by_role("link", name="Event", exact=True).click()
    confirm(desk, "Resume the world", Reason="false alarm")
    pay(player)
    expect(player.get_by_text("Paid. Bob has the money now.")).to_be_visible()
    complaints = [line for line in (*desk_complains, *player_complains) if not REFUSED.match(line)]
    assert complaints == []


def act(desk: Page, action: str, *, choose: str = "", **typed: str) -> None:
    """From the console's front page to Vex's account, and through one action there."""
    desk.goto("/admin/")
    desk.get_by_label("Find a player or an account").fill("vex")
    desk.get_by_role("button", name="Find").click()
    desk.get_by_role("link", name=re.compile("NC-")).first.click()
    confirm(desk, action, choose=choose, **typed)


def confirm(desk: Page, action: str, *, choose: str = "", **typed: str) -> None:
    """The form, what it says would happen, the password where it is asked for, and yes."""
    desk.get_by_role("link", name=action, exact=True).click()
    if choose:
        desk.get_by_role("radio", name=choose).check()
    for label, text in typed.items():
        desk.get_by_label(label, exact=True).fill(text)
    if desk.get_by_role("button", name="Continue").count():
        desk.get_by_role("button", name="Continue").click()
    yes = desk.get_by_role("button", name=re.compile("^Confirm"))
    expect(yes).to_be_visible()
    password = desk.get_by_label("Your password")
    if password.count():
        password.fill(PASSWORD)
    yes.click()
    expect(yes).to_have_count(0)


def pay(player: Page) -> None:
    player.goto("/bank/send?to=Bob&amount=1.00")
    player.get_by_role("button", name="Continue").click()
    player.get_by_role("button", name=re.compile("^Pay")).click()

"""A game master sets a machine's payout in a real browser, at both sizes, and looks at the house and at a round."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from casino.services.games import change_game
from casino.services.house import fund
from casino.services.setup import open_casino
from tests.browser.axe import grave_faults
from tests.browser.conftest import DESK, PHONE, OpenPage, chromium
from tests.browser.steps import sign_in
from tests.casino.floor import GLITCH, SMUGGLER, play
from tests.cast import make_event
from tests.servers import WebServer


@pytest.fixture
def bank(serve: Callable[..., WebServer]) -> str:
    """The address of an event whose casino has seen a few rounds."""
    chromium()
    event = make_event("arcadia")
    gm, vex = event.person("Overseer", role="gm"), event.person("Vex", money=100_00)
    open_casino(actor=event.server)
    fund(actor=event.server, amount=300_000_00, reason="float of the house")
    for game in (GLITCH, SMUGGLER):
        change_game(actor=gm.actor, game=game, pace_ms=0)
        for _round in range(3):
            play(vex, game)
    return serve().base_url


def stands(page: Page) -> None:
    """Nothing is wider than the screen, and nothing is cut off in a table of what changes."""
    page.wait_for_load_state()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"
    cut = page.evaluate(
        "[...document.querySelectorAll('.effect')].filter(box => box.scrollWidth > box.clientWidth).length"
    )
    assert cut == 0, f"{page.url}: something is cut off"
    assert grave_faults(page) == []


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["laptop", "phone"])
def test_smuggler_is_set_to_pay_103_50(open_page: OpenPage, viewport: ViewportSize) -> None:
    desk, complaints = open_page(viewport=viewport)
    sign_in(desk, "Overseer")
    main = desk.get_by_role("main")
    expect(main).to_contain_text("as chance has it")
    desk.get_by_role("link", name="Casino", exact=True).click()
    expect(main).to_contain_text("₵20.00, the largest offered")
    stands(desk)

    desk.get_by_role("link", name="Starlight Smuggler").click()
    expect(main).to_contain_text("What it promises")
    stands(desk)
    desk.get_by_role("link", name="Set payout").click()
    desk.get_by_label("Payout in per cent").fill("103.50")
    stands(desk)
    desk.get_by_role("button", name="Continue").click()
    expect(main).to_contain_text("after 1,000 spins it may have paid anywhere from 79")
    expect(main).to_contain_text("THE HOUSE LOSES MONEY")
    stands(desk)
    desk.get_by_role("button", name="Confirm: Starlight Smuggler pays 103.50").dblclick(no_wait_after=True)
    expect(main.locator(".figure")).to_contain_text("103.50")
    expect(main.get_by_role("status")).to_be_visible()
    stands(desk)

    desk.get_by_role("link", name="Stakes, pace and hours").click()
    desk.get_by_label("Stakes").fill("1 2 5 10 20 50 100 200")
    desk.get_by_role("button", name="Continue").click()
    expect(main).to_contain_text("The house cannot cover all of these stakes now")
    stands(desk)

    desk.get_by_role("link", name="Casino", exact=True).click()
    desk.get_by_role("link", name="Fund or draw off the house").click()
    desk.get_by_label("Draw off").check()
    desk.get_by_label("Amount").fill("290000")
    desk.get_by_label("Reason").fill("the treasurer was here")
    desk.get_by_role("button", name="Continue").click()
    expect(main).to_contain_text("then takes no bets at all")
    stands(desk)

    desk.get_by_role("link", name="Rounds", exact=True).click()
    desk.locator("main td a").first.click()
    expect(main).to_contain_text("What the reels showed")
    stands(desk)
    assert complaints == []

"""Both machines in a real browser: by keyboard, without movement, on a line that loses answers. What the reels show is known
beforehand: the server's seed is put in place, and the page's dice give 0101…, 0202…, 0303… one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts import tenancy
from casino.models import Game
from casino.services.configurations import set_payout
from casino.services.house import fund
from casino.services.setup import open_casino
from tests.browser.axe import grave_faults
from tests.browser.conftest import PHONE, chromium
from tests.browser.steps import sign_in
from tests.casino.floor import FLOAT, SMUGGLER
from tests.casino.seeded import put_seed
from tests.cast import OPENING_BALANCE, make_event
from tests.lines import Line
from tests.servers import WebServer

SHIP, GRID = "/casino/starlight-smuggler", "/casino/glitch-grid"
# A spin throws twice: its key, then the client seed. Each page begins anew, but no key is used at both machines.
DICE = """
let thrown = location.pathname.includes("glitch") ? 100 : 0;
crypto.getRandomValues = (bytes) => bytes.fill((thrown += 1));
"""
# The client seeds of the first three spins of a page.
SEEDS = ["02" * 16, "04" * 16, "06" * 16]
PATIENT_MS = 40_000


@pytest.fixture
def line(serve: Callable[..., WebServer]) -> Iterator[Line]:
    """The phone's way to a casino where Alice's second spin of the ship finds three wormholes."""
    chromium()
    event = make_event("arcadia", registration="open")
    alice = event.person("Alice", money=OPENING_BALANCE)
    open_casino(actor=event.server)
    fund(actor=event.server, amount=FLOAT, reason="float")
    set_payout(actor=event.server, game=SMUGGLER, payout=103_50)
    with tenancy.scope(event.tenant):
        Game.objects.update(pace_ms=0, autoplay=True)
    put_seed(
        alice,
        SMUGGLER,
        [lambda drawn: not drawn.played.line_bets, lambda drawn: len(drawn.free_stops) == 8],
        SEEDS,
    )
    opened = Line(serve().port)
    yield opened
    opened.close()


@pytest.fixture
def bank(line: Line) -> str:
    """Where phones look for it."""
    return line.base_url


@pytest.fixture
def complaints() -> list[str]:
    """What the console said, apart from the network's failures and the answers that are meant to refuse."""
    return []


@pytest.fixture
def phone(chrome: Browser, bank: str, complaints: list[str]) -> Callable[..., Page]:
    """``phone(**context options)``: Alice's, signed in, with dice that are known."""

    def one(**options: Any) -> Page:
        context = chrome.new_context(base_url=bank, viewport=PHONE, **options)
        page = context.new_page()
        meant = ("net::ERR_", "responded with a status of 4")
        page.on(
            "console",
            lambda said: complaints.append(said.text) if not any(m in said.text for m in meant) else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        sign_in(page, "Alice")
        page.add_init_script(DICE)
        return page

    return one


def verdict(page: Page) -> Any:
    return page.locator("[data-verdict]")


def spin_button(page: Page) -> Any:
    return page.locator("button[data-spin]")


def is_ready(page: Page) -> None:
    expect(spin_button(page)).to_have_text("Spin", timeout=PATIENT_MS)


def rounds_of(page: Page) -> int:
    page.goto("/casino/rounds")
    return page.locator("a.movement").count()


def test_both_machines_are_played_by_keyboard_until_the_free_spins_have_run(
    phone: Callable[..., Page], chrome: Browser, complaints: list[str], tmp_path: Path
) -> None:
    page = phone()
    page.goto("/casino")
    expect(page.get_by_role("main")).to_contain_text("pays back exactly 103.50 %")
    page.get_by_role("link", name="Play Starlight Smuggler").press("Enter")
    seal = page.locator("[data-fresh=seal] .hash").first.text_content()
    stake = page.get_by_role("radio", name="₵1.00")
    stake.focus()
    page.keyboard.press("Tab")
    expect(spin_button(page)).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    expect(verdict(page)).to_have_text("Nothing this time.", timeout=PATIENT_MS)
    expect(page.locator("[data-balance]")).to_have_text("₵99.00")
    is_ready(page)
    expect(spin_button(page)).to_be_focused()
    page.keyboard.press("Enter")
    feature = page.locator(".feature")
    expect(feature).to_contain_text("Free spin 2 of 8 · so far", timeout=PATIENT_MS)
    page.get_by_role("button", name="Show the end").press("Enter")
    expect(verdict(page)).to_contain_text("8 free spins: ₵", timeout=PATIENT_MS)
    is_ready(page)
    expect(page.locator("[data-wins] li").filter(has_text="Free spin 8 of 8")).to_have_count(1)
    balance = page.locator("[data-balance]").text_content()
    page.get_by_role("link", name="This round, with its proof").click()
    expect(page.get_by_role("main")).to_contain_text("3 × wormhole anywhere: ₵2.00")
    assert page.locator(".hash").first.text_content() == seal
    expect(page.locator(".free-spins li")).to_have_count(8)
    page.goto("/bank")
    expect(page.locator(".balance")).to_have_text(str(balance))

    page.goto(GRID)
    page.get_by_role("radio", name="₵1.00").press("ArrowRight")
    expect(page.get_by_role("radio", name="₵2.00")).to_be_checked()
    spin_button(page).press("Enter")
    expect(page.get_by_role("link", name="This round, with its proof")).to_be_visible(timeout=PATIENT_MS)
    is_ready(page)
    page.get_by_role("button", name="Start").press("Enter")
    stop = page.get_by_role("button", name="Stop (9 left)")
    expect(stop).to_be_visible(timeout=PATIENT_MS)
    stop.press("Enter")
    expect(page.get_by_role("button", name="Start")).to_be_visible(timeout=PATIENT_MS)
    assert rounds_of(page) == 5
    assert complaints == []
    # Suspicious as everyone in this city: she breaks the seal and draws her rounds again without the house, or a network.
    page.goto("/casino/fairness")
    page.get_by_role("button", name="Break the seal").click()
    expect(page.get_by_role("main")).not_to_contain_text("None so far.")
    rounds = taken(page, "Download my rounds", tmp_path)
    page.goto("/fairness/verify")
    verifier = taken(page, "Save this page", tmp_path)
    alone = chrome.new_context(offline=True).new_page()
    alone.goto(verifier.as_uri())
    alone.get_by_label("File of rounds", exact=True).set_input_files(rounds)
    expect(alone.locator("#summary")).to_have_text("5 rounds verified, 0 wrong")
    expect(alone.locator("#rounds")).to_contain_text("Starlight Smuggler")


def taken(page: Page, link: str, folder: Path) -> Path:
    """The file that a link of the page downloads."""
    with page.expect_download() as download:
        page.get_by_role("link", name=link).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_with_less_movement_the_text_is_the_result(phone: Callable[..., Page], complaints: list[str]) -> None:
    page = phone(reduced_motion="reduce", color_scheme="light")
    page.goto(SHIP)
    spin_button(page).click()
    expect(verdict(page)).to_have_text("Nothing this time.")
    spin_button(page).click()
    expect(verdict(page)).to_contain_text(re.compile(r"8 free spins: ₵.*(You win|came back)"))
    assert page.evaluate("document.getAnimations().length") == 0
    label = page.locator(".reels").get_attribute("aria-label") or ""
    assert re.fullmatch(r"The reels show row 1: .+; row 2: .+; row 3: .+", label)
    faults = grave_faults(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    faults += grave_faults(page)
    assert not faults, "\n".join(faults)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    # Somebody has changed what it pays, as far as this page knows.
    page.evaluate("document.querySelector('input[name=config]').value = 'f'.repeat(64)")
    spin_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was drawn; look at it and spin anew.")
    is_ready(page)
    # Seeds that were exchanged in another window.
    other = page.context.new_page()
    other.goto("/casino/fairness")
    other.get_by_role("button", name="Break the seal").click()
    expect(other.get_by_role("main")).to_contain_text("The seal is open")
    spin_button(page).click()
    expect(page.locator("[data-refusal]")).to_contain_text("drawn under another seal")
    assert rounds_of(page) == 3
    assert complaints == []


def test_a_lost_answer_is_found_again_and_nothing_is_played_twice(
    phone: Callable[..., Page], line: Line, complaints: list[str]
) -> None:
    page = phone(reduced_motion="reduce")
    page.goto(SHIP)
    page.get_by_role("radio", name="₵2.00").check()
    line.lose_answers()
    spin_button(page).dblclick()
    signal = page.locator(".notice.signal")
    expect(signal).to_contain_text("No answer yet; asking again.")
    expect(spin_button(page)).to_have_attribute("aria-busy", "true")
    assert line.answered.is_set(), "the house has played it"
    line.mend()
    signal.get_by_role("button", name="Ask now").click()
    expect(verdict(page)).to_have_text("Nothing this time.", timeout=PATIENT_MS)
    expect(signal).to_have_count(0)
    expect(page.locator("[data-balance]")).to_have_text("₵98.00")
    is_ready(page)

    # Lost, and then the page as well.
    line.lose_answers()
    spin_button(page).click()
    expect(signal).to_be_visible()
    line.mend()
    page.reload()
    expect(page.locator("[data-refusal]")).to_contain_text(
        "This is the spin that was under way.", timeout=PATIENT_MS
    )
    expect(verdict(page)).to_contain_text("8 free spins")
    is_ready(page)

    # Never arrived.
    line.cut()
    page.evaluate("() => { crypto.getRandomValues = (bytes) => bytes.fill(77); }")
    spin_button(page).click()
    expect(signal).to_contain_text("asking again")
    line.mend()
    expect(signal).to_have_count(0, timeout=PATIENT_MS)
    is_ready(page)
    page.reload()
    is_ready(page)
    assert rounds_of(page) == 3
    assert complaints == []

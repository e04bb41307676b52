"""The page that checks rounds: from the server it keeps to its own rules in both looks, and saved to a disk it needs nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect, sync_playwright

from tests.browser.axe import grave_faults
from tests.browser.conftest import DESK, PHONE, chromium
from tests.casino.rounds import File, a_file, a_waiting_file, only
from tests.cast import make_event
from tests.servers import WebServer

SMALLEST: ViewportSize = {"width": 320, "height": 640}
ROUNDS = 1_200


@pytest.fixture
def address(serve: Callable[..., WebServer]) -> str:
    """Of a bank with an event, where nobody is signed in."""
    chromium()
    make_event("arcadia")
    return serve().base_url


@pytest.fixture
def browser(address: str) -> Iterator[Browser]:
    """Ask for it after everything that needs the database."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium())
        yield running
        running.close()


def payload(file: File, name: str = "rounds.json") -> FilePayload:
    return {"name": name, "mimeType": "application/json", "buffer": json.dumps(file).encode()}


def listening(page: Page, heard: list[str]) -> Page:
    page.on("console", lambda said: heard.append(said.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(f"asked for {request.url}"))
    return page


def altered() -> tuple[File, dict[str, Any]]:
    """Rounds of which one has other stops than its seed gives, and that one."""
    file = a_file(60)
    one = file["rounds"][41]
    one["stops"][0] = (one["stops"][0] + 1) % 24
    return file, one


def test_the_page_keeps_to_its_own_rules_and_can_be_used_by_everybody(address: str, browser: Browser) -> None:
    faults = [*walk(address, browser, "dark"), *walk(address, browser, "light")]
    assert not faults, "\n".join(faults)


def walk(address: str, browser: Browser, scheme: Any) -> list[str]:
    """Check rounds that wait, that are true and one that is altered; returns what axe says of it."""
    heard: list[str] = []
    page = listening(browser.new_context(base_url=address, color_scheme=scheme).new_page(), heard)
    answer = page.goto("/fairness/verify")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "'self'" not in policy
    assert heard == [f"asked for {address}/fairness/verify"], "the document is all there is"
    faults = grave_faults(page)

    page.get_by_label("File of rounds", exact=True).set_input_files(payload(a_waiting_file(4)))
    expect(page.locator("#summary")).to_have_text(
        "0 rounds verified, 4 wait for their seed, 4 are still sealed, 0 wrong"
    )
    file, one = altered()
    page.get_by_text("Or paste its text").click()
    page.get_by_label("Text of the file").fill(json.dumps(file))
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#summary")).to_have_text("59 rounds verified, 1 wrong")
    expect(page.get_by_role("heading", name="Result")).to_be_focused()
    first = page.locator("#rounds > li").first
    expect(first).to_contain_text(f"The round says {', '.join(map(str, one['stops']))}.")
    for number in (0, 1):
        page.get_by_text("Step by step").nth(number).click()
    expect(page.locator("#rounds")).to_contain_text("5. The reels")
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        faults += grave_faults(page)
    page.set_viewport_size(SMALLEST)
    assert page.evaluate("document.documentElement.scrollWidth") == SMALLEST["width"]

    page.get_by_label("Text of the file").fill('{"format": "neobank-rounds-1", "rounds": [')
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("not a whole file of rounds")
    expect(page.locator("#result")).to_be_hidden()
    assert heard == heard[:1], "it asked for something, or the browser complained"
    return faults


def test_a_saved_page_verifies_with_the_network_off_and_names_what_was_altered(
    address: str, browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_context(base_url=address, viewport=PHONE).new_page()
    page.goto("/fairness/verify")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save this page").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    assert saved.name == "verify-rounds.html"

    heard: list[str] = []
    page = listening(browser.new_context(viewport=PHONE, offline=True).new_page(), heard)
    page.goto(saved.as_uri())
    expect(page.get_by_role("link", name="Save this page")).to_be_hidden()
    file = a_file(ROUNDS)
    page.get_by_label("File of rounds", exact=True).set_input_files(payload(file))
    expect(page.locator("#summary")).to_have_text("1,200 rounds verified, 0 wrong")
    expect(page.locator("#rounds > li")).to_have_count(50)
    page.get_by_role("button", name="Show 50 more").press("Enter")
    expect(page.locator("#rounds > li")).to_have_count(100)
    expect(page.locator("#rounds > li").nth(50).locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#rounds > li").nth(50).locator(".window").first).to_be_visible()

    won = next(one for one in file["rounds"] if one["win"] and one["free_stops"])
    small = only(file, won)
    page.get_by_label("File of rounds", exact=True).set_input_files(payload(small))
    expect(page.locator("#summary")).to_have_text("1 round verified, 0 wrong")
    page.get_by_text("Step by step").press("Enter")
    expect(page.locator(".steps")).to_contain_text(f"{won['line_bets']} line bets")
    expect(page.locator(".steps")).to_contain_text(f"Free spin {len(won['free_stops'])}")

    small["rounds"][0]["line_bets"] += 1
    small["rounds"][0]["win"] += small["rounds"][0]["line_bet"]
    page.get_by_label("File of rounds", exact=True).set_input_files(payload(small))
    expect(page.locator("#summary")).to_have_text("0 rounds verified, 1 wrong")
    expect(page.locator(".faults")).to_have_text(
        f"The reels win {won['line_bets']} line bets. The round says {won['line_bets'] + 1}."
    )
    # What was saved can do nothing but compute, whoever writes into it.
    assert page.evaluate("fetch('http://127.0.0.1/').then(() => 'sent', () => 'refused')") == "refused"
    assert any("Content Security Policy" in line for line in heard)
    assert [line for line in heard if line.startswith("asked for http")] == []

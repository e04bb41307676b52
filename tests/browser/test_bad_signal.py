"""Bad signal, in a real browser on a line that fails where it hurts: money is right, words are clear, nothing typed is lost."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from accounts import tenancy
from ledger.models import Account
from ledger.services import requests
from tests.browser.conftest import PHONE, chromium
from tests.browser.steps import sign_in
from tests.cast import OPENING_BALANCE, PASSWORD, make_event
from tests.lines import Line
from tests.servers import WebServer

FIRST_LOAD_BYTES_MAX = 100_000
# Chromium's own "3G", and a little worse.
THIRD_GENERATION = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 400_000 / 8,
    "uploadThroughput": 400_000 / 8,
}
DONE_BEFORE = "This had already gone through; it was not done a second time."


@pytest.fixture
def code(serve: Callable[..., WebServer]) -> str:
    """Bob keeps a bar and asks for ₵7.00, under this code; Alice has ₵100.00."""
    chromium()
    event = make_event("arcadia", registration="open")
    bob = event.person("Bob")
    event.person("Alice", money=OPENING_BALANCE)
    with tenancy.scope(event.tenant):
        Account.objects.filter(pk=bob.account.pk).update(is_merchant=True)
    return requests.ask(actor=bob.actor, amount=7_00, memo="stew").request.code


@pytest.fixture
def line(code: str, serve: Callable[..., WebServer]) -> Iterator[Line]:
    """The phone's way to the bank."""
    opened = Line(serve().port)
    yield opened
    opened.close()


@pytest.fixture
def bank(line: Line) -> str:
    """Where phones look for it."""
    return line.base_url


@pytest.fixture
def complaints() -> list[str]:
    """What the console said, apart from the network's failures."""
    return []


@pytest.fixture
def phone(chrome: Browser, line: Line, complaints: list[str]) -> Page:
    """Alice's phone, signed in."""
    context = chrome.new_context(base_url=line.base_url, viewport=PHONE)
    context.on("page", lambda page: listen(page, complaints))
    page = context.new_page()
    sign_in(page, "Alice")
    return page


def listen(page: Page, complaints: list[str]) -> None:
    page.on("console", lambda said: complaints.append(said.text) if "net::ERR_" not in said.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))


def go_to_confirmation(page: Page, amount: str, memo: str = "") -> None:
    page.goto("/bank/send")
    page.get_by_label("To").fill("Bob")
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("What for").fill(memo)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()


def has_left(page: Page, amount: str) -> None:
    page.goto("/bank")
    expect(page.locator(".balance")).to_have_text(f"₵{amount}")


def signal(page: Page) -> Any:
    """What the page says about its signal."""
    return page.locator(".notice.signal")


def test_what_was_paid_before_the_line_broke_is_paid_once_and_the_page_ends_on_the_truth(
    phone: Page, line: Line, code: str, complaints: list[str]
) -> None:
    go_to_confirmation(phone, "10")
    line.lose_answers()
    phone.get_by_role("button", name="Pay ₵10.00").click()
    expect(signal(phone)).to_contain_text("It is not known yet whether this has reached the bank.")
    expect(phone.locator("main form button[type=submit]")).to_have_attribute("aria-busy", "true")
    assert line.answered.is_set(), "the bank has done it"
    line.mend()
    signal(phone).get_by_role("button", name="Try now").click()
    expect(phone.get_by_role("heading", name="Receipt")).to_be_visible()
    expect(phone.get_by_role("main")).to_contain_text(DONE_BEFORE)
    has_left(phone, "90.00")

    phone.goto(f"/requests/{code}")
    line.lose_answers()
    phone.get_by_role("button", name="Pay ₵7.00").click()
    expect(signal(phone)).to_contain_text("nothing is done twice")
    line.mend()
    # By itself, this time.
    expect(phone.locator(".verdict.good")).to_contain_text("✓ Paid", timeout=40_000)
    has_left(phone, "83.00")
    assert complaints == []


def test_what_never_arrived_is_kept_and_sent_again(phone: Page, line: Line, complaints: list[str]) -> None:
    phone.goto("/bank/send")
    phone.get_by_label("To").fill("Bob")
    phone.get_by_label("Amount").fill("10")
    phone.get_by_label("What for").fill("bread & wine")
    line.cut()
    phone.get_by_role("button", name="Continue").click()
    expect(signal(phone)).to_contain_text("what you typed is kept, and nothing is paid yet")
    expect(phone.get_by_label("What for")).to_have_value("bread & wine")
    line.mend()
    phone.get_by_role("button", name="Pay ₵10.00").wait_for(timeout=40_000)
    line.cut()
    phone.get_by_role("button", name="Pay ₵10.00").click()
    expect(signal(phone)).to_contain_text("nothing is lost")
    line.mend()
    expect(phone.get_by_role("main")).to_contain_text("Paid. Bob has the money now.", timeout=40_000)
    has_left(phone, "90.00")

    # Nothing there to make it safe a second time: the person decides.
    phone.goto("/me/password")
    phone.get_by_label("Password until now").fill(PASSWORD)
    for label in ("New password", "New password again"):
        phone.get_by_label(label, exact=True).fill("eleven chrome cats")
    line.cut()
    phone.get_by_role("button", name="Change it").click()
    expect(signal(phone)).to_contain_text("press the button again")
    expect(signal(phone).get_by_role("button")).to_have_count(0)
    expect(phone.get_by_label("New password", exact=True)).to_have_value("eleven chrome cats")
    line.mend()
    phone.get_by_role("button", name="Change it").click()
    expect(phone.get_by_role("main")).to_contain_text("Your password is changed")
    assert complaints == []


def test_however_often_it_is_pressed_while_the_bank_is_slow_it_is_paid_once(
    phone: Page, line: Line, complaints: list[str]
) -> None:
    phone.clock.install()
    go_to_confirmation(phone, "10")
    before = line.forms
    line.hold_answers()
    button = phone.locator("main form button[type=submit]")
    button.dblclick(no_wait_after=True)
    expect(button).to_have_text("One moment…")
    button.press("Enter", no_wait_after=True)
    assert line.answered.wait(30)
    assert line.forms == before + 1
    phone.clock.run_for(5_000)
    expect(signal(phone)).to_contain_text("The signal is weak")
    # As when the browser brings the page back out of its memory: the button may be pressed, with the same key.
    phone.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(button).to_have_text("Pay ₵10.00")
    expect(button).not_to_have_attribute("aria-busy", "true")
    line.mend()
    button.click()
    expect(phone.get_by_role("main")).to_contain_text(DONE_BEFORE)
    has_left(phone, "90.00")
    assert complaints == []


def test_the_way_back_and_a_second_tab_pay_nothing_more(phone: Page, complaints: list[str]) -> None:
    go_to_confirmation(phone, "10")
    other = phone.context.new_page()
    other.goto(phone.url)
    phone.get_by_role("button", name="Pay ₵10.00").click()
    expect(phone.get_by_role("main")).to_contain_text("Paid. Bob has the money now.")
    phone.go_back()
    phone.get_by_role("button", name="Pay ₵10.00").click()
    expect(phone.get_by_role("main")).to_contain_text(DONE_BEFORE)
    other.get_by_role("button", name="Pay ₵10.00").click()
    expect(other.get_by_role("main")).to_contain_text(DONE_BEFORE)
    has_left(phone, "90.00")
    assert complaints == []


def test_nothing_typed_is_lost_whatever_has_ended_meanwhile(phone: Page, complaints: list[str]) -> None:
    typed = {"To": "Bob", "Amount": "3", "What for": "bread & wine " + "€" * 127}
    phone.goto("/bank/send")
    for label, text in typed.items():
        phone.get_by_label(label).fill(text)
    phone.get_by_label("Amount").fill("3000")
    phone.get_by_role("button", name="Continue").click()
    expect(phone.get_by_role("alert")).to_contain_text("more than there is")
    expect(phone).to_have_title(re.compile("Please look again"))
    # The page that came in place of the first is as alive as that was.
    phone.get_by_label("To").fill("NC-0000-0001")
    assert "typing mistake" in phone.get_by_label("To").evaluate("field => field.validationMessage")
    for label, text in typed.items():
        phone.get_by_label(label).fill(text)

    phone.context.clear_cookies(name="neobank_csrf")
    phone.get_by_role("button", name="Continue").click()
    expect(phone.get_by_role("main")).to_contain_text("Nothing was done")
    phone.get_by_role("link", name="Back to the form").click()
    for label, text in typed.items():
        expect(phone.get_by_label(label)).to_have_value(text)

    sign_in_again_after(phone, "Continue")
    for label, text in typed.items():
        expect(phone.get_by_label(label)).to_have_value(text)
    phone.get_by_role("button", name="Continue").click()
    sign_in_again_after(phone, "Pay ₵3.00")
    expect(phone.get_by_role("main")).to_contain_text("This is the account of Bob")
    expect(phone.get_by_label("Amount")).to_have_value("3.00")
    expect(phone.get_by_label("What for")).to_have_value(typed["What for"])
    phone.get_by_role("button", name="Continue").click()
    phone.get_by_role("button", name="Pay ₵3.00").click()
    expect(phone.get_by_role("main")).to_contain_text("Paid. Bob has the money now.")
    has_left(phone, "97.00")
    # Chromium says of every refused answer that it was one.
    assert [said for said in complaints if "responded with a status of 4" not in said] == []


def sign_in_again_after(page: Page, step: str) -> None:
    """The sign-in ends before the button is pressed."""
    page.get_by_role("button", name=step).wait_for()
    page.context.clear_cookies(name="neobank_session")
    page.get_by_role("button", name=step).click()
    page.get_by_label("Character name").fill("Alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_without_signal_there_is_a_page_that_says_so_and_nothing_private_is_kept(
    phone: Page, line: Line, complaints: list[str]
) -> None:
    phone.evaluate("navigator.serviceWorker.ready")
    phone.goto("/bank/history")
    line.cut()
    phone.goto("/bank")
    expect(phone.get_by_role("heading", name="No signal")).to_be_visible()
    expect(phone.get_by_role("main")).to_contain_text("Your money is safe")
    assert phone.evaluate("getComputedStyle(document.querySelector('.button')).minHeight") == "46px"
    assert phone.evaluate("document.querySelector('.brand img').naturalWidth") > 0
    line.mend()
    phone.get_by_role("link", name="Try again").click()
    expect(phone.locator(".balance")).to_have_text("₵100.00")
    assert phone.url.endswith("/bank")

    kept = phone.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                for (const { url } of await cache.keys()) {
                    found.push([new URL(url).pathname, await (await cache.match(url)).text()]);
                }
            }
            return found;
        }"""
    )
    assert {path for path, _text in kept if not path.startswith("/static/")} == {"/offline"}
    assert not [path for path, text in kept if "Alice" in text or "100.00" in text]
    assert complaints == []


def test_on_3g_the_bank_is_small_and_can_be_used(phone: Page, complaints: list[str]) -> None:
    sizes: list[int] = []
    phone.context.on("response", lambda answer: sizes.append(size_of(answer)))
    network = phone.context.new_cdp_session(phone)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    network.send("Network.emulateNetworkConditions", THIRD_GENERATION)
    phone.goto("/bank", wait_until="networkidle")
    expect(phone.locator(".balance")).to_have_text("₵100.00")
    assert 5_000 < sum(sizes) < FIRST_LOAD_BYTES_MAX, sizes
    phone.get_by_role("link", name="Send", exact=True).first.click()
    phone.get_by_label("To").fill("Bob")
    phone.get_by_label("Amount").fill("1")
    phone.get_by_role("button", name="Continue").click()
    phone.get_by_role("button", name="Pay ₵1.00").click()
    expect(phone.get_by_role("main")).to_contain_text("Paid. Bob has the money now.")
    assert complaints == []


def size_of(answer: Response) -> int:
    """What goes over the line for it where files are gathered, and so compressed, beforehand; pages are not."""
    body = answer.body() if answer.ok else b""
    is_text = "/static/" in answer.url and not answer.url.endswith((".png", ".woff2"))
    return len(zlib.compress(body, 9)) if is_text else len(body)


def test_a_phone_can_install_it(phone: Page, chrome: Browser, complaints: list[str]) -> None:
    context: BrowserContext = phone.context
    phone.evaluate("navigator.serviceWorker.ready")
    phone.reload()
    found = context.new_cdp_session(phone).send("Page.getAppManifest")
    assert found["errors"] == []
    assert '"Arcadia"' in found["data"]
    for error in context.new_cdp_session(phone).send("Page.getInstallabilityErrors")["installabilityErrors"]:
        # A window that leaves no trace installs nothing; that apart, nothing is missing.
        assert error["errorId"] == "in-incognito"
    assert complaints == []

"""Charging in a real browser: two phones at once, a camera that sees the code, and all of it without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from accounts import tenancy
from ledger.models import Account
from ledger.services import requests
from tests.browser.conftest import DESK, PHONE, chromium
from tests.browser.steps import sign_in
from tests.cast import OPENING_BALANCE, make_event
from tests.servers import WebServer

FRAME = (640, 480)


class Field:
    """A bar and a customer, and the address of their bank."""

    def __init__(self, base_url: str, bar: str, code: str) -> None:
        self.base_url, self.bar, self.code = base_url, bar, code


@pytest.fixture
def field(serve: Callable[..., WebServer]) -> Field:
    """Bob keeps a bar and asks for ₵7.00; Alice has ₵100.00."""
    chromium()
    event = make_event("arcadia", registration="open")
    bob = event.person("Bob")
    event.person("Alice", money=OPENING_BALANCE)
    with tenancy.scope(event.tenant):
        Account.objects.filter(pk=bob.account.pk).update(is_merchant=True)
    code = requests.ask(actor=bob.actor, amount=7_00, memo="stew").request.code
    return Field(serve().base_url, bob.number, code)


def film(text: str, place: Path) -> Path:
    """A camera's film that shows ``text`` as a QR code."""
    drawn = place / "code.png"
    segno.make(text, error="m", micro=False).save(str(drawn), scale=8, border=4)
    frame = Image.new("RGB", FRAME, "white")
    code = Image.open(drawn).convert("RGB").resize((400, 400))
    frame.paste(code, ((FRAME[0] - 400) // 2, (FRAME[1] - 400) // 2))
    film = place / "film.mjpeg"
    frame.save(place / "frame.jpg", quality=95)
    film.write_bytes((place / "frame.jpg").read_bytes() * 3)
    return film


@pytest.fixture
def bank(field: Field) -> str:
    """Where phones look for it."""
    return field.base_url


def phone(browser: Browser, field: Field, name: str, **options: Any) -> tuple[Page, list[str]]:
    """Somebody's phone, signed in, and what its console complains of."""
    context = browser.new_context(base_url=field.base_url, **{"viewport": PHONE} | options)
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, name)
    return page, complaints


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phones", "desks"])
def test_two_phones_turn_green(chrome: Browser, field: Field, size: ViewportSize) -> None:
    bar, complaints = phone(chrome, field, "Bob", has_touch=True, viewport=size)
    customer, more = phone(chrome, field, "Alice", viewport=size)
    bar.get_by_role("link", name="Charge").click()
    for key in ("1", "2", ".", "5", "0", "9", "back"):
        bar.locator(f"[data-key='{key}']").click()
    expect(bar.get_by_label("Amount")).to_have_value("12.50")
    bar.get_by_label("What for").fill("two synth-ales")
    bar.get_by_role("button", name="Show the code").click()
    expect(bar.get_by_role("img", name=re.compile("QR code of the payment"))).to_be_visible()
    expect(bar.locator(".qr")).to_have_js_property("complete", True)
    assert bar.evaluate("document.querySelector('.qr').naturalWidth") > 0
    expect(bar.get_by_role("status")).to_have_text("Waiting for the payer. This turns green by itself.")

    customer.goto(f"/requests/{bar.url.rpartition('/')[2]}")
    expect(customer.get_by_role("main")).to_contain_text("two synth-ales")
    customer.get_by_role("button", name="Pay ₵12.50").dblclick(no_wait_after=True)
    expect(customer.locator(".verdict.good")).to_contain_text("✓ Paid")
    # The bar's phone was not touched.
    expect(bar.locator(".verdict.good")).to_contain_text("by Alice", timeout=15_000)
    bar.get_by_role("link", name="Takings").click()
    expect(bar.locator(".balance")).to_have_text("₵12.50")
    assert complaints + more == []


def test_a_till_without_signal_says_so_and_goes_on(chrome: Browser, field: Field) -> None:
    bar, _complaints = phone(chrome, field, "Bob")
    bar.goto(f"/bank/charge/{field.code}")
    bar.context.set_offline(True)
    expect(bar.get_by_role("status")).to_contain_text("still trying", timeout=15_000)
    bar.context.set_offline(False)
    expect(bar.get_by_role("status")).to_contain_text("Waiting for the payer", timeout=15_000)


@pytest.mark.parametrize(("held", "size"), [("a request", PHONE), ("an account", DESK)])
def test_the_camera_finds_the_code(field: Field, tmp_path: Path, held: str, size: ViewportSize) -> None:
    # Under another name than the phone knows the bank by: the path is what counts.
    path = f"/requests/{field.code}" if held == "a request" else f"/pay/{field.bar}"
    shown = film(f"http://bank.example{path}", tmp_path)
    camera = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={shown}",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=camera)
        customer, complaints = phone(browser, field, "Alice", permissions=["camera"], viewport=size)
        customer.get_by_role("link", name="Scan to pay").click()
        customer.get_by_role("button", name="Open the camera").click()
        if held == "a request":
            customer.get_by_role("button", name="Pay ₵7.00").click()
            expect(customer.locator(".verdict.good")).to_contain_text("to Bob")
        else:
            expect(customer.get_by_role("main")).to_contain_text("This is the account of Bob")
        assert complaints == []
        browser.close()


@pytest.mark.parametrize("text", ["https://elsewhere.example/login", "javascript:alert(1)", "hello"])
def test_a_strangers_code_leads_nowhere(field: Field, tmp_path: Path, text: str) -> None:
    camera = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film(text, tmp_path)}",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=camera)
        customer, complaints = phone(browser, field, "Alice", permissions=["camera"])
        customer.goto("/bank/scan")
        customer.get_by_role("button", name="Open the camera").click()
        expect(customer.get_by_role("status")).to_contain_text("not a code of this bank")
        assert customer.url.endswith("/bank/scan")
        assert complaints == []
        browser.close()


def test_a_typing_mistake_is_caught_before_it_is_sent(chrome: Browser, field: Field) -> None:
    customer, complaints = phone(chrome, field, "Alice")
    wrong = field.bar[:-1] + ("0" if field.bar[-1] != "0" else "1")
    for address, label in (("/bank/scan", "Account number or payment code"), ("/bank/send", "To")):
        customer.goto(address)
        typed = customer.get_by_label(label)
        typed.fill(wrong)
        assert "typing mistake" in typed.evaluate("field => field.validationMessage")
        for right in (field.bar, field.bar.lower().replace("-", " "), "Bob", field.code):
            typed.fill(right)
            assert typed.evaluate("field => field.validationMessage") == ""
    assert complaints == []


def test_all_of_it_without_a_script(chrome: Browser, field: Field) -> None:
    bar, complaints = phone(chrome, field, "Bob", java_script_enabled=False)
    customer, more = phone(chrome, field, "Alice", java_script_enabled=False)
    bar.goto("/bank/charge")
    expect(bar.locator(".keypad")).to_be_hidden()
    bar.get_by_label("Amount").fill("3")
    bar.get_by_role("button", name="Show the code").click()
    typed = bar.locator("code.number").inner_text()
    customer.goto("/bank/scan")
    expect(customer.get_by_role("button", name="Open the camera")).to_be_hidden()
    customer.get_by_label("Account number or payment code").fill(typed)
    customer.get_by_role("button", name="Continue").click()
    customer.get_by_role("button", name="Pay ₵3.00").click()
    expect(customer.locator(".verdict.good")).to_contain_text("✓ Paid")
    bar.get_by_role("link", name="Is it paid?").click()
    expect(bar.locator(".verdict.good")).to_contain_text("by Alice")
    assert complaints + more == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_page_of_the_till_is_wider_than_the_smallest_phone(
    chrome: Browser, field: Field, scheme: str
) -> None:
    bar, complaints = phone(chrome, field, "Bob", color_scheme=scheme)
    bar.set_viewport_size({"width": 320, "height": 640})
    for address in (
        "/bank/charge",
        f"/bank/charge/{field.code}",
        f"/requests/{field.code}",
        "/bank/charge/takings",
        "/bank/qr",
        f"/bank/qr/{field.bar}",
        "/bank/scan",
    ):
        bar.goto(address)
        wide = bar.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, address
    assert complaints == []

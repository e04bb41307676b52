"""The pages in a real browser, as a player with a cheap phone uses them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import DESK, PHONE, OpenPage
from tests.cast import PASSWORD

PAGES = (
    *("/", "/bank", "/bank/send", "/bank/history", "/forgot"),
    *("/me", "/me/news", "/me/security", "/me/email", "/me/password", "/me/activity"),
)


def join(page: Page, name: str) -> None:
    """From the landing page to an account."""
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Join").click()
    page.get_by_label("Character name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Open my account").click()
    expect(page.get_by_role("main")).to_contain_text(f"Welcome, {name}.")


def go_to_confirmation(page: Page, *, to: str, amount: str, memo: str = "") -> None:
    """Fill the form and go on."""
    page.goto("/bank/send")
    page.get_by_label("To").fill(to)
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("What for").fill(memo)
    page.get_by_role("button", name="Continue").click()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_without_javascript_a_player_joins_pays_and_finds_it_in_the_history(
    open_page: OpenPage, size: ViewportSize
) -> None:
    page, complaints = open_page(java_script_enabled=False, viewport=size)
    join(page, "Nyx")
    expect(page.locator(".balance")).to_have_text("₵100.00")

    go_to_confirmation(page, to="bob", amount="12,50", memo="two beers")
    expect(page.get_by_role("main")).to_contain_text("You pay Bob")
    expect(page.get_by_role("main")).to_contain_text("12.50 neo-credits")
    page.get_by_role("button", name="Pay ₵12.50").click()
    expect(page.get_by_role("main")).to_contain_text("Paid. Bob has the money now.")

    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("main")).to_contain_text("two beers")
    expect(page.get_by_role("main")).to_contain_text("−₵12.50")

    page.get_by_role("link", name="Me", exact=True).click()
    page.get_by_role("button", name="Sign out here").click()
    expect(page.get_by_role("main")).to_contain_text("You are signed out.")
    assert complaints == []


def test_two_taps_on_pay_pay_once(open_page: OpenPage) -> None:
    page, complaints = open_page(java_script_enabled=False)
    join(page, "Nyx")
    go_to_confirmation(page, to="Bob", amount="10")
    page.get_by_role("button", name="Pay ₵10.00").dblclick(no_wait_after=True)
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    page.go_back()
    page.reload()
    page.goto("/bank")
    expect(page.locator(".balance")).to_have_text("₵90.00")
    assert complaints == []


def test_going_back_to_the_confirmation_and_paying_again_pays_once(open_page: OpenPage) -> None:
    page, _complaints = open_page(java_script_enabled=False)
    join(page, "Nyx")
    go_to_confirmation(page, to="Bob", amount="10")
    page.get_by_role("button", name="Pay ₵10.00").click()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Pay ₵10.00").click()
    expect(page.get_by_role("main")).to_contain_text("not done a second time")
    page.goto("/bank")
    expect(page.locator(".balance")).to_have_text("₵90.00")


def test_a_sign_in_that_ended_in_the_middle_of_a_form_loses_nothing(open_page: OpenPage) -> None:
    page, _complaints = open_page(java_script_enabled=False)
    join(page, "Nyx")
    page.goto("/bank/send")
    page.get_by_label("To").fill("Bob")
    page.get_by_label("Amount").fill("3")
    page.get_by_label("What for").fill("bread & wine")
    page.context.clear_cookies(name="neobank_session")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Character name").fill("Nyx")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("What for")).to_have_value("bread & wine")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Pay ₵3.00").click()
    expect(page.get_by_role("main")).to_contain_text("Paid. Bob has the money now.")


def test_news_is_at_home_until_it_was_seen(open_page: OpenPage) -> None:
    page, complaints = open_page(java_script_enabled=False)
    join(page, "Nyx")
    page.goto("/me/password")
    page.get_by_label("Password until now").fill(PASSWORD)
    for label in ("New password", "New password again"):
        page.get_by_label(label, exact=True).fill("eleven chrome cats")
    page.get_by_role("button", name="Change it").click()
    page.goto("/bank")
    expect(page.get_by_role("region", name="News for you")).to_contain_text("Your password was changed.")
    page.get_by_role("button", name="Seen").click()
    expect(page.get_by_role("region", name="News for you")).to_have_count(0)
    expect(page.locator(".balance")).to_have_text("₵100.00")
    assert complaints == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_page_is_wider_than_the_smallest_phone_or_complains(open_page: OpenPage, scheme: str) -> None:
    page, complaints = open_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    join(page, "Wolfeschlegelsteinhausenbergerdorff the Elder of the Long Names")
    go_to_confirmation(page, to="Bob", amount="1", memo="w" * 140)
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    _fits(page)
    page.get_by_role("button", name="Pay ₵1.00").click()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    _fits(page)
    for address in PAGES:
        page.goto(address)
        _fits(page)
    assert complaints == []


def _fits(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


def test_the_keyboard_alone_is_enough_to_pay(open_page: OpenPage) -> None:
    page, _complaints = open_page(java_script_enabled=False)
    join(page, "Nyx")
    page.goto("/bank/send")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    for typed in ("Bob", "2", "noodles"):
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("You pay Bob")
    page.get_by_role("button", name="Pay ₵2.00").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Paid. Bob has the money now.")

"""Every page in both themes, as axe sees it and as the console of the browser complains; and what moves only for who likes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from accounts import roles, tenancy
from accounts.services.brand import change_brand
from ledger.models import Account
from ledger.services import requests
from ledger.services.transfers import Payment, transfer
from tests.browser.axe import grave_faults
from tests.browser.conftest import DESK, PHONE, chromium
from tests.browser.steps import sign_in
from tests.casino.evening import an_evening
from tests.cast import make_event
from tests.servers import WebServer

GUEST = ["/", "/login", "/register", "/forgot", "/offline", "/nowhere", "/errors/insufficient-funds"]
PLAYER = [
    *("/", "/bank", "/bank/send", "/bank/scan", "/bank/history", "/bank/qr", "/bank/charge"),
    *("/bank/charge/takings", "/bank/ask", "/bank/asked", "/vouchers", "/vouchers/00000000000"),
    *("/me", "/me/security", "/me/news", "/me/email", "/me/password", "/me/activity"),
    *("/casino", "/casino/glitch-grid", "/casino/starlight-smuggler", "/casino/starlight-smuggler/odds"),
    *("/casino/fairness", "/casino/rounds", "/casino/limits", "/casino/limits/pause?hours=24"),
    *("/styleguide", "/nowhere"),
]
CONSOLE = [
    *("/styleguide", "/admin/", "/admin/accounts/user/", "/admin/accounts/faction/"),
    *("/admin/accounts/apikey/", "/admin/accounts/auditevent/", "/admin/ledger/account/"),
    *("/admin/ledger/transfer/", "/admin/ledger/voucherbatch/", "/admin/accounts/tenant/arcadia/"),
    *("/admin/accounts/tenant/arcadia/pay/", "/admin/accounts/tenant/arcadia/vouchers/"),
    *("/admin/accounts/tenant/arcadia/login-cards/", "/admin/accounts/tenant/arcadia/poster/"),
    *("/admin/accounts/tenant/arcadia/brand/", "/admin/accounts/tenant/arcadia/settings/"),
    *("/admin/accounts/tenant/arcadia/pause/", "/admin/accounts/tenant/arcadia/roster/"),
    *("/admin/casino/game/", "/admin/casino/round/", "/admin/casino/rig/", "/admin/casino/storyround/"),
]
SMALLEST: ViewportSize = {"width": 320, "height": 640}
# The answers that refuse are meant.
MEANT = ("404 (Not Found)", "403 (Forbidden)")


@pytest.fixture
def walks(serve: Callable[..., WebServer]) -> dict[str, list[str]]:
    """Who walks where, on an event where something has happened; ``address`` is the server's."""
    chromium()
    event = make_event("arcadia", registration="open")
    alice = event.person("Alice", money=100_00, faction="Free Grid")
    bob = event.person("Bob")
    gm = event.person("Overseer", role=roles.GM)
    event.till(bob)
    paid = transfer(actor=alice.actor, payment=Payment(bob.number, 12_50, memo="two beers")).transfer
    with tenancy.scope(event.tenant):
        Account.objects.filter(pk=alice.account.pk).update(is_merchant=True)
    asked = requests.ask(actor=alice.actor, amount=5_00, memo="stew").request.code
    spun = an_evening(event, alice, gm, "walk")
    change_brand(actor=gm.actor, colours={"glow_dark": "#ffd166"})
    player = [f"/bank/transfers/{paid.pk}", f"/bank/charge/{asked}", f"/requests/{asked}"]
    player += [f"/bank/qr/{alice.number}", f"/pay/{bob.number}", f"/casino/rounds/{spun.round}"]
    console = [f"/admin/ledger/account/{alice.number}/", f"/admin/ledger/account/{alice.number}/adjust/"]
    console += [f"/admin/accounts/user/{alice.user.pk}/", f"/admin/ledger/transfer/{paid.pk}/refund/"]
    return {
        "": GUEST,
        "Alice": PLAYER + player,
        "Overseer": CONSOLE + console,
        "address": [serve().base_url],
    }


@pytest.fixture
def browser(walks: dict[str, list[str]]) -> Iterator[Browser]:
    """A browser; ask for it after everything that needs the database."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium())
        yield running
        running.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_page_has_a_grave_fault_or_a_complaint_or_is_too_wide(
    walks: dict[str, list[str]], browser: Browser, scheme: Any
) -> None:
    [address] = walks["address"]
    faults = []
    for who in ("", "Alice", "Overseer"):
        # Where something moves, axe would look at it in the middle.
        context = browser.new_context(base_url=address, color_scheme=scheme, reduced_motion="reduce")
        faults += faults_on_the_way(context.new_page(), who, walks[who])
        context.close()
    assert not faults, "\n".join(faults)


def faults_on_the_way(page: Page, who: str, paths: list[str]) -> list[str]:
    """What is wrong with the pages at ``paths``, as ``who`` (signed in unless "") sees them."""
    faults: list[str] = []
    page.on("console", lambda said: faults.append(f"{page.url}: {said.text}"))
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    if who:
        sign_in(page, who)
    for path in paths:
        page.goto(path)
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            faults += grave_faults(page)
        page.set_viewport_size(SMALLEST)
        if page.evaluate("document.documentElement.scrollWidth") > SMALLEST["width"]:
            faults.append(f"{path} scrolls sideways")
    return [fault for fault in faults if not any(meant in fault for meant in MEANT)]


def test_titles_flicker_for_who_does_not_mind_and_a_look_is_chosen_in_the_middle_of_a_form(
    walks: dict[str, list[str]], browser: Browser
) -> None:
    [address] = walks["address"]
    name = "getComputedStyle(document.querySelector('h1')).animationName"
    cases: tuple[tuple[Any, str], ...] = (("no-preference", "glitch"), ("reduce", "none"))
    for motion, wanted in cases:
        page = browser.new_context(base_url=address, reduced_motion=motion).new_page()
        page.goto("/login")
        assert page.evaluate(name) == wanted
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.get_by_label("Character name").fill("Nyx")
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark" if dark != "rgb(10, 14, 20)" else "Light").click()
    assert page.evaluate(colour) != dark
    expect(page.get_by_label("Character name")).to_have_value("Nyx")
    chosen = page.evaluate(colour)
    page.reload()
    assert page.evaluate(colour) == chosen
    assert page.evaluate("document.fonts.check('700 20px Orbitron') && document.fonts.size >= 5")

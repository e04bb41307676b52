"""What people do again and again."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.cast import PASSWORD


def sign_in(page: Page, name: str) -> None:
    """Through the form, as everybody; the page after it stands when this returns."""
    page.goto("/login")
    page.get_by_label("Character name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    # A script sends the form, so the click alone waits for nothing.
    page.wait_for_url(lambda url: not url.endswith("/login"))

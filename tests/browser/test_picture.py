"""A photograph straight from a phone: larger than what may be sent, and small before it is sent."""

from __future__ import annotations

import io

from PIL import Image
from playwright.sync_api import expect

from accounts.pictures import UPLOAD_MAX
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import join


def photograph() -> bytes:
    """More than five megabytes, as a phone's camera makes them."""
    made = io.BytesIO()
    Image.effect_noise((3000, 2000), 120).convert("RGB").save(made, "JPEG", quality=95)
    return made.getvalue()


def test_a_photograph_is_made_small_before_it_is_sent(open_page: OpenPage) -> None:
    page, complaints = open_page()
    join(page, "Nyx")
    page.goto("/me")
    raw = photograph()
    assert len(raw) > UPLOAD_MAX
    page.locator("#id_picture").set_input_files(
        {"name": "IMG_4711.JPG", "mimeType": "image/jpeg", "buffer": raw}
    )
    page.get_by_role("button", name="Show this picture").click()
    expect(page.get_by_role("main")).to_contain_text("That is your picture now.")
    drawn = page.locator("h1 img.face").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert drawn == 256
    page.goto("/bank")
    expect(page.locator("h2 img.face")).to_be_visible()
    assert complaints == []

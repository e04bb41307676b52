"""Draws the icons that phones install from the one in neobank/static/neobank/icon.svg, with a Chromium.

    .venv/bin/python scripts/icons.py

Run it after the drawing has changed, and commit what it wrote.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

STATIC = Path(__file__).resolve().parent.parent / "neobank" / "static" / "neobank"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A phone may cut a maskable icon to any shape within its inner 80 % (W3C, Web Application Manifest, "Icon masks").
SAFE = 0.8
GROUND = "#1a0033"


def main() -> int:
    """Write every icon; returns the exit code."""
    drawing = (STATIC / "icon.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=path)
        page = browser.new_page()
        for size in (192, 512):
            draw(page, drawing, size, f"icon-{size}.png")
        draw(page, drawing, 512, "icon-maskable-512.png", ground=GROUND)
        browser.close()
    return 0


def draw(page: Page, drawing: str, size: int, name: str, *, ground: str = "transparent") -> None:
    """One icon; with a ``ground`` it fills the square, and the drawing stands within what no shape cuts off."""
    inner = round(size * (SAFE if ground != "transparent" else 1))
    page.set_viewport_size({"width": size, "height": size})
    page.set_content(
        f"<style>body {{ margin: 0; height: 100vh; display: grid; place-items: center; background: {ground} }}"
        f"svg {{ width: {inner}px; height: {inner}px }}</style>{drawing}"
    )
    page.screenshot(path=STATIC / name, omit_background=True)
    print(name)


if __name__ == "__main__":
    sys.exit(main())

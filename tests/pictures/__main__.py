"""`make screenshots`: the pictures in docs/screenshots, of a real server that Chromium looks at.

    .venv/bin/python -m tests.pictures [names]

Names are beginnings of those in pages.py; without any all are taken, and what no longer stands there is deleted. Ends with 1
when a page could not be taken or its console complained.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import environment
from tests.databases import PROJECT
from tests.servers import WebServer

FOLDER = PROJECT / "docs" / "screenshots"
COLOURS = 96
SHEET_WIDTH = 600


class Server(WebServer):
    """The bank, with the clock of the story."""

    def start(self) -> Server:
        """Run it and return when it answers."""
        address = {"HOST": "127.0.0.1", "PORT": str(self.port)}
        command = [sys.executable, "-m", "tests.pictures", "--serve"]
        self._spawn(command, self.log, {**self.environment, **address}, cwd=PROJECT)
        self._wait_until(self._answers, self.log)
        return self


def main(wanted: list[str]) -> int:
    """Take the pictures; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="nb-pictures-") as folder:
        settings = environment.process_environment(f"sqlite:///{folder}/bank.sqlite3", Path(folder))
        os.environ.clear()
        os.environ.update(settings, DJANGO_SETTINGS_MODULE="neobank.settings", RATE_LIMITS="0")
        places, paper = _prepare()
        server = Server(Path(folder), environment=dict(os.environ))
        try:
            return _take(server.start(), places, paper, wanted)
        finally:
            server.kill()


def _prepare() -> tuple[dict[str, str], dict[str, bytes]]:
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", verbosity=0)
    from tests.pictures import story

    told = story.tell()
    connections.close_all()
    return told


def _take(server: WebServer, places: dict[str, str], paper: dict[str, bytes], wanted: list[str]) -> int:
    from tests.pictures.pages import SHEETS, SHOTS

    FOLDER.mkdir(parents=True, exist_ok=True)
    shots = [shot for shot in SHOTS if _is_wanted(shot.name, wanted)]
    troubles: list[str] = []
    with _chromium(server.port) as browser:
        looks = dict.fromkeys((shot.who, size, light) for shot in shots for _, size, light in shot.files())
        for who, size, light in looks:
            with _eyes(browser, who, size, light, troubles) as page:
                for shot in shots:
                    for file, its_size, its_light in shot.files():
                        if (shot.who, its_size, its_light) == (who, size, light):
                            troubles += _look(page, shot, places, FOLDER / file)
    for name, sheet in SHEETS.items():
        if _is_wanted(name, wanted):
            _save(_drawn(paper[sheet]), FOLDER / f"{name}.png")
    if not wanted and not troubles:
        known = {file for shot in SHOTS for file, _size, _light in shot.files()} | {
            f"{n}.png" for n in SHEETS
        }
        for stale in {path.name for path in FOLDER.glob("*.png")} - known:
            (FOLDER / stale).unlink()
    total = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    print(
        f"{len(list(FOLDER.glob('*.png')))} pictures, {total / 1e6:.1f} MB, in {FOLDER.relative_to(PROJECT)}"
    )
    for trouble in troubles:
        print(f"*** {trouble}", file=sys.stderr)
    return int(bool(troubles))


def _is_wanted(name: str, wanted: list[str]) -> bool:
    return not wanted or name.startswith(tuple(wanted))


@contextmanager
def _chromium(port: int) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    from tests.pictures.story import HOST

    arguments = [
        f"--host-resolver-rules=MAP {HOST}:80 127.0.0.1:{port}",
        f"--unsafely-treat-insecure-origin-as-secure=http://{HOST}",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
    ]
    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if found is None and not Path(playwright.chromium.executable_path).exists():
            subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@contextmanager
def _eyes(browser: Any, who: str, size: str, light: bool, troubles: list[str]) -> Iterator[Any]:
    """A page of somebody who has signed in, on a screen of that size."""
    from tests.cast import PASSWORD
    from tests.pictures.pages import SIZES
    from tests.pictures.story import HOST

    width, height, dots = SIZES[size]
    context = browser.new_context(
        base_url=f"http://{HOST}",
        viewport={"width": width, "height": height},
        device_scale_factor=dots,
        color_scheme="light" if light else "dark",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    page = context.new_page()
    page.on("console", lambda said: troubles.append(f"{page.url}: {said.text}"))
    page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
    if who:
        page.goto("/login")
        page.locator("main [name=character_name]").fill(who)
        page.locator("main [name=password]").fill(PASSWORD)
        with page.expect_navigation():
            page.locator("main [name=password]").press("Enter")
    yield page
    context.close()


def _look(page: Any, shot: Any, places: dict[str, str], path: Path) -> list[str]:
    """Go there, do what belongs to it, and take the picture; returns what went wrong."""
    from playwright.sync_api import Error

    try:
        answer = page.goto(shot.path.format(**places))
        for step in shot.then:
            step(page)
        if answer is not None and answer.status >= 400:
            return [f"{shot.name}: {answer.status} at {page.url}"]
        page.evaluate("document.activeElement && document.activeElement.blur()")
        _save(page.screenshot(animations="disabled", caret="hide"), path)
    except (Error, KeyError) as error:
        return [f"{shot.name}: {str(error).strip().splitlines()[0]}"]
    return []


def _drawn(pdf: bytes) -> bytes:
    """The first page of a PDF as a picture."""
    import pypdfium2  # type: ignore[import-untyped]

    page = pypdfium2.PdfDocument(pdf)[0]
    picture = io.BytesIO()
    page.render(scale=SHEET_WIDTH / page.get_width()).to_pil().save(picture, "PNG")
    return picture.getvalue()


def _save(content: bytes, path: Path) -> None:
    """With few colours, since a page has few: a fifth of the size, and nobody sees it."""
    from PIL import Image

    picture = Image.open(io.BytesIO(content)).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(path, "PNG", optimize=True)


def _serve() -> None:
    import django
    import time_machine
    from django.core.management import call_command

    django.setup()
    from tests.pictures.story import EVENING

    # It ticks on from there: sign-ins and requests run out as they always do.
    time_machine.travel(EVENING, tick=True).start()
    call_command("serve")


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        _serve()
    else:
        sys.exit(main(sys.argv[1:]))

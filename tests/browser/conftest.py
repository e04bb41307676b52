"""A real Chromium and a real server with an event on it.

Playwright keeps an event loop in the thread that started it, and Django's database refuses to work beside one: so an event is
made before the browser is opened, and what a test wants to know it reads from the pages, as a person would.
"""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, ViewportSize, sync_playwright

from tests.cast import make_event
from tests.servers import WebServer

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}
OpenPage = Callable[..., tuple[Page, list[str]]]
NAMES = ("chromium", "chromium-browser", "google-chrome")
WITHOUT = "NO BROWSER TEST WAS RUN: no Chromium here, and none could be installed (%s)."
INSTALL_S_MAX = 900


@functools.cache
def chromium() -> str:
    """The path of a Chromium: of this machine, else installed now; skips the test, loudly, when there can be none."""
    with (Path(tempfile.gettempdir()) / "neobank-chromium.lock").open("w") as lock:
        # One of several workers installs, the others find it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _find()
        if found:
            return found
        reason = _install()
    found = _find()
    if not found:
        pytest.skip(WITHOUT % (reason or "it was installed, and is not where it should be"))
    return found


def _find() -> str | None:
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        bundled = playwright.chromium.executable_path
    return bundled if Path(bundled).exists() else None


def _install() -> str:
    """Install it; returns why that failed, "" when it did not."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        steps = [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]]
    else:
        steps = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=INSTALL_S_MAX, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{step[0]}: {error}"
        if done.returncode:
            return f"{' '.join(step)}: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
    return ""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a browser shows does not depend on the engine; the pages beneath are tested on both."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.once)


@pytest.fixture
def bank(serve: Callable[..., WebServer]) -> str:
    """The address of an event with open doors, where Bob is already."""
    chromium()
    event = make_event("arcadia", registration="open")
    event.person("Bob")
    event.tenant.welcome_bonus, event.tenant.bonus_when_open = 100_00, True
    event.tenant.save()
    return serve().base_url


@pytest.fixture
def chrome(bank: str) -> Iterator[Browser]:
    """A browser; ask for it after everything that needs the database."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        yield browser
        browser.close()


@pytest.fixture
def open_page(chrome: Browser, bank: str) -> OpenPage:
    """``open_page(**context options)``: a page at the bank's address, and everything its console complains of."""

    def open_one(**options: Any) -> tuple[Page, list[str]]:
        page = chrome.new_context(base_url=bank, **{"viewport": PHONE} | options).new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.extend(_failed(request)))
        return page, complaints

    return open_one


def _failed(request: Request) -> list[str]:
    # What the browser dropped because the test went on to the next page is nobody's failure.
    return [] if request.failure == "net::ERR_ABORTED" else [f"{request.url}: {request.failure}"]

"""A phone beside `make event`: it trusts the certificate, and then it has what plain http would not give it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Error, Page, sync_playwright

from neobank.laptop import authority
from tests import environment
from tests.browser.conftest import PHONE, chromium
from tests.laptops import PASSWORD, Laptop

pytestmark = pytest.mark.sqlite_only
# Loopback addresses are secure to a browser whatever they speak, so the laptop needs a name like those on a real network.
NAME = "camp.local"
CAMERA = """async () => {
    if (!navigator.mediaDevices) return "no camera here";
    const stream = await navigator.mediaDevices.getUserMedia({video: true});
    return stream.getVideoTracks().length + " camera";
}"""
KEPT = """async () => {
    const paths = [];
    for (const name of await caches.keys()) {
        const found = await (await caches.open(name)).keys();
        paths.push(...found.map(({ url }) => new URL(url).pathname));
    }
    return paths;
}"""


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """An event on a laptop called camp."""
    chromium()
    folder = tmp_path_factory.mktemp("laptop")
    around = environment.process_environment("sqlite://", folder)
    running = Laptop.new(folder / "camp", around, EVENT_ADDRESSES=NAME)
    try:
        yield running.start()
    finally:
        running.kill()


@pytest.fixture
def trusting(laptop: Laptop) -> Iterator[Browser]:
    """A browser that trusts the laptop's key, and no other that it does not know, and finds it by its name."""
    yield from browser(laptop, trusts=True)


@pytest.fixture
def doubting(laptop: Laptop) -> Iterator[Browser]:
    """One that was told nothing."""
    yield from browser(laptop, trusts=False)


def browser(laptop: Laptop, *, trusts: bool) -> Iterator[Browser]:
    key = authority.certificate_in(laptop.folder_of_event / "bank.pem").public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(spki).digest()).decode()
    arguments = [
        f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
    ]
    if trusts:
        arguments.append(f"--ignore-certificate-errors-spki-list={pin}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield opened
        opened.close()


def on_a_phone(opened: Browser) -> Page:
    return opened.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]}).new_page()


def test_a_phone_that_trusts_it_joins_by_the_poster_and_may_use_its_camera(
    laptop: Laptop, trusting: Browser
) -> None:
    page = on_a_phone(trusting)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    [join] = set(re.findall(rf"https://{NAME}:\d+/register\S+", laptop.said()))
    page.goto(join)
    assert page.evaluate("isSecureContext") is True
    assert page.evaluate(CAMERA) == "1 camera"
    assert page.evaluate("'serviceWorker' in navigator && !!navigator.clipboard && !!crypto.subtle") is True
    page.get_by_label("Character name").fill("Vex")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url(re.compile(r"/bank"))
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["neobank_session"]["secure"]
    # What is shown where no signal is.
    page.evaluate("navigator.serviceWorker.ready")
    kept = page.evaluate(KEPT)
    assert {"/offline", "/static/neobank/base.css"} <= set(kept)
    assert complaints == []


def test_a_phone_that_does_not_know_it_is_warned(laptop: Laptop, doubting: Browser) -> None:
    page = on_a_phone(doubting)
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto(f"https://{NAME}:{laptop.port}/")


def test_the_page_about_the_certificate_is_readable_without_trust_and_leads_on(
    laptop: Laptop, trusting: Browser
) -> None:
    page = on_a_phone(trusting)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.goto(f"http://{NAME}:{laptop.http_port}/")
    assert page.evaluate(CAMERA) == "no camera here", "which is why all this is done"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the certificate").click()
    assert download.value.suggested_filename == "neobank-authority.crt"
    page.get_by_role("link", name="To the bank").click()
    page.wait_for_url(f"https://{NAME}:{laptop.port}/")
    assert complaints == []

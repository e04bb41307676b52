"""examples/web: an app of another origin, served as its README says, against a real bank."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect, sync_playwright

from ledger.services.gm import adjust
from tests.browser.conftest import PHONE, chromium
from tests.cast import PASSWORD, make_event
from tests.databases import PROJECT, Server, eventually
from tests.servers import WebServer, free_port

#: More than a page of the history has.
PAYMENTS = 11


class Files(Server):
    """Files served by `python -m http.server`."""

    def start(self, folder: str) -> str:
        """Run it and return its origin when it answers."""
        port, log = free_port(), self.folder / "files.log"
        command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
        self._spawn([*command, "--directory", folder], log, {}, cwd=PROJECT)
        self._wait_until(lambda: _status(port, "HEAD", "/") == 200, log)
        # Not the bank's host: another site altogether, and still one that browsers hold for secure.
        return f"http://localhost:{port}"


def _status(port: int, method: str, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@pytest.fixture
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    running = Files(tmp_path_factory.mktemp("files"))
    yield running
    running.kill()


@pytest.fixture
def bank(serve: Callable[..., WebServer]) -> WebServer:
    """An event where Alice, who has been paid often, can pay Bob."""
    chromium()
    event = make_event("arcadia")
    event.person("Bob")
    alice = event.person("Alice")
    for place in range(PAYMENTS):
        adjust(actor=event.server, account=alice.number, amount=10_00, reason=f"wages {place}")
    return serve()


def allow(bank: WebServer, origin: str) -> None:
    """What the page and the README say to run; another process sees it within two seconds."""
    command = [sys.executable, "manage.py", "allow_origin", origin]
    subprocess.run(command, cwd=PROJECT, env=bank.environment, check=True, capture_output=True)
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    def is_allowed() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", bank.port, timeout=30)
        connection.request("OPTIONS", "/api/v1/auth/login", headers=asked)
        answer = connection.getresponse()
        connection.close()
        return answer.headers["Access-Control-Allow-Origin"] == origin

    assert eventually(is_allowed)


def sign_in(page: Page, bank: WebServer, password: str = PASSWORD) -> None:
    page.get_by_label("Address of the bank").fill(bank.base_url)
    page.get_by_label("Character name").fill("Alice")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def fill_payment(page: Page, to: str, amount: str) -> None:
    page.get_by_label("To: name or account number").fill(to)
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("What for").fill("two synth-ales")
    page.get_by_role("button", name="Next").click()


def test_an_app_of_another_origin_is_refused_then_allowed_and_pays_once_over_a_bad_line(
    bank: WebServer, files: Files
) -> None:
    app = files.start("examples/web")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        page = browser.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]}).new_page()
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(app)
        news = page.get_by_role("status")

        sign_in(page, bank)
        expect(news).to_contain_text(f'make manage ARGS="allow_origin {app}"')
        assert any("CORS policy" in line for line in said)
        allow(bank, app)
        said.clear()

        wrong_and_right_password(page, bank)
        assert all("status of 401" in line for line in said), said
        said.clear()
        history_goes_on(page)
        mistakes_are_said_at_their_fields(page)
        token_that_ran_out_is_refreshed(page)
        assert all(re.search(r"status of 4\d\d", line) for line in said), said
        paid_once_though_the_answer_was_lost(page)
        page.get_by_role("button", name="Sign out").click()
        expect(news).to_have_text("You are signed out.")
        assert page.evaluate("sessionStorage.getItem('access_token')") is None
        assert not [line for line in said if "Content Security Policy" in line]
        browser.close()


def wrong_and_right_password(page: Page, bank: WebServer) -> None:
    """The bank's own sentence, and then the balance."""
    sign_in(page, bank, "not this one")
    expect(page.get_by_role("status")).to_contain_text("password")
    sign_in(page, bank)
    expect(page.locator("#balance")).to_have_text("₵110.00")
    expect(page.locator("#name")).to_have_text("Alice")


def history_goes_on(page: Page) -> None:
    """Ten lines, then the rest."""
    lines = page.locator("#history li")
    expect(lines).to_have_count(10)
    page.get_by_role("button", name="Older").click()
    expect(lines).to_have_count(PAYMENTS)
    expect(page.get_by_role("button", name="Older")).to_be_hidden()
    expect(lines.last).to_contain_text("wages 0")


def mistakes_are_said_at_their_fields(page: Page) -> None:
    """What the page itself sees, what nobody knows, and what the bank refuses."""
    amount, to = page.get_by_label("Amount"), page.get_by_label("To: name or account number")
    fill_payment(page, "Bob", "1.005")
    expect(page.locator("#amount-error")).to_have_text("Type an amount like 12.50.")
    expect(amount).to_have_attribute("aria-invalid", "true")
    fill_payment(page, "Nobody", "1")
    expect(page.locator("#to_account-error")).to_contain_text("exact name")
    expect(to).to_be_focused()
    fill_payment(page, "Bob", "500")
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("You have ₵110.00")


def token_that_ran_out_is_refreshed(page: Page) -> None:
    """One answer says that the access token is over: the page gets another one and goes on, and nobody notices."""
    before = page.evaluate("sessionStorage.getItem('access_token')")

    def run_out(route: Route) -> None:
        problem = {"code": "token_expired", "detail": "Your sign-in has run out.", "errors": []}
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(status=401, json=problem, headers=headers)

    page.route("**/api/v1/payees*", run_out, times=1)
    with page.expect_response(re.compile(r"/auth/refresh$")) as refreshed:
        fill_payment(page, "Bob", "12,50")
    assert refreshed.value.ok
    expect(page.locator("#confirm")).to_be_visible()
    expect(page.locator("#confirm-to")).to_have_text("Bob")
    assert page.evaluate("sessionStorage.getItem('access_token')") != before


def paid_once_though_the_answer_was_lost(page: Page) -> None:
    """The bank pays and the answer is cut off, again and again; a reload loses nothing; with signal the same key tells."""
    keys: list[str] = []

    def cut(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort("connectionreset")

    page.route("**/api/v1/transfers", cut)
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Asking again with the same key")
    page.reload()
    expect(page.locator("#unanswered-what")).to_contain_text("12,50 NC to Bob")
    page.unroute("**/api/v1/transfers")
    with page.expect_request(re.compile(r"/transfers$")) as sent:
        page.get_by_role("button", name="Ask again").click()
    assert {sent.value.headers["idempotency-key"]} == set(keys)
    expect(page.get_by_role("status")).to_contain_text("₵12.50 paid to Bob")
    expect(page.get_by_role("status")).to_contain_text("it was paid once")
    expect(page.locator("#balance")).to_have_text("₵97.50")
    expect(page.locator("#history li").first).to_contain_text("two synth-ales")

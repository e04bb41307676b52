"""Charging and paying by code, as pages without any script."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import zxingcpp
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts import tenancy
from accounts.services.world import pause_world
from ledger import codes, qr
from ledger.models import Account, PaymentRequest
from ledger.services.accounts import hire
from ledger.services.transfers import Payment, transfer
from tests.cast import Event, Person
from tests.pages.reading import fields_of, sign_in, tags_of, text_of


@pytest.fixture
def till(bob: Person) -> Client:
    """Bob's phone; his account is a till."""
    with tenancy.scope(bob.tenant):
        Account.objects.filter(pk=bob.account.pk).update(is_merchant=True)
    client = Client()
    sign_in(client, "Bob")
    return client


def charge(till: Client, amount: str = "12.50", memo: str = "two ales") -> str:
    """The code of a new request."""
    key = fields_of(till.get("/bank/charge"))["key"]
    answer = till.post("/bank/charge", {"amount": amount, "memo": memo, "key": key})
    assert answer.status_code == 302, text_of(answer)
    return str(answer["Location"]).rpartition("/")[2]


def confirm(payer: Client, code: str, **changed: str) -> Any:
    page = payer.get(f"/requests/{code}")
    return payer.post(f"/requests/{code}", fields_of(page) | changed, follow=True)


def test_the_payer_confirms_and_both_see_green(
    till: Client, browser: Client, alice: Person, bob: Person
) -> None:
    code = charge(till)
    waiting = text_of(till.get(f"/bank/charge/{code}"))
    assert "Scan to pay ₵12.50" in waiting
    assert codes.spaced(code) in waiting
    assert "Is it paid?" in waiting
    question = text_of(browser.get(f"/requests/{code}"))
    assert "Pay Bob?" in question
    assert "12.50 neo-credits" in question
    assert "two ales" in question
    assert "Left afterwards ₵87.50" in question

    green = confirm(browser, code)
    assert "✓ Paid ₵12.50" in text_of(green)
    assert "to Bob" in text_of(green)
    assert "✓ Paid ₵12.50 by Alice" in text_of(till.get(f"/bank/charge/{code}"))
    assert (alice.balance(), bob.balance()) == (87_50, 12_50)


def test_a_form_sent_twice_or_from_an_old_page_pays_once(
    till: Client, browser: Client, alice: Person
) -> None:
    code = charge(till)
    form = fields_of(browser.get(f"/requests/{code}"))
    other = fields_of(browser.get(f"/requests/{code}"))
    browser.post(f"/requests/{code}", form)
    assert "not done a second time" in text_of(browser.post(f"/requests/{code}", form, follow=True))
    assert "You had paid this already" in text_of(browser.post(f"/requests/{code}", other))
    assert alice.balance() == 87_50


def test_a_second_payer_reads_that_it_is_paid_and_who_paid_is_nobodys_business(
    till: Client, browser: Client, event: Event
) -> None:
    code = charge(till)
    late, second = event.person("Late", money=50_00), Client()
    sign_in(second, "Late")
    form = fields_of(second.get(f"/requests/{code}"))
    confirm(browser, code)
    refused = second.post(f"/requests/{code}", form)
    assert refused.status_code == 409
    assert "nothing was taken from you" in text_of(refused)
    assert "Alice" not in text_of(refused)
    assert "Somebody else has paid this" in text_of(second.get(f"/requests/{code}"))
    assert late.balance() == 50_00


def test_who_has_too_little_is_told_before_and_asked_nothing(till: Client, browser: Client) -> None:
    code = charge(till, amount="100.01")
    page = browser.get(f"/requests/{code}")
    assert "You have ₵100.00; this needs ₵100.01. Nothing was paid." in text_of(page)
    assert not [
        a
        for tag, a in tags_of(page)
        if tag == "form" and a.get("method") == "post" and a.get("action") != "/theme"
    ]


def test_a_pause_is_told_and_the_form_stays(
    till: Client, browser: Client, event: Event, alice: Person
) -> None:
    code = charge(till)
    form = fields_of(browser.get(f"/requests/{code}"))
    pause_world(actor=event.server, reason="fire")
    refused = browser.post(f"/requests/{code}", form)
    assert refused.status_code == 409
    assert "paused the bank" in text_of(refused)
    assert fields_of(refused)["key"] != form["key"]
    assert alice.balance() == 100_00


def test_a_stranger_is_led_through_the_sign_in_and_back(till: Client, alice: Person, bob: Person) -> None:
    code = charge(till)
    for path, there in (
        (f"/requests/{code}", "Pay Bob?"),
        (f"/pay/{bob.number}", "This is the account of Bob"),
    ):
        stranger = Client()
        asked = stranger.get(path, follow=True)
        form = fields_of(asked) | {"character_name": "Alice", "password": "correct horse 42"}
        arrived = stranger.post("/login", form, follow=True)
        assert there in text_of(arrived), path


def test_whose_sign_in_ended_comes_back_to_the_question(till: Client, browser: Client, alice: Person) -> None:
    code = charge(till)
    form = fields_of(browser.get(f"/requests/{code}"))
    browser.cookies.pop("neobank_session")
    asked = browser.post(f"/requests/{code}", form, follow=True)
    arrived = browser.post(
        "/login", fields_of(asked) | {"character_name": "Alice", "password": "correct horse 42"}, follow=True
    )
    assert fields_of(arrived)["key"] == form["key"]
    assert alice.balance() == 100_00


def test_taken_back_and_run_out_say_so_on_both_sides(till: Client, browser: Client, bob: Person) -> None:
    code = charge(till)
    assert "nobody can pay it any more" in text_of(till.post(f"/bank/charge/{code}/cancel", follow=True))
    assert "Taken back" in text_of(till.get(f"/bank/charge/{code}"))
    assert "The payee has taken this back" in text_of(browser.get(f"/requests/{code}"))
    code = charge(till)
    with tenancy.scope(bob.tenant):
        PaymentRequest.objects.filter(code=code).update(expires_at=timezone.now())
    assert "Not paid in time" in text_of(till.get(f"/bank/charge/{code}"))
    assert "The time to pay this is over" in text_of(browser.get(f"/requests/{code}"))
    [again] = [
        a["href"]
        for tag, a in tags_of(till.get(f"/bank/charge/{code}"))
        if "amount=" in (a.get("href") or "")
    ]
    assert fields_of(till.get(str(again)))["amount"] == "12.50"
    assert fields_of(till.get(str(again)))["memo"] == "two ales"


def test_what_was_paid_while_it_was_taken_back_shows_as_paid(till: Client, browser: Client) -> None:
    code = charge(till)
    confirm(browser, code)
    answer = till.post(f"/bank/charge/{code}/cancel", follow=True)
    assert "It has just been paid" in text_of(answer)
    assert "by Alice" in text_of(answer)


def test_whoever_has_no_till_is_told_whom_to_ask(browser: Client) -> None:
    for path in ("/bank/charge", "/bank/charge/takings"):
        answer = browser.get(path)
        assert answer.status_code == 403
        assert "Ask a game master" in text_of(answer)


def test_several_people_work_at_one_till(till: Client, browser: Client, event: Event, bob: Person) -> None:
    kit = event.person("Kit")
    hire(actor=event.server, account=bob.number, person=kit.user)
    second = Client()
    sign_in(second, "Kit")
    code = charge(second, amount="3", memo="stew")
    assert "stew" in text_of(till.get("/bank/charge"))
    confirm(browser, code)
    for client in (till, second):
        page = text_of(client.get("/bank/charge/takings"))
        assert "Payments 1" in page
        assert "Alice +₵3.00" in page


def test_takings_lead_to_giving_back(till: Client, browser: Client, alice: Person, bob: Person) -> None:
    confirm(browser, charge(till))
    page = till.get("/bank/charge/takings")
    [link] = [a["href"] for tag, a in tags_of(page) if str(a.get("href")).endswith("/refund")]
    form = fields_of(till.get(str(link)))
    till.post(str(link), form | {"amount": "2.50"})
    shown = text_of(till.get("/bank/charge/takings"))
    assert "today ₵10.00" in shown
    assert "Of that given back ₵2.50" in shown
    assert "₵2.50 given back" in shown
    assert alice.balance() == 90_00
    before = till.get("/bank/charge/takings", {"day": "2020-02-03"})
    assert "Nothing taken on this day" in text_of(before)


@pytest.mark.parametrize("amount", ["", "0", "-3", "1,5,5", "1e3", "12.345", "٣", "9" * 20])
def test_an_amount_that_is_none_keeps_what_was_typed(till: Client, amount: str) -> None:
    answer = till.post("/bank/charge", {"amount": amount, "memo": "stew"})
    assert answer.status_code == 400
    assert fields_of(answer)["memo"] == "stew"


# -- codes to show and to scan -----------------------------------------------------------------------------------------


def read(svg: bytes) -> str:
    """What a camera reads in one of our codes."""
    size = int(re.search(rb'viewBox="0 0 (\d+) ', svg)[1])  # type: ignore[index]
    picture = Image.new("L", (size, size), 255)
    path = re.search(rb'stroke="#000" d="([^"]+)"', svg)[1].decode()  # type: ignore[index]
    x = y = 0.0
    for kind, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        first, *rest = (int(part) if "." not in part else part for part in numbers.split())
        if kind == "h":
            for step in range(int(first)):
                picture.putpixel((int(x) + step, int(y)), 0)
            x += int(first)
        else:
            across, down = int(first), int(str(rest[0]).partition(".")[0] or 0)
            x, y = (across, down) if kind == "M" else (x + across, y + down)
    [found] = zxingcpp.read_barcodes(picture.resize((size * 8, size * 8)))
    return str(found.text)


def test_a_code_is_read_as_what_was_written() -> None:
    for text in ("https://bank.example/pay/NC-4F0X-Z1QG", "http://127.0.0.1:8000/requests/Z35EKCNT6TMK"):
        assert read(qr.svg(text)) == text


def test_the_codes_on_the_pages_lead_where_they_should(till: Client, bob: Person) -> None:
    code = charge(till)
    for picture, leads_to in (
        (f"/requests/{code}/qr.svg", f"/requests/{code}"),
        (f"/bank/qr/{bob.number}.svg", f"/pay/{bob.number}"),
    ):
        answer = till.get(picture)
        assert answer["Content-Type"] == "image/svg+xml"
        assert urlsplit(read(answer.content)).path == leads_to
    for page in (f"/bank/charge/{code}", "/bank/qr", f"/bank/qr/{bob.number}"):
        pictures = [
            a["src"] for tag, a in tags_of(till.get(page)) if tag == "img" and "qr" in str(a.get("class"))
        ]
        assert len(pictures) == 1
        assert till.get(str(pictures[0])).status_code == 200


def test_a_receipt_is_shown_as_a_code_to_the_other_side_alone(
    browser: Client, alice: Person, bob: Person, event: Event
) -> None:
    paid = transfer(actor=alice.actor, payment=Payment(bob.number, 1_00)).transfer
    path = f"/bank/transfers/{paid.pk}"
    assert f"{path}/qr.svg" in browser.get(path).content.decode()
    assert urlsplit(read(browser.get(f"{path}/qr.svg").content)).path == path
    other, stranger = Client(), Client()
    sign_in(other, "Bob")
    event.person("Eve")
    sign_in(stranger, "Eve")
    assert other.get(path).status_code == 200
    assert {stranger.get(path).status_code, stranger.get(f"{path}/qr.svg").status_code} == {404}


def test_nobody_prints_somebody_elses_sheet(browser: Client, bob: Person) -> None:
    assert browser.get(f"/bank/qr/{bob.number}").status_code == 404
    assert browser.get(f"/bank/qr/{bob.number}.svg").status_code == 404


def test_typed_instead_of_scanned(till: Client, browser: Client, bob: Person) -> None:
    code = charge(till)
    for typed in (codes.spaced(code).lower(), code):
        assert browser.get("/bank/scan", {"number": typed})["Location"] == f"/requests/{code}"
    typed = bob.number.replace("-", " ").lower()
    assert "This is the account of Bob" in text_of(browser.get("/bank/scan", {"number": typed}, follow=True))
    wrong = bob.number[:-1] + ("0" if bob.number[-1] != "0" else "1")
    for typed in (wrong, "", "NC-MINT-0000", "Bob", "https://elsewhere.example/pay/x"):
        answer = browser.get("/bank/scan", {"number": typed})
        assert answer.status_code == 400, typed
    assert "Location" not in answer

"""The history, receipts, and giving money back."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client

from accounts import directory, tenancy
from ledger import pages, selectors
from ledger.forms import HistoryForm
from ledger.models import Entry, Transfer
from ledger.services import transfers
from ledger.services.accounts import add_staff
from ledger.services.transfers import Payment
from tests.cast import Event, Person
from tests.pages.reading import fields_of, sign_in, text_of


def pay(payer: Person, payee: Person, amount: int, memo: str = "") -> Transfer:
    payment = Payment(to_account=payee.account.number, amount=amount, memo=memo)
    return transfers.transfer(actor=payer.actor, payment=payment).transfer


def lines_of(page: Any) -> list[str]:
    """The ids of the transfers that a page lists."""
    return re.findall(r'class="movement" href="/bank/transfers/([0-9a-f-]{36})"', page.content.decode())


def link(page: Any, words: str) -> str:
    """The address behind a link of a page."""
    found = re.search(rf'href="([^"]+)"[^>]*>{words}</a>', page.content.decode())
    assert found, f"no link {words}"
    return found[1].replace("&amp;", "&")


# -- The history -------------------------------------------------------------------------------------------------------


def test_the_history_goes_on_from_page_to_page_without_losing_or_repeating_a_line(
    browser: Client, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LINES_A_PAGE", 3)
    for amount in range(1, 8):
        pay(alice, bob, amount)
    seen, address = [], "/bank/history"
    while True:
        page = browser.get(address)
        seen += lines_of(page)
        if "Older" not in text_of(page):
            break
        address = link(page, "Older")
        pay(bob, alice, 1)  # what happens meanwhile moves no page
    with tenancy.scope(alice.actor.tenant):
        before = Entry.objects.filter(account=alice.account).order_by("seq")[:8]
        assert seen == [str(entry.transfer_id) for entry in reversed(before)]
    assert lines_of(browser.get(link(page, "Newest"))) != seen[-3:]


def test_the_history_is_found_by_word_name_number_kind_and_day(
    browser: Client, alice: Person, bob: Person
) -> None:
    beer, gift = pay(alice, bob, 3_00, "two beers"), pay(bob, alice, 1_00, "a gift")
    first, last = (alice.actor.tenant.day_of(moment) for moment in (beer.posted_at, gift.posted_at))
    for query, wanted in {
        "q=beers": [beer],
        "q=bob": [gift, beer],
        f"q={bob.account.number}": [gift, beer],
        "type=transfer_in": [gift],
        "type=transfer_out": [beer],
        f"since={first}&until={last}&q=bob": [gift, beer],
        f"since={last + dt.timedelta(days=1)}": [],
        "q=zzz": [],
    }.items():
        assert lines_of(browser.get(f"/bank/history?{query}")) == [str(t.pk) for t in wanted], query
    assert "Nothing fits" in text_of(browser.get("/bank/history?q=zzz"))


def test_a_day_of_the_history_begins_when_the_event_says(
    browser: Client, event: Event, alice: Person
) -> None:
    event.tenant.time_zone, event.tenant.day_starts_at = "Europe/Berlin", dt.time(6)
    form = HistoryForm(
        {"since": "2026-07-01", "until": "2026-07-01"}, accounts=[alice.account], tenant=event.tenant
    )
    assert form.is_valid()
    filters = form.filters()
    assert filters.since == dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)
    assert filters.until == dt.datetime(2026, 7, 2, 3, 59, 59, 999_999, tzinfo=dt.UTC)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize("hour", [0, 23])
def test_the_first_and_the_last_day_may_be_named_anywhere_on_earth(
    browser: Client, event: Event, alice: Person, bob: Person, zone: str, hour: int
) -> None:
    event.tenant.time_zone, event.tenant.day_starts_at = zone, dt.time(hour)
    event.tenant.save()
    directory.forget()
    beer = pay(alice, bob, 3_00)
    assert lines_of(browser.get("/bank/history?since=1900-01-01&until=2999-12-31&q=bob")) == [str(beer.pk)]
    assert lines_of(browser.get("/bank/history?since=2999-12-31")) == []
    assert lines_of(browser.get("/bank/history?until=1900-01-01")) == []


def test_filters_stay_from_page_to_page(
    browser: Client, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LINES_A_PAGE", 1)
    for memo in ("beer one", "noodles", "beer two"):
        pay(alice, bob, 1, memo)
    older = browser.get(link(browser.get("/bank/history?q=beer"), "Older"))
    assert "beer one" in text_of(older)
    assert fields_of(older)["q"] == "beer"


@pytest.mark.parametrize(
    "query",
    [
        "type=nonsense",
        "since=yesterday",
        "until=2026-13-01",
        "until=9999-12-31",
        "until=0001-01-01",
        "since=9999-12-31",
        "since=0001-01-01",
        "q=%00",
        "q=" + "x" * 65,
        "account=NC-MINT-0000",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_and_shown_again(
    browser: Client, event: Event, alice: Person, query: str
) -> None:
    bar = event.person("The Bar")
    with tenancy.scope(event.tenant):
        add_staff(actor=bar.actor, account=bar.account, user=alice.user)
    page = browser.get(f"/bank/history?{query}")
    assert page.status_code == 400
    assert "<html" in page.content.decode()


@pytest.mark.parametrize("after", ["x", "eyJhIjoxfQ", "%00", "a:b:c"])
def test_a_page_marker_that_we_did_not_give_out_is_refused(browser: Client, after: str) -> None:
    assert browser.get(f"/bank/history?after={after}").status_code == 400


def test_another_persons_page_marker_opens_nothing(
    browser: Client, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LINES_A_PAGE", 1)
    pay(alice, bob, 1)
    theirs = link(browser.get("/bank/history"), "Older")
    bobs = Client()
    sign_in(bobs, "Bob")
    assert bobs.get(theirs).status_code == 400


def test_who_has_no_history_is_invited_to_begin_one(bob: Person) -> None:
    browser = Client()
    sign_in(browser, "Bob")
    assert "Nothing has happened yet" in text_of(browser.get("/bank"))
    assert "Nothing has happened yet" in text_of(browser.get("/bank/history"))


# -- Receipts ----------------------------------------------------------------------------------------------------------


def test_both_sides_see_the_receipt_and_nobody_else(
    browser: Client, event: Event, alice: Person, bob: Person
) -> None:
    paid = pay(alice, bob, 12_50, "two beers")
    event.person("Charlie")
    for name, status in (("Alice", 200), ("Bob", 200), ("Charlie", 404)):
        person = Client()
        sign_in(person, name)
        page = person.get(f"/bank/transfers/{paid.pk}")
        assert page.status_code == status
        assert ("two beers" in text_of(page)) == (status == 200)
        assert person.get(f"/bank/transfers/{paid.pk}/refund").status_code == status


def test_the_home_page_shows_the_balance_the_number_and_what_happened_last(
    browser: Client, alice: Person, bob: Person
) -> None:
    pay(alice, bob, 12_50, "two beers")
    page = text_of(browser.get("/bank"))
    assert "₵87.50" in page
    assert alice.account.number in page
    assert f"http://testserver/pay/{alice.account.number}" in page
    assert "−₵12.50" in page
    assert "paid · two beers" in page


# -- Giving back -------------------------------------------------------------------------------------------------------


@pytest.fixture
def bobs(bob: Person) -> Client:
    """Bob's browser."""
    client = Client()
    sign_in(client, "Bob")
    return client


def test_who_received_it_gives_it_back_from_the_receipt(bobs: Client, alice: Person, bob: Person) -> None:
    paid = pay(alice, bob, 10_00)
    assert "Give it back" in text_of(bobs.get(f"/bank/transfers/{paid.pk}"))
    address = f"/bank/transfers/{paid.pk}/refund"
    form = fields_of(bobs.get(address))
    assert form["amount"] == "10.00"
    done = bobs.post(address, {**form, "amount": "4", "memo": "wrong round"}, follow=True)
    assert "Given back to Alice." in text_of(done)
    assert "refund" in text_of(done)
    assert (alice.balance(), bob.balance()) == (94_00, 6_00)

    assert "₵6.00 of it can still be given back." in text_of(bobs.get(address))
    bobs.post(address, fields_of(bobs.get(address)))
    assert "All of it has been given back." in text_of(bobs.get(address))
    assert (alice.balance(), bob.balance()) == (100_00, 0)


def test_a_refund_sent_twice_is_given_once(bobs: Client, alice: Person, bob: Person) -> None:
    paid = pay(alice, bob, 10_00)
    address = f"/bank/transfers/{paid.pk}/refund"
    form = {**fields_of(bobs.get(address)), "amount": "3", "memo": ""}
    bobs.post(address, form)
    assert "not done a second time" in text_of(bobs.post(address, form, follow=True))
    assert bob.balance() == 7_00


def test_more_than_was_paid_is_not_given_back(bobs: Client, alice: Person, bob: Person) -> None:
    pay(alice, bob, 20_00)
    paid = pay(alice, bob, 10_00)
    address = f"/bank/transfers/{paid.pk}/refund"
    form = fields_of(bobs.get(address))
    refused = bobs.post(address, {**form, "amount": "10.01", "memo": "m"})
    assert refused.status_code == 409
    assert "₵10.00 can still be given back" in text_of(refused)
    assert fields_of(refused)["memo"] == "m"
    assert fields_of(refused)["key"] != form["key"]
    assert bobs.post(address, {**form, "amount": "ten"}).status_code == 400


def test_what_was_spent_meanwhile_cannot_be_given_back(
    bobs: Client, event: Event, alice: Person, bob: Person
) -> None:
    paid = pay(alice, bob, 10_00)
    pay(bob, event.person("Carol"), 8_00)
    address = f"/bank/transfers/{paid.pk}/refund"
    refused = bobs.post(address, fields_of(bobs.get(address)))
    assert refused.status_code == 409
    assert "You have ₵2.00; this needs ₵10.00." in text_of(refused)


def test_who_paid_gives_nothing_back(browser: Client, alice: Person, bob: Person) -> None:
    paid = pay(alice, bob, 10_00)
    receipt = text_of(browser.get(f"/bank/transfers/{paid.pk}"))
    assert "Give it back" not in receipt
    assert "Pay Bob again" in receipt
    address = f"/bank/transfers/{paid.pk}/refund"
    refused = browser.post(address, fields_of(browser.get(address)))
    assert refused.status_code == 403
    assert "Only who received this" in text_of(refused)
    with tenancy.scope(alice.actor.tenant):
        assert selectors.refundable(paid) == 10_00

"""Paying somebody through the pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import limits, passwords, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, NotFound, Unavailable
from accounts.models import LoginSession
from accounts.services.people import draft
from accounts.services.staff import create_staff
from accounts.services.world import pause_world, resume_world
from ledger import selectors
from ledger.models import Transfer
from ledger.services import transfers
from ledger.services.accounts import add_staff, freeze, unfreeze
from tests.cast import PASSWORD, Event, Person
from tests.pages.reading import fields_of, sign_in, text_of


def fill(browser: Client, **typed: str) -> Any:
    """Fill the form and go on to the confirmation."""
    form = fields_of(browser.get("/bank/send"))
    return browser.post("/bank/send", {**form, "memo": "", **typed}, follow=True)


def pay(browser: Client, **typed: str) -> Any:
    """The whole way, to the receipt."""
    return browser.post("/bank/send", fields_of(fill(browser, **typed)), follow=True)


@pytest.mark.parametrize("path", ["/bank/send", "/bank/ask", "/bank/seen", "/me/profile"])
def test_a_nul_in_a_field_is_refused(browser: Client, path: str) -> None:
    assert browser.post(path, {"to": "a\0b", "to_account": "a\0b"}).status_code == 400


# -- The way it is meant -----------------------------------------------------------------------------------------------


def test_a_payment_goes_from_form_to_confirmation_to_receipt(
    browser: Client, alice: Person, bob: Person
) -> None:
    sure = fill(browser, to="bob", amount="12.50", memo="two beers")
    assert sure.status_code == 200
    assert "You pay Bob" in text_of(sure)
    assert "12.50 neo-credits" in text_of(sure)
    assert "₵87.50" in text_of(sure)
    assert (alice.balance(), bob.balance()) == (100_00, 0)

    receipt = browser.post("/bank/send", fields_of(sure), follow=True)
    assert "Paid. Bob has the money now." in text_of(receipt)
    assert "two beers" in text_of(receipt)
    assert (alice.balance(), bob.balance()) == (87_50, 12_50)


def test_whom_one_paid_before_is_at_hand_and_nobody_else(browser: Client, event: Event, bob: Person) -> None:
    event.person("Mallory")
    assert "Paid before" not in text_of(browser.get("/bank/send"))
    pay(browser, to="Bob", amount="1")
    page = browser.get("/bank/send")
    assert f'<a href="/pay/{bob.number}">Bob</a>' in page.content.decode()
    assert f'<option value="{bob.number}">Bob</option>' in page.content.decode()
    assert "Mallory" not in page.content.decode()
    chosen = browser.get(f"/bank/send?to={bob.number}")
    assert "This is the account of Bob" in text_of(chosen)
    assert "Paid before" not in text_of(chosen)


@pytest.mark.parametrize("typed", ["BOB", "  bob ", "{number}", "{number_without_hyphens}"])
def test_a_payee_is_named_by_name_or_number_as_people_type_them(
    browser: Client, bob: Person, typed: str
) -> None:
    number = bob.account.number
    to = typed.format(number=number.lower(), number_without_hyphens=number.replace("-", ""))
    assert "You pay Bob" in text_of(fill(browser, to=to, amount="1"))


@pytest.mark.parametrize(
    ("typed", "minor_units"), [("7", 700), ("7.5", 750), ("7,50", 750), ("₵7.05", 705), (" 0.01 ", 1)]
)
def test_an_amount_is_read_as_people_write_it(
    browser: Client, bob: Person, typed: str, minor_units: int
) -> None:
    pay(browser, to="Bob", amount=typed)
    assert bob.balance() == minor_units


def test_the_link_of_an_account_opens_the_form_with_the_payee_filled_in(browser: Client, bob: Person) -> None:
    form = browser.get(f"/pay/{bob.account.number.lower()}?amount=3", follow=True)
    assert fields_of(form)["to"] == bob.account.number
    assert fields_of(form)["amount"] == "3"
    assert f"This is the account of Bob ({bob.account.number})" in text_of(form)


def test_a_link_followed_by_a_stranger_leads_through_the_sign_in_to_the_form(
    alice: Person, bob: Person
) -> None:
    browser = Client()
    page = browser.get(f"/pay/{bob.account.number}?amount=3", follow=True)
    assert page.redirect_chain[-1][0].startswith("/login?next=/bank/send")
    form = browser.post(
        "/login", {**fields_of(page), "character_name": "Alice", "password": PASSWORD}, follow=True
    )
    assert fields_of(form)["to"] == bob.account.number


def test_somebody_who_works_with_a_till_chooses_from_where_to_pay(
    browser: Client, event: Event, alice: Person, bob: Person
) -> None:
    bar = event.person("The Bar", money=50_00)
    with tenancy.scope(event.tenant):
        add_staff(actor=event.server, account=bar.account, user=alice.user)
    assert "The Bar · ₵50.00" in text_of(browser.get("/bank/send"))
    pay(browser, to="Bob", amount="20", from_account=bar.account.number)
    assert (bar.balance(), alice.balance(), bob.balance()) == (30_00, 100_00, 20_00)


def test_nobody_pays_from_an_account_that_is_not_theirs(
    browser: Client, alice: Person, bob: Person, event: Event
) -> None:
    carol = event.person("Carol", money=10_00)
    pay(browser, to="Bob", amount="1", from_account=carol.account.number)
    assert (carol.balance(), alice.balance()) == (10_00, 99_00)


def test_a_login_of_staff_has_no_account_and_every_door_says_so(event: Event, bob: Person) -> None:
    with tenancy.scope(event.tenant):
        gm = draft(character_name="Gm", role="gm")
        create_staff(actor=event.server, user=gm, password_hash=passwords.hash_of(PASSWORD, owner=gm))
    browser = Client()
    sign_in(browser, "Gm")
    page = browser.get("/bank/send", follow=True)
    assert "This login has no bank account" in text_of(page)
    assert "sign in as a character" in text_of(page)
    actor = Actor(tenant=event.tenant, user=gm)
    with pytest.raises(NotFound, match="made for staff") as refused:
        transfers.transfer(actor=actor, payment=transfers.Payment(to_account=bob.number, amount=1))
    assert refused.value.code == "no_account"
    with tenancy.scope(event.tenant), pytest.raises(NotFound, match="made for staff"):
        selectors.primary_account(actor)


# -- Sent twice --------------------------------------------------------------------------------------------------------


def test_a_confirmation_sent_twice_pays_once(browser: Client, alice: Person, bob: Person) -> None:
    sure = fields_of(fill(browser, to="Bob", amount="10"))
    first = browser.post("/bank/send", sure)
    second = browser.post("/bank/send", sure)
    assert first["Location"] == second["Location"]
    assert "not done a second time" in text_of(browser.get(second["Location"]))
    assert (alice.balance(), bob.balance()) == (90_00, 10_00)


def test_a_confirmation_that_was_changed_after_it_was_sent_is_refused(browser: Client, bob: Person) -> None:
    sure = fields_of(fill(browser, to="Bob", amount="10"))
    browser.post("/bank/send", sure)
    again = browser.post("/bank/send", {**sure, "amount": "20"})
    assert again.status_code == 422
    assert "already sent something else" in text_of(again)
    assert fields_of(again)["key"] != sure["key"]
    assert fields_of(again)["amount"] == "20"
    assert bob.balance() == 10_00


def test_every_form_has_a_key_of_its_own(browser: Client) -> None:
    keys = {fields_of(browser.get("/bank/send"))["key"] for _ in range(3)}
    assert len(keys) == 3
    assert "" not in keys


def test_a_key_that_is_not_ours_is_replaced(browser: Client, bob: Person) -> None:
    assert fields_of(browser.get("/bank/send?key=abc"))["key"].startswith("form-")
    sure = {**fields_of(fill(browser, to="Bob", amount="10")), "key": "x" * 300}
    assert browser.post("/bank/send", sure).status_code == 302


def test_the_confirmation_can_be_reloaded_and_come_back_to(browser: Client, bob: Person) -> None:
    sure = fill(browser, to="Bob", amount="60", memo="beer & bread")
    address = sure.redirect_chain[-1][0]
    again = browser.get(address)
    assert {**fields_of(again), "csrfmiddlewaretoken": ""} == {**fields_of(sure), "csrfmiddlewaretoken": ""}
    browser.post("/bank/send", fields_of(sure))
    back = browser.get(address)
    assert "There is less than that in the account now." in text_of(back)
    assert "not done a second time" in text_of(browser.post("/bank/send", fields_of(back), follow=True))
    assert bob.balance() == 60_00


def test_nobody_else_can_make_a_ready_confirmation(browser: Client, bob: Person) -> None:
    sure = fill(browser, to="Bob", amount="60")
    address = sure.redirect_chain[-1][0]
    assert "Is this right?" not in text_of(browser.get(address[:-3]))
    bobs = Client()
    sign_in(bobs, "Bob")
    assert "Is this right?" not in text_of(bobs.get(address))


@pytest.mark.parametrize(
    "refusal", [Conflict("in_flight", "Still at it."), Unavailable("busy", "Busy.", retry_after=2)]
)
def test_the_key_stays_while_nobody_knows_whether_it_was_done(
    browser: Client, bob: Person, monkeypatch: pytest.MonkeyPatch, refusal: DomainError
) -> None:
    def refuse(**_asked: Any) -> None:
        raise refusal

    sure = fields_of(fill(browser, to="Bob", amount="5"))
    with monkeypatch.context() as patched:
        patched.setattr(transfers, "transfer", refuse)
        page = browser.post("/bank/send", sure)
    assert page.status_code == refusal.status
    assert refusal.sentence in text_of(page)
    assert fields_of(page)["key"] == sure["key"]


# -- Refused -----------------------------------------------------------------------------------------------------------


def test_after_a_stored_refusal_the_form_comes_back_with_a_new_key(
    browser: Client, event: Event, alice: Person, bob: Person
) -> None:
    sure = fields_of(fill(browser, to="Bob", amount="10", memo="for the chip"))
    freeze(actor=event.server, account=alice.account.number, how="debits")
    refused = browser.post("/bank/send", sure)
    assert refused.status_code == 409
    assert "is frozen. Ask a game master." in text_of(refused)
    shown = fields_of(refused)
    assert (shown["to"], shown["amount"], shown["memo"]) == (bob.account.number, "10.00", "for the chip")
    assert shown["key"] != sure["key"]

    unfreeze(actor=event.server, account=alice.account.number)
    assert browser.post("/bank/send", sure).status_code == 409, "what was refused once stays refused"
    receipt = browser.post(
        "/bank/send", fields_of(browser.post("/bank/send", shown, follow=True)), follow=True
    )
    assert "Paid. Bob has the money now." in text_of(receipt)
    assert bob.balance() == 10_00


def test_a_number_with_a_typing_mistake_is_caught_before_anything_is_looked_up(
    browser: Client, bob: Person
) -> None:
    number = bob.account.number
    wrong = number[:-1] + ("A" if number[-1] != "A" else "B")
    with CaptureQueriesContext(connection) as queries:
        page = browser.post("/bank/send", {"step": "check", "to": wrong, "amount": "5", "memo": "m"})
    assert page.status_code == 400
    assert not [query for query in queries.captured_queries if wrong in query["sql"]]
    assert f"{wrong} has a typing mistake. Compare it with the payee's, sign by sign." in text_of(page)
    shown = fields_of(page)
    assert (shown["to"], shown["amount"], shown["memo"]) == (wrong, "5", "m")


def test_an_unknown_name_is_told_what_to_do(browser: Client) -> None:
    page = fill(browser, to="Nobody", amount="5")
    assert page.status_code == 400
    assert "Ask the payee for the number" in text_of(page)


def test_the_beginning_of_a_name_offers_only_people_paid_before(
    browser: Client, event: Event, bob: Person
) -> None:
    event.person("Bobby Stranger")
    assert "Bobby" not in text_of(fill(browser, to="Bo", amount="5"))
    pay(browser, to="Bob", amount="1")
    page = fill(browser, to="Bo", amount="5", memo="again")
    assert "Whom do you mean?" in text_of(page)
    assert "Bobby" not in text_of(page)
    link = next(line for line in page.content.decode().splitlines() if "/bank/send?" in line).split('"')[3]
    form = fields_of(browser.get(link.replace("&amp;", "&")))
    assert (form["to"], form["amount"], form["memo"]) == (bob.account.number, "5", "again")


@pytest.mark.parametrize(
    "amount",
    ["", "abc", "0", "-5", "12.345", "1,000", "1_000", "1e3", "NaN", "١٢", "99999999999999999", "1.2.3"],
)
def test_what_is_no_amount_is_refused_with_a_sentence(browser: Client, bob: Person, amount: str) -> None:
    page = fill(browser, to="Bob", amount=amount)
    assert page.status_code == 400
    assert fields_of(page)["amount"] == amount
    assert "That did not work yet" in text_of(page)


def test_more_than_there_is_is_refused_before_the_confirmation(browser: Client, bob: Person) -> None:
    page = fill(browser, to="Bob", amount="100.01")
    assert page.status_code == 400
    assert "You have ₵100.00." in text_of(page)
    assert "more than there is" in text_of(page)


def test_money_that_went_away_meanwhile_is_refused_by_the_bank(browser: Client, bob: Person) -> None:
    sure = fields_of(fill(browser, to="Bob", amount="80"))
    pay(browser, to="Bob", amount="80")
    refused = browser.post("/bank/send", sure)
    assert refused.status_code == 409
    assert "You have ₵20.00; this needs ₵80.00." in text_of(refused)
    assert bob.balance() == 80_00


def test_nobody_pays_themselves(browser: Client, alice: Person) -> None:
    refused = browser.post("/bank/send", fields_of(fill(browser, to="Alice", amount="5")))
    assert refused.status_code == 409
    assert "Choose another payee" in text_of(refused)


def test_a_confirmation_to_an_account_that_is_not_there_pays_nobody(
    browser: Client, alice: Person, bob: Person
) -> None:
    sure = {**fields_of(fill(browser, to="Bob", amount="5")), "to": "NC-MINT-0000"}
    assert browser.post("/bank/send", sure).status_code == 400
    assert browser.post("/bank/send", {**sure, "to": "Bob"}).status_code == 404
    assert alice.balance() == 100_00


@pytest.mark.parametrize(
    "typed", [{"to": "B\0b"}, {"memo": "x" * 141}, {"to": "x" * 65}, {"memo": "\0"}, {"amount": "1" * 50}]
)
def test_absurd_fields_are_refused(browser: Client, bob: Person, typed: dict[str, str]) -> None:
    assert fill(browser, **{"to": "Bob", "amount": "1"} | typed).status_code == 400


@pytest.mark.parametrize(
    "query", ["to=%ED%A0%80", "to=" + "x" * 500, "amount=%FF", "key=%0A", "from_account=x"]
)
def test_an_absurd_link_still_shows_the_form(browser: Client, query: str) -> None:
    assert browser.get(f"/bank/send?{query}").status_code == 200


def test_a_paused_bank_says_so_on_top_and_takes_nothing(browser: Client, event: Event, bob: Person) -> None:
    sure = fields_of(fill(browser, to="Bob", amount="5"))
    pause_world(actor=event.server, reason="Storm warning.")
    refused = browser.post("/bank/send", sure)
    assert refused.status_code == 409
    assert "The bank is paused. Storm warning." in text_of(refused)
    resume_world(actor=event.server)
    assert "The bank is paused" not in text_of(browser.get("/bank"))
    assert bob.balance() == 0


def test_too_many_payments_are_told_to_wait_and_keep_what_was_typed(
    browser: Client, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.RATES, "transfer", limits.Rate(1, 60))
    first = fields_of(fill(browser, to="Bob", amount="1"))
    browser.post("/bank/send", first)
    second = fields_of(fill(browser, to="Bob", amount="2"))
    refused = browser.post("/bank/send", second)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert fields_of(refused)["amount"] == "2.00"
    assert fields_of(refused)["key"] == second["key"]
    assert browser.post("/bank/send", first).status_code == 302, "a payment that was made is shown again"
    assert bob.balance() == 1_00


# -- Interrupted -------------------------------------------------------------------------------------------------------


def end_every_sign_in(event: Event) -> None:
    with tenancy.scope(event.tenant):
        LoginSession.objects.all().delete()


def test_a_sign_in_that_ended_in_the_middle_brings_the_typed_values_back(
    browser: Client, event: Event, bob: Person
) -> None:
    form = fields_of(browser.get("/bank/send"))
    end_every_sign_in(event)
    page = browser.post(
        "/bank/send", {**form, "to": "Bob", "amount": "5", "memo": "beer & bread"}, follow=True
    )
    assert "then you go on where you were" in text_of(page)
    back = browser.post(
        "/login", {**fields_of(page), "character_name": "Alice", "password": PASSWORD}, follow=True
    )
    shown = fields_of(back)
    assert (shown["to"], shown["amount"], shown["memo"]) == ("Bob", "5", "beer & bread")
    assert shown["key"] == form["key"]


def test_a_payment_whose_answer_was_lost_with_the_sign_in_is_not_made_again(
    browser: Client, event: Event, alice: Person, bob: Person
) -> None:
    sure = fields_of(fill(browser, to="Bob", amount="5"))
    browser.post("/bank/send", sure)
    end_every_sign_in(event)
    page = browser.post("/bank/send", sure, follow=True)
    form = browser.post(
        "/login", {**fields_of(page), "character_name": "Alice", "password": PASSWORD}, follow=True
    )
    sure_again = browser.post("/bank/send", fields_of(form), follow=True)
    end = browser.post("/bank/send", fields_of(sure_again), follow=True)
    assert "not done a second time" in text_of(end)
    assert bob.balance() == 5_00
    with tenancy.scope(event.tenant):
        assert Transfer.objects.filter(kind="transfer").count() == 1


def test_a_form_that_was_open_too_long_says_so_and_keeps_what_was_typed(alice: Person, bob: Person) -> None:
    browser = Client(enforce_csrf_checks=True)
    sign_in(Client(), "Alice")
    form = fields_of(browser.get("/login"))
    browser.post("/login", {**form, "character_name": "Alice", "password": PASSWORD})
    typed = {"to": "Bob", "amount": "5", "memo": "beer", "step": "pay", "csrfmiddlewaretoken": "x" * 64}
    page = browser.post("/bank/send", typed)
    assert page.status_code == 403
    assert "Nothing was done" in text_of(page)
    link = next(a for a in page.content.decode().split('"') if a.startswith("/bank/send?")).replace(
        "&amp;", "&"
    )
    assert parse_qs(urlsplit(link).query) == {"to": ["Bob"], "amount": ["5"], "memo": ["beer"]}
    assert fields_of(browser.get(link))["amount"] == "5"
    assert bob.balance() == 0

"""Asking people by name, on pages without any script."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from tests.cast import Event, Person
from tests.pages.reading import fields_of, sign_in, tags_of, text_of


def links_to_requests(page: Any) -> list[str]:
    return [
        str(a["href"])
        for tag, a in tags_of(page)
        if tag == "a" and re.fullmatch(r"/requests/[0-9A-Z]{12}", a.get("href") or "")
    ]


def test_a_bill_is_split_one_pays_one_declines(browser: Client, alice: Person, event: Event) -> None:
    bob, cleo = event.person("Bob", money=50_00), event.person("Cleo")
    form = fields_of(browser.get("/bank/ask"))
    typed = {"payers": "bob; Cleo", "amount": "10", "memo": "the round", "with_me": "on", "key": form["key"]}
    plan = browser.post("/bank/ask", {**typed, "step": "check"})
    shown = text_of(plan)
    assert "Bob ₵3.33 Cleo ₵3.33 My own part ₵3.34" in shown
    back = browser.post("/bank/ask", {**typed, "step": "change"})
    assert (fields_of(back)["payers"], fields_of(back)["key"]) == ("bob; Cleo", form["key"])
    sent = {**typed, "step": "ask"}
    assert "2 people were asked." in text_of(browser.post("/bank/ask", sent, follow=True))
    assert "not done a second time" in text_of(browser.post("/bank/ask", sent, follow=True))

    phone = Client()
    sign_in(phone, "Bob")
    home = phone.get("/bank")
    assert "You are asked to pay" in text_of(home)
    assert "Alice asks you for ₵3.33: the round" in text_of(home)
    [address] = set(links_to_requests(home))
    page = phone.get(address)
    assert "Pay Alice?" in text_of(page)
    assert "✓ Paid" in text_of(phone.post(address, fields_of(page), follow=True))
    assert bob.balance() == 46_67
    assert "You are asked to pay" not in text_of(phone.get("/bank"))

    other = Client()
    sign_in(other, "Cleo")
    [address] = set(links_to_requests(other.get("/bank/asked")))
    assert "Declined. Alice is told." in text_of(other.post(f"{address}/decline", follow=True))
    assert "Cleo has declined" in text_of(other.get(address))
    listed = text_of(browser.get("/bank/asked"))
    assert "Bob ₵3.33 ✓ paid" in listed
    assert "Cleo ₵3.33 declined" in listed
    assert "Cleo has declined to pay the ₵3.33." in text_of(browser.get("/bank"))
    assert (alice.balance(), cleo.balance()) == (103_33, 0)


def test_it_is_taken_back_and_is_nobody_elses_business(browser: Client, bob: Person, event: Event) -> None:
    browser.post("/bank/ask", {"payers": bob.number, "amount": "5", "step": "ask"})
    [address] = set(links_to_requests(browser.get("/bank/asked")))
    assert "Bob is asked" in text_of(browser.get(address))
    onlooker = Client()
    event.person("Onlooker")
    sign_in(onlooker, "Onlooker")
    assert onlooker.get(address).status_code == 404
    assert onlooker.post(f"{address}/decline").status_code == 404
    assert browser.post(f"{address}/decline").status_code == 403
    assert "Taken back" in text_of(browser.post(f"{address}/cancel", follow=True))
    phone = Client()
    sign_in(phone, "Bob")
    assert "Taken back" in text_of(phone.get(address))
    assert phone.post(address, {}).status_code == 409


def test_mistakes_keep_what_was_typed(browser: Client, bob: Person) -> None:
    for typed, said in (
        ({"payers": "Bob, Nobdy", "amount": "5"}, "There is nobody called “Nobdy” here."),
        ({"payers": "Alice", "amount": "5"}, "not yourself"),
        ({"payers": "Bob", "amount": "five"}, "Write a plain number"),
        ({"payers": "Bob", "amount": "0.01", "with_me": "on"}, "too little to be divided"),
    ):
        page = browser.post("/bank/ask", {**typed, "step": "check"})
        assert page.status_code in {400, 404}
        assert said in text_of(page)
        assert fields_of(page)["payers"] == typed["payers"]
    assert "Nobody asks you" in text_of(browser.get("/bank/asked"))

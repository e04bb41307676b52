"""At an event where German is spoken nothing is said in English: every address, asked by everybody who may ask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from accounts import directory, tenancy
from accounts.models import Notification
from identity.services.poster import join_poster
from ledger.services import accounts as account_services
from tests.german.test_catalogue import GERMAN, listed
from tests.german.texts import read_on
from tests.paper import words_in
from tests.strangers import Address, Side, Visitor, addresses, body_for, make_german_side, values_for

#: Words that stand in almost every English sentence and in no German one.
ENGLISH = re.compile(
    r"\b(the|you|your|is|are|not|of|and|to|this|that|with|from|have|has|only|there|nothing|can|or|it)\b",
    re.IGNORECASE,
)
#: Texts that are another one in German, so that whoever meets them on a page has met a text that was not translated.
ORIGINALS = {key[1] for key, entry in GERMAN.items() if "%(" not in key[1] and entry.said[0] != key[1]} - {
    said for entry in GERMAN.values() for said in entry.said
}
#: Holders' names, as any other.
OF_THE_BANK = re.compile("The Mint|The House")
FROM_SOURCE = {"api/schema/", "api/docs/"}
ENDS_SIGN_INS = re.compile(r"logout|password|/end$|sessions|disable|sign-out|signout|role|card/")


@pytest.fixture
def side(db: None) -> Iterator[Side]:
    """A German event in which something has happened."""
    directory.forget()
    yield make_german_side()
    directory.forget()


def english_in(answer: Any) -> list[str]:
    """What is said in English in an answer."""
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        said = read_on(answer.content.decode())
    elif answer.headers.get("Content-Type", "").startswith("application/problem"):
        problem = json.loads(answer.content)
        said = [problem["title"], problem["detail"], *(error["message"] for error in problem["errors"])]
    else:
        return []
    return [text for text in said if text in ORIGINALS or ENGLISH.search(OF_THE_BANK.sub("", text))]


def asked(side: Side, address: Address, who: str, visitor: Visitor) -> Iterator[tuple[str, Any]]:
    """The answers to one visitor at one address: looked at, and (where that ends nobody's sign-in) sent to."""
    values = values_for(address, side)
    for method in address.methods:
        if method != "get" and ENDS_SIGN_INS.search(address.route):
            continue
        body = None if method == "get" else body_for(address, method, side)
        # Without the last word: first the page that says what will happen.
        for typed in [body] if address.is_api or body is None else [{}, {**body, "confirmed": ""}, body]:
            answer = visitor.ask(method, address.filled(values), typed, as_json=address.is_api)
            yield f"{who}, {method.upper()} /{address}", answer
        if address.is_api and method != "get":
            nothing = visitor.ask(method, address.filled(values), {"nichts": "\x01"}, as_json=True)
            yield f"{who}, {method.upper()} /{address} with nonsense", nothing


def test_nothing_is_said_in_english_at_a_german_event(side: Side) -> None:
    visitors = {"a guest": Visitor(side.event.host), **side.visitors()}
    # Says what the hero's phone says.
    del visitors["the game master's phone"]
    found, pages = [], 0
    for address in addresses():
        for who, visitor in visitors.items():
            if address.route in FROM_SOURCE or (who != "a guest" and address.is_api == ("browser" in who)):
                continue
            for question, answer in asked(side, address, who, visitor):
                found += [f"{question} ({answer.status_code}): {text!r}" for text in english_in(answer)]
                if answer.headers.get("Content-Type", "").startswith("text/html") and answer.content:
                    pages += 1
                    assert re.search(r'<html[^>]* lang="de"', answer.content.decode()), question
                    assert answer.headers["Content-Language"] == "de", question
    assert pages > 150, "hardly anything was looked at"
    assert not found, listed(sorted(set(found)))


# -- who is spoken to in which language --------------------------------------------------------------------------------


def test_an_app_may_ask_for_its_own_language_and_a_browser_gets_the_events(side: Side) -> None:
    def detail(headers: dict[str, str], path: str = "/api/v1/accounts") -> tuple[str, str]:
        answer = Visitor(side.event.host, headers).ask("get", path)
        assert answer.json()["code"] == "not_signed_in"
        assert "Accept-Language" in answer.headers["Vary"]
        return answer.json()["title"], answer.headers["Content-Language"]

    german, english = ("Bitte zuerst anmelden", "de"), ("Sign in first", "en")
    assert detail({}) == german
    assert detail({"Accept-Language": "en-GB,de;q=0.5"}) == english
    assert detail({"Accept-Language": "fr, *"}) == german
    assert detail({"Accept-Language": "en;q=0, de"}) == german
    page = Visitor(side.event.host, {"Accept-Language": "en"}).ask("get", "/login")
    assert page.headers["Content-Language"] == "de"
    browser = side.visitors()["the hero's browser"]
    script = Visitor(side.event.host, {**browser.headers, "Accept-Language": "en"})
    assert script.ask("get", "/api/v1/transfers/nothing").headers["Content-Language"] == "de"


def test_what_others_are_told_is_in_the_events_language_whoever_causes_it(side: Side) -> None:
    with translation.override("en"):
        account_services.freeze(actor=side.gm.actor, account=side.hero.number, reason="because")
        with tenancy.scope(side.event.tenant):
            told = Notification.objects.filter(user=side.hero.user).order_by("-pk").first()
        paper = words_in(join_poster(actor=side.gm.actor, address="https://bank.example"))
    assert told is not None
    assert told.text == f"Dein Konto {side.hero.number} wurde von der Spielleitung gesperrt."
    assert "Keine Kamera? Tipp diese Adresse ein:" in paper

"""A card's page: looking uses nothing up, the button signs in, and every dead end says where to go."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import limits, roles, tenancy
from accounts.models import LoginCode, User
from accounts.services.login_codes import issue_login_codes
from identity.roster import read
from identity.services.roster import import_roster
from tests.cast import PASSWORD, Event, Person
from tests.pages.reading import fields_of, sign_in, text_of

NEW = "eleven chrome cats"


def card_of(event: Event, user: User, request: str = "one") -> str:
    [issued] = issue_login_codes(
        actor=event.server,
        users=[user],
        kind=LoginCode.Kind.CARD,
        lives=timedelta(days=14),
        request=request,
    )
    return f"/card/{issued.code}"


@pytest.fixture
def vex(event: Event) -> User:
    """Somebody of a roster, who has no password yet."""
    done = import_roster(actor=event.server, rows=read(b"name;balance\nVex;50"), whole=True)
    return done.new[0].user


def test_looking_at_a_card_uses_nothing_up(event: Event, vex: User) -> None:
    card = card_of(event, vex)
    for preview in (Client().get(card), Client().head(card), Client().get(card)):
        assert preview.status_code == 200
        assert "no-store" in preview["Cache-Control"]
        assert "neobank_session" not in preview.cookies
    assert "Sign in as Vex?" in text_of(Client().get(card))
    with tenancy.scope(event.tenant):
        assert LoginCode.objects.get().used_at is None


def test_a_card_leads_to_a_password_and_to_the_bank(event: Event, vex: User) -> None:
    card, phone = card_of(event, vex), Client()
    phone.get(card)
    answer = phone.post(card, {"remember": "on"})
    assert (answer.status_code, answer["Location"]) == (302, "/me/password?next=%2Fbank")
    offer = phone.get(answer["Location"])
    assert "Choose a password" in text_of(offer)
    assert "Password until now" not in text_of(offer)
    assert "₵50.00" in text_of(phone.get("/bank")), "later is possible"
    done = phone.post("/me/password", {**fields_of(offer), "new_password": NEW, "repeat": NEW}, follow=True)
    assert "Your password is set." in text_of(done)
    assert "₵50.00" in text_of(done)
    other = Client()
    assert other.post("/login", {"character_name": "Vex", "password": NEW}).status_code == 302


def test_without_a_password_the_offer_stays(event: Event, vex: User) -> None:
    card, phone = card_of(event, vex), Client()
    phone.post(card)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert "Choose a password" in text_of(phone.get("/me/password"))
    assert sign_in(Client(), "Vex").status_code == 401


def test_a_used_an_old_and_an_unknown_card_say_what_to_do(event: Event, vex: User) -> None:
    card = card_of(event, vex)
    Client().post(card)
    used = Client().get(card)
    assert (used.status_code, Client().post(card).status_code) == (409, 409)
    assert "each works once" in text_of(used)
    assert "game master" in text_of(used)
    late = card_of(event, vex, "two")
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert "too old. Ask a game master for a new one" in text_of(Client().get(late))
    unknown = Client().get("/card/nothing")
    assert unknown.status_code == 404
    assert "not known here" in text_of(unknown)


def test_two_taps_and_going_back_are_one_sign_in(event: Event, vex: User) -> None:
    card, phone = card_of(event, vex), Client()
    phone.get(card)
    first, second = phone.post(card), phone.post(card)
    assert first["Location"] == second["Location"]
    assert "Sign in as Vex?" in text_of(phone.get(card))
    assert phone.get("/bank").status_code == 200
    with tenancy.scope(event.tenant):
        assert vex.sessions.filter(revoked_at=None).count() == 1


def test_an_answer_that_was_lost_on_the_way_is_given_again(event: Event, vex: User) -> None:
    card, phone = card_of(event, vex), Client()
    phone.get(card)
    phone.post(card)
    del phone.cookies["neobank_session"]
    assert phone.post(card).status_code == 302
    assert phone.get("/bank").status_code == 200


def test_whoever_was_signed_in_here_is_signed_out(event: Event, vex: User, browser: Client) -> None:
    card = card_of(event, vex)
    assert "Alice is signed in here now" in text_of(browser.get(card))
    browser.post(card)
    assert "Vex" in text_of(browser.get("/me"))
    with tenancy.scope(event.tenant):
        assert User.objects.get(character_name="Alice").sessions.filter(revoked_at=None).count() == 0


def test_a_lost_password_is_replaced_without_the_old(event: Event, alice: Person) -> None:
    card, phone = card_of(event, alice.user), Client()
    offer = phone.post(card)
    phone.post(offer["Location"], {"new_password": NEW, "repeat": NEW})
    assert Client().post("/login", {"character_name": "Alice", "password": NEW}).status_code == 302
    assert Client().post("/login", {"character_name": "Alice", "password": PASSWORD}).status_code == 401


def test_a_card_is_no_password_for_the_console(event: Event) -> None:
    warden = event.person("Warden", role=roles.GM)
    card, phone = card_of(event, warden.user), Client()
    offer = phone.post(card)
    assert offer["Location"] == "/me/password?next=%2Fadmin%2F"
    bob = event.person("Bob")
    page = phone.get(f"/admin/ledger/account/{bob.number}/adjust/")
    typed = {**fields_of(page), "direction": "give", "amount": "5", "reason": "a gift"}
    statement = phone.post(f"/admin/ledger/account/{bob.number}/adjust/", typed)
    assert "Your password" in text_of(statement)


def test_many_looks_from_one_place_are_slowed_down(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.RATES, "login_code", limits.Rate(3, 60))
    with time_machine.travel(timezone.now(), tick=False):
        answers = [Client().get("/card/nothing") for _ in range(3)] + [Client().post("/card/nothing")]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert "try again" in text_of(answers[-1])


def test_a_form_from_elsewhere_signs_nobody_in(event: Event, vex: User) -> None:
    assert Client(enforce_csrf_checks=True).post(card_of(event, vex)).status_code == 403

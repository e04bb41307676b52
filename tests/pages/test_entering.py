"""Joining, signing in, signing out."""

from __future__ import annotations

import datetime as dt
from http.cookies import Morsel
from typing import Any

import pytest
from django.test import Client

from accounts import limits, tenancy
from accounts.models import LoginSession
from accounts.services.invites import create_invite
from accounts.services.people import disable_user
from ledger.services.factions import found_faction
from tests.cast import PASSWORD, Event, Person
from tests.pages.reading import fields_of, sign_in, text_of

JOINING = {"character_name": "Nyx", "password": PASSWORD, "repeat": PASSWORD}


def set_policy(event: Event, policy: str, **more: Any) -> None:
    for name, value in {"registration": policy, **more}.items():
        setattr(event.tenant, name, value)
    event.tenant.save()


def cookie(client: Client, name: str) -> Morsel[str]:
    """A cookie that the browser keeps."""
    return client.cookies[name]


# -- Joining -----------------------------------------------------------------------------------------------------------


def test_joining_opens_an_account_and_signs_in(event: Event) -> None:
    browser = Client()
    browser.get("/register")
    page = browser.post("/register", JOINING, follow=True)
    assert page.redirect_chain == [("/bank", 302)]
    assert "Welcome, Nyx. Your account is open." in text_of(page)
    assert "₵0.00" in text_of(page)


def test_a_faction_may_be_chosen_where_the_event_lets_players_choose(event: Event) -> None:
    found_faction(actor=event.server, name="Neon Saints")
    browser = Client()
    assert "Neon Saints" in text_of(browser.get("/register"))
    browser.post("/register", {**JOINING, "faction": "Neon Saints"})
    assert "Neon Saints" in text_of(browser.get("/me"))
    event.tenant.faction_choice = False
    event.tenant.save()
    assert "Neon Saints" not in text_of(Client().get("/register"))


def test_with_an_event_code_only_those_who_know_it_come_in(event: Event) -> None:
    set_policy(event, "event_code", event_code="chrome", welcome_bonus=5_00)
    browser = Client()
    assert "Event code" in text_of(browser.get("/register"))
    assert browser.post("/register", JOINING).status_code == 400
    wrong = browser.post("/register", {**JOINING, "event_code": "rust"})
    assert wrong.status_code == 403
    assert "Look at the poster again." in text_of(wrong)
    assert fields_of(wrong)["character_name"] == "Nyx"
    assert fields_of(wrong)["event_code"] == "rust"
    assert fields_of(wrong)["password"] == "", "a page never holds a password"
    page = browser.post("/register", {**JOINING, "event_code": "Chrome "}, follow=True)
    assert "₵5.00" in text_of(page)


def test_an_invitation_opens_every_door_once(event: Event) -> None:
    for policy in ("invite", "event_code"):
        set_policy(event, policy, event_code="chrome")
        code = create_invite(actor=event.server, lives=dt.timedelta(days=1)).code
        browser = Client()
        form = browser.get(f"/register?invite={code}")
        assert fields_of(form)["invite"] == code
        assert "Event code" not in text_of(form)
        joining = {**JOINING, "character_name": f"Nyx {policy}", "invite": code}
        assert browser.post("/register", joining).status_code == 302
        again = Client().post("/register", {**joining, "character_name": "Second"})
        assert again.status_code == 403
        assert "used before" in text_of(again)


def test_without_an_invitation_the_form_asks_for_one(event: Event) -> None:
    set_policy(event, "invite")
    browser = Client()
    assert "Invitation" in text_of(browser.get("/register"))
    assert browser.post("/register", JOINING).status_code == 400


def test_a_closed_event_says_who_makes_logins(event: Event) -> None:
    set_policy(event, "closed")
    page = Client().get("/register")
    assert page.status_code == 200
    assert "Game masters make the logins here" in text_of(page)
    assert "Open my account" not in text_of(page)
    refused = Client().post("/register", JOINING)
    assert refused.status_code == 403
    with tenancy.scope(event.tenant):
        assert not LoginSession.objects.exists()


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"character_name": "ALICE"}, 409, "Choose another, such as"),
        ({"character_name": "x"}, 400, "too short"),
        ({"character_name": "NC-1234-5678"}, 400, "could be taken for an account number"),
        ({"character_name": "Zo\0e"}, 400, "That did not work yet"),
        ({"password": "password", "repeat": "password"}, 400, "too common"),
        ({"password": "short", "repeat": "short"}, 400, "too short"),
        ({"repeat": "something else"}, 400, "The two are not the same"),
        ({"password": "x" * 300, "repeat": "x" * 300}, 400, "at most 256"),
    ],
)
def test_what_is_wrong_with_a_registration_is_said_and_what_was_typed_stays(
    alice: Person, typed: dict[str, str], status: int, words: str
) -> None:
    page = Client().post("/register", JOINING | typed)
    assert page.status_code == status
    assert words in text_of(page)
    if "\0" not in typed.get("character_name", ""):
        assert fields_of(page)["character_name"] == (JOINING | typed)["character_name"]
    assert fields_of(page)["password"] == ""


def test_one_device_joins_three_times_an_hour(event: Event) -> None:
    browser = Client()
    for number in range(4):
        browser.cookies.pop("neobank_session", None)
        browser.get("/register")
        page = browser.post("/register", {**JOINING, "character_name": f"Nyx {number}"})
        assert page.status_code == (302 if number < 3 else 429)
    assert "Wait" in text_of(page)
    assert fields_of(page)["character_name"] == "Nyx 3"
    assert int(page["Retry-After"]) > 0


# -- Signing in --------------------------------------------------------------------------------------------------------


def test_players_land_on_the_bank_and_game_masters_on_the_console(event: Event, alice: Person) -> None:
    event.person("Overseer", role="gm")
    assert sign_in(Client(), "alice")["Location"] == "/bank"
    assert sign_in(Client(), "Overseer")["Location"] == "/admin/"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(alice: Person) -> None:
    answers = set()
    for name in ("Alice", "Nobody"):
        page = Client().post("/login", {"character_name": name, "password": "wrong wrong"})
        assert page.status_code == 401
        assert fields_of(page)["character_name"] == name
        assert fields_of(page)["password"] == ""
        answers.add(text_of(page))
    assert len(answers) == 1


def test_after_wrong_passwords_the_form_says_how_long_to_wait(alice: Person) -> None:
    browser = Client()
    for _ in range(limits.WRONG_PASSWORDS_FREE):
        browser.post("/login", {"character_name": "Alice", "password": "wrong wrong"})
    page = sign_in(browser, "Alice")
    assert page.status_code == 429
    assert "Wait" in text_of(page)
    assert int(page["Retry-After"]) > 0
    assert fields_of(page)["character_name"] == "Alice"


def test_a_browser_that_knows_alice_is_not_kept_waiting_by_a_rival(browser: Client, alice: Person) -> None:
    browser.post("/logout")
    for _ in range(limits.WRONG_PASSWORDS_FREE + 2):
        Client().post("/login", {"character_name": "Alice", "password": "wrong wrong"})
    assert sign_in(Client(), "Alice").status_code == 429
    assert sign_in(browser, "Alice").status_code == 302


def test_a_sign_in_lasts_an_evening_or_thirty_days_when_it_is_to_be_remembered(alice: Person) -> None:
    for more, seconds in (({}, 12 * 3600), ({"remember": "on"}, 30 * 86400)):
        browser = Client()
        sign_in(browser, "Alice", **more)
        assert abs(int(cookie(browser, "neobank_session")["max-age"]) - seconds) < 5
        with tenancy.scope(alice.actor.tenant):
            session = LoginSession.objects.latest("id")
        lasts = (session.expires_at - session.created_at).total_seconds()
        assert abs(lasts - seconds) < 5


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: Client) -> None:
    browser.get("/bank/send")
    for name in ("neobank_session", "neobank_csrf", "neobank_device"):
        assert cookie(browser, name)["httponly"]
        assert cookie(browser, name)["samesite"] == "Lax"


@pytest.mark.parametrize("way", ["/bank/history?q=beer", "/pay/NC-1234-5678?amount=3", "/", "/["])
def test_after_signing_in_one_goes_on_where_one_was(alice: Person, way: str) -> None:
    browser = Client()
    page = browser.get("/login", {"next": way})
    assert fields_of(page)["next"] == way
    assert (
        browser.post("/login", {**fields_of(page), "character_name": "Alice", "password": PASSWORD})[
            "Location"
        ]
        == way
    )


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "\thttps://evil.example",
        "http:///evil.example",
        "///evil.example",
        "/\t/evil.example",
        "/bank\r\nSet-Cookie: a=b",
        "/\x7f",
        "/\u2028",
        # Neither addresses nor names of views: these would be relative to wherever one is.
        "foo",
        "?next=/bank",
        "#top",
        "bank:history",
        "/" + "x" * 5000,
    ],
)
def test_nobody_is_sent_to_another_site(alice: Person, elsewhere: str) -> None:
    assert sign_in(Client(), "Alice", next=elsewhere)["Location"] == "/bank"
    assert Client().post("/register", {**JOINING, "next": elsewhere})["Location"] == "/bank"
    browser = Client()
    sign_in(browser, "Alice")
    assert browser.get("/login", {"next": elsewhere})["Location"] == "/bank"


def test_a_page_that_needs_a_sign_in_leads_to_it_and_back(alice: Person) -> None:
    browser = Client()
    page = browser.get("/bank/history?q=beer", follow=True)
    assert page.redirect_chain[0][0] == "/login?next=/bank/history%3Fq%3Dbeer"
    back = browser.post("/login", {**fields_of(page), "character_name": "Alice", "password": PASSWORD})
    assert back["Location"] == "/bank/history?q=beer"


def test_who_is_signed_in_sees_neither_form(browser: Client) -> None:
    assert browser.get("/login")["Location"] == "/bank"
    assert browser.get("/register")["Location"] == "/bank"


def test_signing_in_as_somebody_else_ends_the_earlier_sign_in(
    browser: Client, event: Event, bob: Person
) -> None:
    sign_in(browser, "Bob")
    assert "Bob" in text_of(browser.get("/me"))
    with tenancy.scope(event.tenant):
        living = LoginSession.objects.filter(revoked_at=None)
        assert [session.user.character_name for session in living.select_related("user")] == ["Bob"]


def test_a_login_that_was_switched_off_is_out_at_once(browser: Client, event: Event, alice: Person) -> None:
    disable_user(actor=event.server, person=alice.user)
    assert browser.get("/bank").status_code == 302
    assert sign_in(Client(), "Alice").status_code == 401


def test_the_name_that_was_typed_survives_a_form_that_was_open_too_long(alice: Person) -> None:
    for path, more in (("/login", {}), ("/register", {"faction": "Neon Saints"})):
        browser = Client(enforce_csrf_checks=True)
        page = browser.post(path, {"character_name": "Nyx & Co", "password": PASSWORD, **more})
        assert page.status_code == 403
        assert f'href="{path}?character_name=Nyx+%26+Co' in page.content.decode()
        assert PASSWORD not in page.content.decode()


# -- Signing out -------------------------------------------------------------------------------------------------------


def test_signing_out_ends_the_sign_in_everywhere_it_could_be_used(browser: Client) -> None:
    copied = Client()
    copied.cookies["neobank_session"] = cookie(browser, "neobank_session").value
    assert copied.get("/bank").status_code == 200
    page = browser.post("/logout", follow=True)
    assert "You are signed out." in text_of(page)
    assert browser.get("/bank").status_code == 302
    assert copied.get("/bank").status_code == 302


def test_signing_out_twice_is_no_error(browser: Client) -> None:
    browser.post("/logout")
    assert browser.post("/logout").status_code == 302
    assert Client().post("/logout").status_code == 302


def test_nobody_is_signed_out_by_a_link(browser: Client) -> None:
    assert browser.get("/logout").status_code == 405
    assert browser.get("/bank").status_code == 200

"""One's own login: profile, devices, password, activity."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from accounts import tenancy
from accounts.models import LoginSession
from identity import security_pages
from identity.browsers import name_of
from ledger.services.factions import found_faction
from tests.cast import PASSWORD, Event, Person
from tests.pages.reading import sign_in, text_of

NEW = "eleven chrome cats"
PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"


def test_the_profile_is_changed_where_it_is_shown(browser: Client, event: Event) -> None:
    found_faction(actor=event.server, name="Neon Saints")
    page = browser.post("/me/profile", {"emoji": "🦊", "faction": "Neon Saints"}, follow=True)
    assert "Saved." in text_of(page)
    assert "🦊 Alice" in text_of(page)
    assert "Faction Neon Saints" in text_of(page)
    page = browser.post("/me/profile", {"emoji": "", "faction": ""}, follow=True)
    assert "Faction none" in text_of(page)


def test_what_is_no_emoji_is_refused_and_stays_in_the_field(browser: Client) -> None:
    page = browser.post("/me/profile", {"emoji": "<b>"})
    assert page.status_code == 400
    assert 'value="&lt;b&gt;"' in page.content.decode()


def test_a_faction_that_is_not_there_is_refused(browser: Client, event: Event) -> None:
    found_faction(actor=event.server, name="Neon Saints")
    assert browser.post("/me/profile", {"emoji": "", "faction": "The Void"}).status_code == 400


def test_one_device_is_signed_out_from_another(browser: Client, alice: Person) -> None:
    phone = Client(headers={"User-Agent": PHONE})
    sign_in(phone, "Alice")
    page = browser.get("/me/security")
    assert "Firefox, Android" in text_of(page)
    ends = re.findall(r'action="(/me/devices/[0-9a-f-]+/end)"', page.content.decode())
    assert len(ends) == 2
    done = browser.post(ends[1], follow=True)
    assert "That device is signed out." in text_of(done)
    assert phone.get("/bank").status_code == 302
    assert "It may have ended already." in text_of(browser.post(ends[1], follow=True))
    assert browser.post(ends[0])["Location"] == "/", "the device in use is signed out like any other"
    assert browser.get("/bank").status_code == 302


def test_all_other_devices_are_signed_out_at_once(browser: Client, alice: Person) -> None:
    phones = [Client(headers={"User-Agent": PHONE}) for _ in range(2)]
    for phone in phones:
        sign_in(phone, "Alice")
    assert "2 other devices are signed out." in text_of(browser.post("/me/devices/end", follow=True))
    assert [phone.get("/bank").status_code for phone in phones] == [302, 302]
    page = text_of(browser.post("/me/devices/end", follow=True))
    assert "You were signed in nowhere else." in page
    assert "Sign out all others" not in page
    assert "All other devices signed out" in text_of(browser.get("/me/activity"))


def test_nobody_signs_out_somebody_elses_device(browser: Client, event: Event, bob: Person) -> None:
    bobs = Client()
    sign_in(bobs, "Bob")
    with tenancy.scope(event.tenant):
        session = LoginSession.objects.get(user=bob.user)
    for unknown in (session.pk, uuid.uuid4()):
        page = browser.post(f"/me/devices/{unknown}/end", follow=True)
        assert "There is no such sign-in." in text_of(page)
    assert bobs.get("/bank").status_code == 200


def test_a_new_password_signs_out_every_other_device(browser: Client, alice: Person) -> None:
    phone = Client()
    sign_in(phone, "Alice")
    page = browser.post(
        "/me/password", {"current_password": PASSWORD, "new_password": NEW, "repeat": NEW}, follow=True
    )
    assert "Your password is changed" in text_of(page)
    assert phone.get("/bank").status_code == 302
    assert sign_in(Client(), "Alice").status_code == 401
    assert Client().post("/login", {"character_name": "Alice", "password": NEW}).status_code == 302


@pytest.mark.parametrize(
    ("current", "new", "repeat", "status", "words"),
    [
        ("wrong wrong", NEW, NEW, 403, "That is not your password."),
        (PASSWORD, "password", "password", 400, "too common"),
        (PASSWORD, NEW, "another", 400, "The two are not the same"),
        (PASSWORD, "", "", 400, "This field is required"),
    ],
)
def test_a_password_stays_when_something_is_wrong(
    browser: Client, current: str, new: str, repeat: str, status: int, words: str
) -> None:
    page = browser.post("/me/password", {"current_password": current, "new_password": new, "repeat": repeat})
    assert page.status_code == status
    assert words in text_of(page)
    assert sign_in(Client(), "Alice").status_code == 302


def test_a_form_without_a_sign_in_comes_back_after_it_without_secrets(alice: Person) -> None:
    typed = {"current_password": PASSWORD, "new_password": NEW, "repeat": NEW}
    assert Client().post("/me/password", typed)["Location"] == "/login?next=/me/password"
    assert Client().post("/me/profile", {"emoji": "🦊"})["Location"] == "/login?next=/me"
    assert Client().post(f"/me/devices/{uuid.uuid4()}/end")["Location"] == "/login?next=/me/security"


def test_my_activity_is_mine_and_goes_on_from_page_to_page(
    browser: Client, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security_pages, "EVENTS_A_PAGE", 2)
    for emoji in "🦊🐺":
        browser.post("/me/profile", {"emoji": emoji})
    browser.post("/me/password", {"current_password": "wrong", "new_password": NEW, "repeat": NEW})
    first = browser.get("/me/activity")
    assert "Password changed · refused" in text_of(first)
    assert "Profile changed" in text_of(first)
    older = re.search(r'href="(/me/activity\?after=[^"]+)"', first.content.decode())
    assert older
    second = text_of(browser.get(older[1]))
    assert "Signed in" in second
    assert "refused" not in second

    event.person("Bob")
    bobs = Client()
    sign_in(bobs, "Bob")
    assert "Profile changed" not in text_of(bobs.get("/me/activity"))


def test_a_marker_of_the_activity_that_makes_no_sense_is_refused(browser: Client) -> None:
    assert browser.get("/me/activity?after=x").status_code == 400


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (PHONE, "Firefox, Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Safari/604",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537 Chrome/140 Safari/537", "Chrome, Linux"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_browsers_are_called_by_their_names(agent: str, name: str) -> None:
    assert name_of(agent) == name

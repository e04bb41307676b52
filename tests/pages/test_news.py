"""What people are told: shown at home until they say that they have seen it."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts import notify, tenancy
from accounts.models import Notification
from accounts.services.password import reset_password
from accounts.units import unit_of_work
from identity import person_pages
from ledger import pages
from ledger.services.accounts import freeze, freeze_faction, unfreeze, unfreeze_faction
from tests.cast import PASSWORD, Event, Person
from tests.pages.reading import sign_in, tags_of, text_of

NOW = dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC)
NEW = "eleven chrome cats"


@unit_of_work
def tell(*, actor: Any, person: Person, text: str) -> Notification:
    return notify.publish(to=person.user, kind="test.note", text=lambda: text)


def shown(page: Any) -> list[str]:
    """The ids that the button of the page says to have been seen."""
    return [
        str(attrs["value"]) for tag, attrs in tags_of(page) if tag == "input" and attrs.get("name") == "seen"
    ]


def read(event: Event) -> dict[str, bool]:
    with tenancy.scope(event.tenant):
        return {note.text: note.read_at is not None for note in Notification.objects.all()}


def told(event: Event) -> list[str]:
    with tenancy.scope(event.tenant):
        return list(Notification.objects.order_by("id").values_list("text", flat=True))


def test_whoever_is_told_something_reads_it_at_home(browser: Client, event: Event, alice: Person) -> None:
    assert "News for you" not in text_of(browser.get("/bank"))
    freeze(actor=event.server, account=alice.number)
    assert f"Your account {alice.number} was frozen by the game masters." in text_of(browser.get("/bank"))


def test_a_faction_tells_its_members_once_what_changed_for_them(event: Event) -> None:
    member = event.person("Molly", faction=event.faction.name)
    frozen = f"Your account {member.number} was frozen by the game masters."
    free = f"Your account {member.number} is no longer frozen: you can pay and be paid again."
    for _time in range(2):
        freeze_faction(actor=event.server, faction=event.faction)
    assert told(event) == [frozen]
    for _time in range(2):
        unfreeze_faction(actor=event.server, faction=event.faction)
    unfreeze(actor=event.server, account=member.number)
    assert told(event) == [frozen, free]


def test_a_refresh_token_that_came_back_is_told_at_home(browser: Client, event: Event) -> None:
    phone = event.phone()
    first = phone.post(
        "auth/login", {"character_name": "Alice", "password": PASSWORD, "refresh": True}
    ).json()
    second = phone.post("auth/refresh", {"refresh_token": first["refresh_token"]}).json()
    phone.post("auth/refresh", {"refresh_token": second["refresh_token"]})
    stolen = phone.post("auth/refresh", {"refresh_token": first["refresh_token"]})
    assert stolen.json()["code"] == "refresh_reused"
    assert "one of your sign-ins was ended" in text_of(browser.get("/bank"))


def test_a_password_that_a_game_master_has_reset_is_told_to_its_owner(event: Event, alice: Person) -> None:
    reset_password(actor=event.server, person=alice.user, new=NEW)
    again = Client()
    again.post("/login", {"character_name": "Alice", "password": NEW})
    assert "Your password was changed. If that was not you" in text_of(again.get("/bank"))


def test_what_was_seen_goes_and_what_came_meanwhile_stays(
    browser: Client, event: Event, alice: Person
) -> None:
    for text in ("first", "second"):
        tell(actor=event.server, person=alice, text=text)
    page = browser.get("/bank")
    tell(actor=event.server, person=alice, text="third")
    assert browser.post("/bank/seen", {"seen": shown(page)})["Location"] == "/bank"
    assert read(event) == {"first": True, "second": True, "third": False}
    home = text_of(browser.get("/bank"))
    assert "third" in home
    assert "first" not in home
    browser.post("/bank/seen", {"seen": shown(browser.get("/bank"))})
    assert "News for you" not in text_of(browser.get("/bank"))


def test_looking_does_not_mark_it(browser: Client, event: Event, alice: Person) -> None:
    tell(actor=event.server, person=alice, text="first")
    assert "first" in text_of(browser.get("/bank"))
    assert "first" in text_of(browser.get("/bank"))
    assert browser.get("/bank/seen").status_code == 405


def test_the_newest_come_first_and_the_others_once_those_are_seen(
    browser: Client, event: Event, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "NEWS_AT_HOME", 2)
    for second, text in enumerate(("oldest", "middle", "newest")):
        with time_machine.travel(NOW + dt.timedelta(seconds=second)):
            tell(actor=event.server, person=alice, text=text)
    page = browser.get("/bank")
    words = text_of(page)
    assert words.index("newest") < words.index("middle")
    assert "oldest" not in words
    assert "There is more" in words
    left = text_of(browser.post("/bank/seen", {"seen": shown(page)}, follow=True))
    assert "oldest" in left
    assert "There is more" not in left


def test_nobody_marks_or_reads_what_somebody_else_was_told(
    browser: Client, event: Event, bob: Person
) -> None:
    note = tell(actor=event.server, person=bob, text="for Bob")
    assert "for Bob" not in text_of(browser.get("/bank"))
    browser.post("/bank/seen", {"seen": [str(note.pk)]})
    assert read(event) == {"for Bob": False}
    bobs = Client()
    sign_in(bobs, "Bob")
    assert "for Bob" in text_of(bobs.get("/bank"))


@pytest.mark.parametrize("sent", [{}, {"seen": ["x", "", "'", str(uuid.uuid4())] * 100}])
def test_whatever_is_sent_instead_marks_nothing(
    browser: Client, event: Event, alice: Person, sent: dict[str, Any]
) -> None:
    tell(actor=event.server, person=alice, text="first")
    assert browser.post("/bank/seen", sent)["Location"] == "/bank"
    assert read(event) == {"first": False}


def test_it_is_text_and_no_html(browser: Client, event: Event, alice: Person) -> None:
    tell(actor=event.server, person=alice, text="<script>alert(1)</script>")
    assert "<script>alert" not in browser.get("/bank").content.decode()


def test_without_a_sign_in_one_is_led_to_it_and_home(event: Event) -> None:
    assert Client().post("/bank/seen", {"seen": ["x"]})["Location"] == "/login?next=/bank"


def test_game_masters_are_told_too(event: Event) -> None:
    overseer = event.person("Overseer", role="gm")
    tell(actor=event.server, person=overseer, text="the tent is on fire")
    client = Client()
    sign_in(client, "Overseer")
    assert "the tent is on fire" in text_of(client.get("/bank"))


# -- The inbox ---------------------------------------------------------------------------------------------------------


def test_the_inbox_has_everything_page_by_page_and_marks_what_is_new(
    browser: Client, event: Event, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_pages, "NEWS_A_PAGE", 2)
    assert "Nothing yet" in text_of(browser.get("/me/news"))
    for second, text in enumerate(("oldest", "middle", "newest")):
        with time_machine.travel(NOW + dt.timedelta(seconds=second)):
            tell(actor=event.server, person=alice, text=text)
    assert "News 3 new" in text_of(browser.get("/bank/send")), "every page says how many there are"
    first = browser.get("/me/news")
    words = text_of(first)
    assert "new newest" in words
    assert words.index("newest") < words.index("middle")
    assert "oldest" not in words
    older = re.search(r'href="(/me/news\?after=[^"]+)" rel="next"', first.content.decode())
    assert older
    last = browser.get(older[1])
    assert "oldest" in text_of(last)
    assert "Older" not in text_of(last)
    assert read(event) == {"oldest": False, "middle": False, "newest": False}, "looking marks nothing"
    browser.post("/me/news/seen", {"seen": shown(first)})
    assert read(event) == {"oldest": False, "middle": True, "newest": True}
    assert "News 1 new" in text_of(browser.get("/me"))
    assert "I have seen these" not in text_of(browser.get("/me/news"))
    browser.post("/me/news/seen", {"seen": ["x", *shown(last)]})
    assert "new" not in text_of(browser.get("/me/news")).replace("newest", "").replace("News", "")


def test_nobody_reads_or_marks_somebody_elses_inbox(browser: Client, event: Event, bob: Person) -> None:
    note = tell(actor=event.server, person=bob, text="for Bob")
    assert "for Bob" not in text_of(browser.get("/me/news"))
    browser.post("/me/news/seen", {"seen": [str(note.pk)]})
    assert read(event) == {"for Bob": False}
    assert browser.get("/me/news?after=x").status_code == 400

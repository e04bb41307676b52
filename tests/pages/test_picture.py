"""The face beside a name: shown to whoever is about to pay it, and to nobody outside."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import pictures, tenancy
from accounts.models import AuditEvent, Picture
from accounts.services.pictures import remove_picture, set_picture
from identity.services.people import create_user
from ledger.services import transfers
from ledger.services.transfers import Payment
from tests.cast import OPENING_BALANCE, PASSWORD, Event, Person, Phone, make_event
from tests.pages.reading import sign_in, tags_of, text_of
from tests.photographs import a_picture


def upload(browser: Client, raw: bytes, **more: Any) -> Any:
    """Post the form of the profile."""
    return browser.post("/me/picture", {"picture": SimpleUploadedFile("me.exe", raw)}, **more)


def faces(page: Any) -> list[str]:
    """The addresses of the faces on a page."""
    return [str(a["src"]) for tag, a in tags_of(page) if tag == "img" and a.get("class") == "face"]


def test_a_picture_is_shown_wherever_its_person_is_paid(
    browser: Client, event: Event, alice: Person, bob: Person
) -> None:
    page = upload(browser, a_picture(), follow=True)
    assert "That is your picture now." in text_of(page)
    [address] = faces(page)
    assert faces(browser.get("/bank")) == [address]

    bobs = Client()
    sign_in(bobs, "Bob")
    event_money = transfers.transfer(actor=alice.actor, payment=Payment(bob.number, 50_00)).transfer
    assert faces(bobs.get("/bank/send", {"to": "Alice"})) == [address]
    sure = bobs.post("/bank/send", {"to": "Alice", "amount": "1", "key": "k" * 20}, follow=True)
    assert "You pay" in text_of(sure)
    assert faces(sure) == [address]
    assert faces(bobs.get(f"/bank/transfers/{event_money.pk}")) == [address]

    picture = bobs.get(address)
    assert picture["Content-Type"] == "image/webp"
    assert picture["X-Content-Type-Options"] == "nosniff"
    assert picture["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in picture["Cache-Control"]
    assert bobs.get(address, headers={"If-None-Match": picture["ETag"]}).status_code == 304
    assert len(picture.content) < 10_000

    upload(browser, a_picture(colour="red"))
    assert faces(browser.get("/me")) != [address]
    assert bobs.get(address).status_code == 404, "the old one is gone"
    with tenancy.scope(event.tenant):
        assert Picture.objects.count() == 1
    page = browser.post("/me/picture", {"remove": "1"}, follow=True)
    assert "Your picture is gone." in text_of(page)
    assert faces(page) == []
    browser.post("/me/profile", {"emoji": "🦊"})
    assert "🦊 Alice" in text_of(browser.get("/me")), "and the emoji is there again"


def test_nobody_sees_it_without_a_sign_in_at_this_event(browser: Client, event: Event, alice: Person) -> None:
    upload(browser, a_picture())
    [address] = faces(browser.get("/me"))
    assert Client().get(address)["Location"].startswith("/login")
    other = make_event("borea")
    carol = other.person("Carol", money=OPENING_BALANCE)
    assert carol.phone().get(f"pictures/{address.rpartition('/')[2]}").status_code == 404
    assert Phone(event.host).get(f"pictures/{address.rpartition('/')[2]}").status_code == 401


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (b"MZ\x90", 400, "no picture that can be read here"),
        (b"", 400, "no picture in what was sent"),
        (a_picture("PNG", (5000, 4001)), 400, "20 million pixels"),
        (b"x" * (pictures.UPLOAD_MAX + 1), 400, "more than 5 MB"),
        (b"x" * (pictures.UPLOAD_MAX + 20_000), 413, "more than 5 MB"),
    ],
    ids=["program", "nothing", "pixels", "bytes", "more bytes"],
)
def test_what_is_refused_leaves_the_picture_as_it_was(
    browser: Client, alice: Person, raw: bytes, status: int, words: str
) -> None:
    upload(browser, a_picture())
    before = faces(browser.get("/me"))
    page = upload(browser, raw)
    assert page.status_code == status
    assert words in text_of(page)
    assert faces(browser.get("/me")) == before
    assert browser.post("/me/picture", {"picture": "text"}).status_code == 400


def test_other_forms_are_no_larger_than_before(browser: Client) -> None:
    large = SimpleUploadedFile("x", b"x" * 1_100_000)
    assert browser.post("/me/profile", {"emoji": "", "x": large}).status_code == 413


def test_an_app_does_the_same(event: Event, alice: Person) -> None:
    phone = alice.phone()

    def put(raw: bytes, kind: str = "image/png") -> Any:
        headers = {**phone.headers}
        return phone.client.put(
            "/api/v1/account/picture", raw, content_type=kind, headers=headers, HTTP_HOST=event.host
        )

    picture = put(a_picture()).json()["picture"]
    assert phone.get("account").json()["picture"] == picture
    shown = phone.get(f"pictures/{picture}")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
    assert put(b"<svg/>", "image/svg+xml").json()["code"] == "invalid_picture"
    assert put(b"{}", "application/json").status_code == 415
    refused = put(b"x" * (pictures.UPLOAD_MAX + 1))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert phone.delete("account/picture").status_code == 204
    assert phone.get("account").json()["picture"] is None


def test_a_game_master_takes_a_picture_away_and_its_person_is_told(
    browser: Client, event: Event, alice: Person
) -> None:
    overseer = event.person("Overseer", role="gm")
    upload(browser, a_picture())
    console = Client()
    sign_in(console, "Overseer")
    address = f"/admin/accounts/user/{alice.user.pk}/"
    page = console.get(address).content.decode()
    assert "The picture of Alice" in page
    action = re.search(r'href="([^"]*take-picture-away[^"]*)"', page)
    assert action
    shown = console.get(action[1])
    assert "gone for everybody" in text_of(shown)
    key = re.search(r'name="key" value="([^"]+)"', shown.content.decode())
    assert key
    typed = {"reason": "not in this game", "confirmed": "1", "key": key[1], "password": PASSWORD}
    done = console.post(action[1], typed, follow=True)
    assert "The picture of Alice is gone." in text_of(done)
    assert faces(browser.get("/me")) == []
    assert "A game master took your picture away." in text_of(browser.get("/me/news"))
    with tenancy.scope(event.tenant):
        line = AuditEvent.objects.get(action="picture.remove")
        assert (line.actor_user_id, line.metadata["reason"]) == (overseer.user.pk, "not in this game")


def test_nobody_else_takes_it_away(event: Event, alice: Person, bob: Person) -> None:
    set_picture(actor=alice.actor, raw=a_picture())
    with pytest.raises(Exception, match="not allowed"):
        remove_picture(actor=bob.actor, person=alice.user)
    keeper = create_user(actor=event.server, character_name="Keeper", password=PASSWORD, role="support")
    assert keeper.picture_id is None
    assert alice.reload().picture_id is not None

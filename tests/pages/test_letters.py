"""E-mail: an address of one's own, a new password by letter, news of new devices; and that nothing hangs on any of it."""

from __future__ import annotations

import datetime as dt
import re
import socket
from collections.abc import Iterator
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any

import pytest
import time_machine
from django.core import mail as django_mail
from django.test import Client
from django.utils import timezone

from accounts import limits, mail, tenancy
from accounts.crypto import open_from
from accounts.errors import TooMany
from accounts.models import AuditEvent, Domain, LoginCode, User
from accounts.services.email import token_of
from accounts.services.login_codes import issue_login_codes
from identity.addresses import for_letters
from identity.services.mailbox import ask_for_address
from identity.services.people import create_user
from tests.cast import PASSWORD, Event, Person, make_event
from tests.pages.reading import sign_in, text_of
from tests.smtp import MailServer, mail_server

NEW = "eleven chrome cats"
ADDRESS = "Alice@Example.org"
LINK = re.compile(r"http://\S+?(/(?:confirm|reset)/\S+)")
SAME_FOR_ALL = "If there is such a login"


@pytest.fixture
def letters(settings: Any) -> Iterator[list[Any]]:
    """What is sent, in memory; ``arrived`` waits for it."""
    settings.EMAIL_URL, settings.EMAIL_FROM = "memorymail://", "bank@example.org"
    django_mail.outbox = []
    yield django_mail.outbox
    assert mail.settle(30)


def arrived(letters: list[Any]) -> list[Any]:
    """The letters once nothing is on its way any more."""
    assert mail.settle(30)
    return letters


def link_in(letter: Any) -> str:
    """The path of the link in a letter."""
    found = LINK.search(letter.body)
    assert found, letter.body
    return found[1]


def confirmed(person: Person, address: str = ADDRESS) -> None:
    """Gives somebody an address, as if its letter had been answered."""
    visitor = Client()
    with tenancy.scope(person.tenant):
        token = token_of(person.reload(), address)
    page = visitor.post(f"/confirm/{token}")
    assert "That is your address now" in text_of(page)


def asks(who: str) -> str:
    """What somebody reads who says to have forgotten the password of ``who``."""
    return text_of(Client().post("/forgot", {"who": who}, follow=True))


# -- The whole way, over a real mail server ----------------------------------------------------------------------------


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    """A mail server that this process delivers to."""
    with mail_server() as running:
        settings.EMAIL_URL, settings.EMAIL_FROM = f"smtp://127.0.0.1:{running.port}", "bank@example.org"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running
        assert mail.settle(30)


def test_from_an_address_to_a_new_password_over_smtp(
    browser: Client, event: Event, alice: Person, server: MailServer
) -> None:
    page = browser.post("/me/email", {"email": ADDRESS, "current_password": PASSWORD}, follow=True)
    assert f"A letter is on its way to {ADDRESS}." in text_of(page)
    to, letter = server.next()
    assert (to, letter["To"], letter["From"]) == (ADDRESS, ADDRESS, "Arcadia <bank@example.org>")
    link = LINK.search(letter.get_content())
    assert link
    assert "Is this your address?" in text_of(Client().get(link[1])), "a preview of the link"
    assert alice.reload().email_index is None, "uses nothing up"
    assert "belongs to Alice" in text_of(Client().post(link[1]))
    assert "belongs to Alice" in text_of(Client().post(link[1])), "and again"
    assert ADDRESS in text_of(browser.get("/me"))
    assert ADDRESS.encode() not in bytes(alice.reload().email)

    assert SAME_FOR_ALL in asks("alice@example.ORG")
    to, letter = server.next()
    assert to == ADDRESS
    link = LINK.search(letter.get_content())
    assert link
    assert "A new password for Alice" in text_of(Client().get(link[1]))
    page = Client().post(link[1], {"new_password": NEW, "repeat": NEW}, follow=True)
    assert "Your password is set" in text_of(page)
    assert 'value="Alice"' in page.content.decode()
    assert browser.get("/bank").status_code == 302, "every device is signed out"
    assert sign_in(Client(), "Alice").status_code == 401
    assert Client().post("/login", {"character_name": "Alice", "password": NEW}).status_code == 302
    to, letter = server.next()
    assert "signed in on a new device" in letter["Subject"]
    again = Client().post(link[1], {"new_password": PASSWORD, "repeat": PASSWORD})
    assert again.status_code == 409
    assert "used already" in text_of(again)


def test_a_mail_server_that_is_gone_fails_no_sign_in(
    alice: Person, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(alice)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.EMAIL_URL, settings.EMAIL_FROM = "smtp://127.0.0.1", "bank@example.org"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = nobody.getsockname()
        monkeypatch.setattr(mail, "PAUSES_S", (0, 0))
        for _device in range(3):
            browser = Client()
            assert sign_in(browser, "Alice").status_code == 302
        assert "a device that is new here" in text_of(browser.get("/bank")), "the inbox has it all the same"
        assert mail.settle(30), "and the letters are given up"


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (SMTPRecipientsRefused({"x@example.org": (550, b"no such mailbox")}), 1),
        (SMTPRecipientsRefused({"x@example.org": (450, b"later")}), 3),
        (SMTPDataError(554, b"never"), 1),
        (SMTPDataError(451, b"later"), 3),
        (ConnectionResetError(), 3),
    ],
    ids=["no mailbox", "mailbox later", "never", "later", "gone"],
)
def test_what_a_mail_server_refuses_for_good_is_not_tried_again(
    letters: list[Any], monkeypatch: pytest.MonkeyPatch, error: Exception, tries: int
) -> None:
    tried: list[mail.Letter] = []

    def send(letter: mail.Letter) -> None:
        tried.append(letter)
        raise error

    monkeypatch.setattr(mail, "PAUSES_S", (0, 0, 0))
    monkeypatch.setattr(mail, "_send", send)
    mail.post(mail.Letter("test", sender="Arcadia", to="x@example.org", subject="s", text="t"))
    arrived(letters)
    assert len(tried) == tries


# -- Addresses ---------------------------------------------------------------------------------------------------------


def test_an_address_needs_the_password_and_its_own_mailbox(
    browser: Client, alice: Person, letters: list[Any]
) -> None:
    wrong = browser.post("/me/email", {"email": ADDRESS, "current_password": "wrong wrong"})
    assert (wrong.status_code, "That is not your password." in text_of(wrong)) == (403, True)
    assert ADDRESS in wrong.content.decode(), "what was typed stays"
    none = browser.post("/me/email", {"email": "nobody", "current_password": PASSWORD})
    assert (none.status_code, "not an e-mail address" in text_of(none)) == (400, True)
    assert arrived(letters) == []
    browser.post("/me/email", {"email": ADDRESS, "current_password": PASSWORD})
    [letter] = arrived(letters)
    assert alice.reload().email_index is None, "nothing before the letter is answered"
    browser.post(
        "/me/password", {"current_password": PASSWORD, "new_password": NEW, "repeat": NEW}, follow=True
    )
    assert Client().get(link_in(letter)).status_code == 404, "nor when the password changed meanwhile"


def test_a_new_address_is_told_to_the_old_one_and_can_be_taken_away(
    browser: Client, alice: Person, letters: list[Any]
) -> None:
    confirmed(alice, "old@example.org")
    browser.post("/me/email", {"email": ADDRESS, "current_password": PASSWORD})
    Client().post(link_in(arrived(letters)[0]))
    assert [letter.to for letter in arrived(letters)] == [[ADDRESS], ["old@example.org"]]
    assert "does not use this e-mail address any more" in letters[1].body
    assert "Your e-mail address was set." in text_of(browser.get("/me/news"))
    page = browser.post("/me/email", {"email": "", "current_password": PASSWORD}, follow=True)
    assert "Your e-mail address is gone." in text_of(page)
    assert arrived(letters)[2].to == [ADDRESS]
    assert bytes(alice.reload().email) == b""


def test_whoever_reads_the_mail_has_the_address_and_nobody_else(
    browser: Client, event: Event, alice: Person, bob: Person, letters: list[Any]
) -> None:
    phone = event.phone()
    squatter = {"character_name": "Squatter", "password": NEW, "email": ADDRESS}
    assert phone.post("auth/register", squatter).status_code == 201
    assert "Is this your address" in arrived(letters)[0].subject, "who gives one while registering is asked"
    asks("Squatter")
    assert len(arrived(letters)) == 1, "an address that nobody has confirmed resets nothing"
    confirmed(alice)
    with tenancy.scope(event.tenant):
        assert User.objects.get(character_name="Squatter").email_index is None
        taken = token_of(bob.reload(), ADDRESS.lower())
    refused = Client().post(f"/confirm/{taken}")
    assert (refused.status_code, "another character" in text_of(refused)) == (409, True)


def test_an_address_in_the_roster_counts_because_a_game_master_gave_it(
    event: Event, letters: list[Any]
) -> None:
    create_user(actor=event.server, character_name="Vex", password=PASSWORD, email="vex@example.org")
    asks("Vex")
    assert [letter.to for letter in arrived(letters)] == [["vex@example.org"]]


def test_nobodys_mailbox_is_filled_by_many_who_want_it(event: Event, letters: list[Any]) -> None:
    people = [event.person(f"Rival {number}") for number in range(6)]
    for one in people[:5]:
        ask_for_address(actor=one.actor, wanted=ADDRESS, password=PASSWORD, address="http://x")
    with pytest.raises(TooMany):
        ask_for_address(actor=people[5].actor, wanted=ADDRESS.upper(), password=PASSWORD, address="http://x")
    assert len(arrived(letters)) == 5


def test_an_address_given_while_registering_gets_a_few_letters_and_stays_free_for_its_owner(
    browser: Client, event: Event, alice: Person, letters: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.RATES, "letter_welcome", limits.Rate(1, 3600))
    for name in ("Squatter", "Rival"):
        phone = event.phone()
        given = {"character_name": name, "password": NEW, "email": ADDRESS}
        answer = phone.post("auth/register", given)
        assert answer.status_code == 201, answer.content
        with tenancy.scope(event.tenant):
            User.objects.filter(character_name=name).update(email=b"", email_index=None)
    assert len(arrived(letters)) == 1
    browser.post("/me/email", {"email": ADDRESS, "current_password": PASSWORD})
    assert len(arrived(letters)) == 2


# -- A forgotten password ----------------------------------------------------------------------------------------------


def test_the_answer_does_not_say_who_is_there(event: Event, alice: Person, letters: list[Any]) -> None:
    confirmed(alice)
    event.person("Bob")
    pages = {asks(who) for who in ("Alice", ADDRESS, "Bob", "Nobody", "no@example.org", "<b>", "x" * 200)}
    assert len(pages) == 1
    assert SAME_FOR_ALL in pages.pop()
    assert len(arrived(letters)) == 2
    api = [event.phone().post("auth/password/forgot", {"who": who}) for who in ("Alice", "Bob", "Nobody")]
    assert [answer.status_code for answer in api] == [202] * 3
    assert len({answer.content for answer in api}) == 1


def test_nobodys_mailbox_is_filled_and_nobodys_card_made_worthless(
    event: Event, alice: Person, letters: list[Any]
) -> None:
    confirmed(alice)
    [card] = issue_login_codes(
        actor=event.server,
        users=[alice.user],
        kind=LoginCode.Kind.CARD,
        lives=dt.timedelta(days=1),
        request="card",
    )
    for _time in range(12):
        assert SAME_FOR_ALL in asks("Alice")
    assert len(arrived(letters)) == 5
    first, last = link_in(letters[0]), link_in(letters[-1])
    assert Client().get(first).status_code == 409, "the newest letter alone is good"
    assert Client().get(f"/card/{card.code}").status_code == 200, "and the card stays good"
    assert Client().get(f"/card/{last.rpartition('/')[2]}").status_code == 404, "a letter signs nobody in"
    with tenancy.scope(event.tenant):
        told = str(list(LoginCode.objects.values())) + str(list(AuditEvent.objects.values()))
    assert last.rpartition("/")[2] not in told


def test_whoever_asks_in_anothers_name_keeps_nobody_from_an_address(
    browser: Client, alice: Person, letters: list[Any]
) -> None:
    for _time in range(6):
        asks("Alice")
    browser.post("/me/email", {"email": ADDRESS, "current_password": PASSWORD})
    Client().post(link_in(arrived(letters)[0]))
    asks("Alice")
    assert len(arrived(letters)) == 2, "and what no letter came of was not counted"


@pytest.mark.parametrize("how", ["used", "late", "off", "changed"])
def test_a_link_works_once_within_an_hour_for_whoever_it_was_sent_to(
    browser: Client, event: Event, alice: Person, letters: list[Any], how: str
) -> None:
    confirmed(alice)
    asks("Alice")
    link = link_in(arrived(letters)[0])
    weak = Client().post(link, {"new_password": "password", "repeat": "password"})
    assert (weak.status_code, "too common" in text_of(weak)) == (400, True), "a weak one uses nothing up"
    when = timezone.now()
    if how == "used":
        Client().post(link, {"new_password": NEW, "repeat": NEW})
    elif how == "late":
        when += dt.timedelta(minutes=61)
    elif how == "off":
        with tenancy.scope(event.tenant):
            User.objects.filter(pk=alice.user.pk).update(is_active=False)
    else:
        browser.post("/me/password", {"current_password": PASSWORD, "new_password": NEW, "repeat": NEW})
    before = alice.reload().password
    with time_machine.travel(when, tick=False):
        assert Client().get(link).status_code == 409
        answer = event.phone().post(
            "auth/password/reset", {"code": link.rpartition("/")[2], "new_password": "twelve chrome cats"}
        )
    assert answer.status_code == 409
    assert alice.reload().password == before


def test_a_letter_of_another_event_opens_nothing(alice: Person, letters: list[Any]) -> None:
    confirmed(alice)
    asks("Alice")
    link = link_in(arrived(letters)[0])
    with tenancy.scope(alice.tenant):
        token = token_of(alice.reload(), "x@example.org")
    make_event("borea")
    stranger = Client(HTTP_HOST="borea.example")
    for path in (link, f"/confirm/{token}"):
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, {"new_password": NEW, "repeat": NEW}).status_code == 404


def test_links_lead_to_the_events_own_address_whatever_name_was_asked_under(
    event: Event, alice: Person, letters: list[Any]
) -> None:
    confirmed(alice)
    Client(HTTP_HOST="evil.example").post("/forgot", {"who": "Alice"})
    [letter] = arrived(letters)
    assert "evil" not in letter.body
    assert f"http://{event.host}/reset/" in letter.body


@pytest.mark.parametrize(
    ("public", "asked", "link"),
    [
        ("", "arcadia.example:31337", "http://arcadia.example/reset/"),
        ("https://arcadia.example:8443", "arcadia.example:31337", "https://arcadia.example:8443/reset/"),
        ("https://arcadia.example:8443", "evil.example", "https://arcadia.example:8443/reset/"),
    ],
)
def test_nor_to_the_port_that_somebody_asked_at(
    event: Event, alice: Person, letters: list[Any], settings: Any, public: str, asked: str, link: str
) -> None:
    confirmed(alice)
    settings.PUBLIC_URL = public
    Client(HTTP_HOST=asked).post("/forgot", {"who": "Alice"})
    [letter] = arrived(letters)
    assert link in letter.body


def test_on_a_laptop_links_lead_to_where_the_browser_is(event: Event) -> None:
    Domain.objects.filter(tenant=event.tenant).update(host="localhost")
    assert for_letters(event.tenant, "http://localhost:8000") == "http://localhost:8000"
    assert for_letters(event.tenant, "http://evil.example") == "http://localhost"
    Domain.objects.filter(tenant=event.tenant).delete()
    assert for_letters(event.tenant, "http://10.0.0.7:8000") == "http://10.0.0.7:8000", "none is known"


def test_letters_are_in_the_events_language_whatever_the_app_speaks(db: None, letters: list[Any]) -> None:
    berlin = make_event("berlin", language="de")
    person = berlin.person("Alice")
    with tenancy.scope(berlin.tenant):
        token = token_of(person.reload(), ADDRESS)
    Client(HTTP_HOST=berlin.host).post(f"/confirm/{token}")
    berlin.phone().post("auth/password/forgot", {"who": "Alice"}, **{"Accept-Language": "en"})
    [letter] = arrived(letters)
    assert letter.subject == "Ein neues Passwort für Alice"
    assert "Jemand hat angegeben" in letter.body


# -- New devices -------------------------------------------------------------------------------------------------------


def test_a_new_device_is_told_and_a_known_one_is_not(event: Event, alice: Person, letters: list[Any]) -> None:
    confirmed(alice)
    phone = Client(headers={"User-Agent": "Mozilla/5.0 (Android 15; rv:140.0) Firefox/140.0"})
    sign_in(phone, "Alice")
    assert arrived(letters) == [], "the first sign-in ever is no news"
    laptop = Client()
    sign_in(laptop, "Alice")
    phone.post("/logout")
    sign_in(phone, "Alice")
    [letter] = arrived(letters)
    assert letter.to == [ADDRESS]
    assert "a device without a name (127.0.0.1)" in letter.body
    news = text_of(phone.get("/me/news"))
    assert news.count("a device that is new here") == 1
    other = event.person("Bob")
    sign_in(phone, other.name)
    assert len(arrived(letters)) == 1, "who has no address reads it in the bank"


# -- Without e-mail ----------------------------------------------------------------------------------------------------


def test_without_e_mail_the_pages_lead_to_a_game_master(browser: Client, alice: Person) -> None:
    page = Client().get("/forgot")
    assert "Go to a game master" in text_of(page)
    assert 'name="who"' not in page.content.decode()
    assert "Go to a game master" in text_of(Client().post("/forgot", {"who": "Alice"}))
    assert "E-mail" not in text_of(browser.get("/me"))
    assert "No e-mail is sent from here" in text_of(browser.get("/me/email"))
    refused = browser.post("/me/email", {"email": ADDRESS, "current_password": PASSWORD})
    assert refused.status_code == 409
    assert open_from(alice.reload(), "email") == ""


def test_an_app_sets_and_removes_an_address(event: Event, alice: Person, letters: list[Any]) -> None:
    phone = alice.phone()

    def put(email: str, password: str = PASSWORD) -> Any:
        return phone.client.put(
            "/api/v1/account/email",
            {"email": email, "current_password": password},
            content_type="application/json",
            headers=phone.headers,
            HTTP_HOST=event.host,
        )

    assert put(ADDRESS, "wrong wrong").json()["code"] == "wrong_password"
    assert put(ADDRESS).status_code == 202
    assert phone.get("account/email").json() == {"email": "", "confirmed": False}
    Client().post(link_in(arrived(letters)[0]))
    assert phone.get("account/email").json() == {"email": ADDRESS, "confirmed": True}
    assert put("").status_code == 202
    assert phone.get("account/email").json() == {"email": "", "confirmed": False}

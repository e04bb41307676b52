"""Before the event, and at its desk: the roster, login cards, the poster and the one-time code, as a game master clicks them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import tenancy
from accounts.models import AuditEvent, LoginCode, Tenant, User
from identity.roster import read
from identity.services.roster import import_roster
from ledger.models import Transfer
from tests.cast import PASSWORD, World
from tests.console.desk import Desk, fields_of, offered, tags_of, text_of, url_of
from tests.identity import rosters
from tests.pages import reading
from tests.paper import codes_in, page_count, words_in

GOOD = rosters.SIZE - len(rosters.BAD)


@pytest.fixture
def roster(world: World) -> str:
    return url_of(world.arcadia.tenant, "roster")


@pytest.fixture
def cards(world: World) -> str:
    return url_of(world.arcadia.tenant, "login-cards")


def upload(gm: Desk, path: str, content: bytes) -> Any:
    """The page that says what an import would do."""
    return gm.post(path, {**fields_of(gm.get(path)), "file": SimpleUploadedFile("roster.csv", content)})


def people(world: World) -> int:
    with tenancy.scope(world.arcadia.tenant):
        return int(User.objects.count())


# -- The roster --------------------------------------------------------------------------------------------------------


def test_the_dry_run_names_every_bad_line_and_the_good_ones_come_in(
    world: World, gm: Desk, roster: str
) -> None:
    content, expected = rosters.with_bad_lines()
    before = people(world)
    statement = upload(gm, roster, content)
    shown = text_of(statement)
    assert statement.status_code == 200
    assert f"{GOOD} characters are made" in shown
    assert f"{len(expected)} lines are wrong and are left out" in shown
    assert not [
        (line, word) for line, word in expected.items() if f" {line} " not in shown or word not in shown
    ]
    assert people(world) == before
    answer = gm.confirm(roster, statement)
    assert f"{GOOD} characters are in the event" in gm.notice(answer)
    assert people(world) == before + GOOD
    with tenancy.scope(world.arcadia.tenant):
        [line] = AuditEvent.objects.filter(action="roster.import")
        assert line.metadata["people"] == GOOD


def test_the_same_form_sent_twice_imports_once(world: World, gm: Desk, roster: str) -> None:
    content, _expected = rosters.with_bad_lines()
    statement = upload(gm, roster, content)
    gm.confirm(roster, statement)
    after = people(world)
    assert "there already. Nothing was done." in gm.notice(gm.confirm(roster, statement))
    again = upload(gm, roster, content)
    assert "Nobody would be made." in text_of(again)
    assert not [tag for tag, found in tags_of(again) if tag == "button" and found.get("name") == "confirmed"]
    assert people(world) == after


def test_nothing_happens_unless_it_is_confirmed(world: World, gm: Desk, roster: str) -> None:
    statement = upload(gm, roster, b"name;balance\nVex;5\n")
    before = people(world)
    form = gm.post(roster, {**fields_of(statement), "back": "1"})
    assert "A CSV file" in text_of(form)
    assert people(world) == before


def test_what_changed_between_looking_and_confirming_is_shown_first(
    world: World, gm: Desk, roster: str
) -> None:
    statement = upload(gm, roster, b"name;balance\nVex;5\nNyx;1\n")
    world.arcadia.person("Nyx")
    before = people(world)
    refused = gm.confirm(roster, statement)
    assert refused.status_code == 409
    assert "Something has changed since you looked" in text_of(refused)
    assert "1 character is made" in text_of(refused)
    assert people(world) == before
    assert "1 character is in the event" in gm.notice(gm.confirm(roster, refused))


def test_a_confirmation_without_a_look_imports_nothing(world: World, gm: Desk, roster: str) -> None:
    before = people(world)
    fields = fields_of(gm.get(roster))
    file = SimpleUploadedFile("roster.csv", b"name\nVex\n")
    assert gm.post(roster, {**fields, "file": file, "confirmed": "1"}).status_code == 409
    assert people(world) == before


@pytest.mark.parametrize("how", ["tampered", "another's", "old"])
def test_only_what_was_looked_at_can_be_confirmed(world: World, gm: Desk, roster: str, how: str) -> None:
    statement = upload(gm, roster, b"name;balance\nVex;5\n")
    fields = fields_of(statement)
    desk, later = gm, timedelta()
    if how == "tampered":
        fields["held"] = "x" + fields["held"][1:]
    elif how == "another's":
        desk = Desk(world.arcadia.host, world.arcadia.person("Warden", role="gm"))
    else:
        later = timedelta(hours=7)
    with time_machine.travel(timezone.now() + later):
        answer = desk.post(roster, {**fields, "confirmed": "1"})
    assert answer.status_code == 422
    with tenancy.scope(world.arcadia.tenant):
        assert not User.objects.filter(character_name="Vex").exists()


@pytest.mark.parametrize(
    ("content", "word"), [(b"", "empty"), (b"Vex;5\n", "first line"), (b"name\n\xff\n", "CSV UTF-8")]
)
def test_a_file_that_is_no_roster_says_what_to_do(gm: Desk, roster: str, content: bytes, word: str) -> None:
    answer = upload(gm, roster, content)
    assert answer.status_code == 422
    assert word in text_of(answer)


def test_money_and_roles_ask_for_the_password(world: World, roster: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        late = Desk(world.arcadia.host, world.gm)
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=6)):
        statement = upload(late, roster, b"name;balance\nVex;5\n")
        assert "Your password" in text_of(statement)
        wrong = late.confirm(roster, statement, password="not this")
        assert wrong.status_code == 403
        assert late.confirm(roster, wrong, password=PASSWORD).status_code == 303
    with tenancy.scope(world.arcadia.tenant):
        assert Transfer.objects.filter(reference__startswith="opening:").count() == 1


# -- Login cards -------------------------------------------------------------------------------------------------------


def test_cards_are_printed_for_those_without_a_password_and_each_signs_in(
    world: World, gm: Desk, cards: str
) -> None:
    lines = b"name;faction;balance\nVex;Chrome Syndicate;5\n\xd0\xae\xd1\x80\xd0\xb8\xd0\xb9;;7\n"
    import_roster(actor=world.gm.actor, rows=read(lines), whole=True)
    statement = gm.state(cards, days="14", faction="all", address="https://arcadia.example")
    assert "2 cards are made" in text_of(statement)
    answer = gm.confirm(cards, statement)
    assert answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    assert "Vex Chrome Syndicate" in words_in(answer.content)
    assert "Юрий" in words_in(answer.content)
    found = codes_in(answer.content)
    assert len(found) == 2
    names = set()
    for link in found:
        assert link.startswith("https://arcadia.example/card/")
        phone = Client(HTTP_HOST=world.arcadia.host)
        phone.post(link.removeprefix("https://arcadia.example"))
        names |= {name for name in ("Vex", "Юрий") if name in reading.text_of(phone.get("/me"))}
    assert names == {"Vex", "Юрий"}


def test_pressing_print_twice_gives_the_same_cards(world: World, gm: Desk, cards: str) -> None:
    import_roster(actor=world.gm.actor, rows=read(b"name\nVex\nNyx\n"), whole=True)
    statement = gm.state(cards, days="14", faction="all", address="https://arcadia.example")
    first, second = gm.confirm(cards, statement), gm.confirm(cards, statement)
    assert first.content == second.content
    with tenancy.scope(world.arcadia.tenant):
        assert LoginCode.objects.count() == 2
        assert AuditEvent.objects.filter(action="login_code.print").count() == 1


def test_twelve_cards_are_two_pages(world: World, gm: Desk, cards: str) -> None:
    names = "\n".join(f"Runner {n}" for n in range(12))
    import_roster(actor=world.gm.actor, rows=read(f"name\n{names}".encode()), whole=True)
    statement = gm.state(cards, days="14", faction="all", address="https://arcadia.example")
    content = gm.confirm(cards, statement).content
    assert page_count(content) == 2
    assert len(set(codes_in(content))) == 12


def test_where_everybody_has_a_password_there_is_nothing_to_print(gm: Desk, cards: str) -> None:
    statement = gm.state(cards, days="14", faction="all", address="https://arcadia.example")
    assert "There is nobody to print a card for" in text_of(statement)
    everybody = gm.state(cards, days="14", faction="all", address="https://arcadia.example", everybody="on")
    assert "2 cards are made" in text_of(everybody), "Alice and Bob; nobody prints his own"


def test_cards_that_open_the_console_are_named(world: World, gm: Desk, cards: str) -> None:
    import_roster(
        actor=world.gm.actor, rows=read(b"name;role\nShade;gm\n\xe5\xb1\xb1\xe7\x94\xb0;"), whole=True
    )
    statement = gm.state(cards, days="14", faction="all", address="http://localhost:8000")
    shown = text_of(statement)
    assert "cards that open the console: Shade" in shown
    assert "1 names are in an alphabet that is not printed" in shown
    assert "can be opened on this computer only" in shown


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bank",
        "ftp://x.example",
        "https://a b",
        "https://x.example/path",
        "https://u@x.example",
        "https://x:y",
    ],
)
def test_an_address_that_no_phone_can_open_is_refused(gm: Desk, cards: str, address: str) -> None:
    answer = gm.post(cards, {"days": "14", "faction": "all", "address": address})
    assert answer.status_code == (200 if address == "bank" else 422)


# -- The poster --------------------------------------------------------------------------------------------------------


def test_the_poster_leads_to_the_form_with_the_event_code_filled_in(world: World, gm: Desk) -> None:
    path = url_of(world.arcadia.tenant, "poster")
    statement = gm.state(path, address="https://arcadia.example", trust="Tap “Advanced”.")
    assert "The event code moonrise stands on it" in text_of(statement)
    content = gm.confirm(path, statement).content
    [link] = codes_in(content)
    assert link == "https://arcadia.example/register?event_code=moonrise"
    said = words_in(content)
    for word in ("Arcadia", "https://arcadia.example", "moonrise", "Tap “Advanced”."):
        assert word in said
    page = Client(HTTP_HOST=world.arcadia.host).get(link.removeprefix("https://arcadia.example"))
    assert 'value="moonrise"' in page.content.decode()


def test_where_nobody_may_register_alone_the_poster_leads_to_the_sign_in(world: World, gm: Desk) -> None:
    Tenant.objects.filter(pk=world.arcadia.tenant.pk).update(registration=Tenant.Registration.CLOSED)
    path = url_of(world.arcadia.tenant, "poster")
    statement = gm.state(path, address="https://arcadia.example")
    content = gm.confirm(path, statement).content
    assert codes_in(content) == ["https://arcadia.example/login"]
    assert "moonrise" not in words_in(content)


# -- The desk ----------------------------------------------------------------------------------------------------------


def test_a_lost_phone_is_cured_at_the_desk(world: World, gm: Desk) -> None:
    path = url_of(world.alice.user, "login-qr")
    lost = world.alice.phone()
    answer = gm.act(path, sign_out="on")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    [svg] = re.findall(r"<svg.*?</svg>", answer.content.decode(), re.DOTALL)
    assert "style" not in svg
    assert lost.get("account").status_code == 401
    [link] = re.findall(r"https?://[^<\s]*/card/[\w-]+", answer.content.decode())
    phone = Client(HTTP_HOST=world.arcadia.host)
    offer = phone.post(link.partition("example")[2])
    assert offer["Location"].startswith("/me/password")
    assert "Alice" in reading.text_of(phone.get("/me"))


def test_a_code_at_the_desk_ends_after_a_quarter_of_an_hour(world: World, gm: Desk) -> None:
    answer = gm.act(url_of(world.alice.user, "login-qr"))
    [path] = re.findall(r"/card/[\w-]+", answer.content.decode())
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert Client(HTTP_HOST=world.arcadia.host).get(path).status_code == 409


def test_the_same_click_twice_shows_the_same_code_until_it_is_used(world: World, gm: Desk) -> None:
    path = url_of(world.alice.user, "login-qr")
    form = fields_of(gm.get(path))
    first, second = (gm.post(path, {**form, "confirmed": "1"}) for _ in range(2))
    [code], [again] = (re.findall(r"/card/[\w-]+", one.content.decode()) for one in (first, second))
    assert code == again
    Client(HTTP_HOST=world.arcadia.host).post(code)
    late = gm.post(path, {**form, "confirmed": "1"})
    assert late.status_code == 409
    assert "used already" in text_of(late)


def test_nobody_makes_a_code_for_himself(world: World, gm: Desk) -> None:
    assert gm.act(url_of(world.gm.user, "login-qr")).status_code == 403


def test_a_switched_off_login_is_offered_no_code(world: World, gm: Desk) -> None:
    gm.act(url_of(world.bob.user, "switch-off"), reason="brawl")
    assert "login-qr" not in offered(gm.get(url_of(world.bob.user)))

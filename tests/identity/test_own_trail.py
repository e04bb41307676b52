"""My activity: what somebody did, and what others did with that login and its accounts, on the page and over HTTP."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from accounts import directory
from accounts.services.password import reset_password
from accounts.services.people import disable_user, enable_user, set_role
from accounts.services.sessions import revoke_session
from identity import security_pages
from ledger.services.accounts import freeze, freeze_faction, unfreeze
from tests.cast import PASSWORD, Person, World
from tests.pages.reading import sign_in, text_of

NEW = "eleven chrome cats"
PHONE = {"X-Device-Id": "gm-phone", "User-Agent": "Overseer's own browser"}

#: What others have done to Alice, in the words of the API and of the page; the first and the last took a slow hash each.
DONE = [
    (("session.open", "bad_login"), "Sign-in refused · by somebody unknown"),
    (
        ("session.reuse", "refresh_reused"),
        "Sign-in ended: an old token of it came back · by somebody unknown",
    ),
    (("session.revoke", "ok"), "Signed out · by Overseer"),
    (("account.freeze", "ok"), "Account frozen · by Overseer"),
    (("account.unfreeze", "ok"), "Account free again · by staff at the server"),
    (("faction.freeze", "ok"), "Faction frozen · by Overseer"),
    (("user.role", "not_allowed"), "Role changed · refused · by Bob"),
    (("user.role", "ok"), "Role changed · by Overseer"),
    (("user.disable", "ok"), "Login switched off · by Overseer"),
    (("user.enable", "ok"), "Login switched on · by Overseer"),
    (("terminal.debit", "scope_missing"), "A terminal wanted to be paid · refused · by Bar till"),
    (("password.reset", "ok"), "Password reset · by Overseer"),
]


@pytest.fixture
def meddled(world: World) -> World:
    """Everybody meddles with Alice's login, her account and her faction."""
    directory.forget()
    alice, gm = world.alice, world.gm.actor
    stranger = world.arcadia.phone()
    stranger.post("auth/login", {"character_name": "Alice", "password": "wrong password"})
    token = stranger.post("auth/login", {"character_name": "Alice", "password": PASSWORD, "refresh": True})
    first = {"refresh_token": token.json()["refresh_token"]}
    second = {"refresh_token": stranger.post("auth/refresh", first).json()["refresh_token"]}
    stranger.post("auth/refresh", second)
    assert stranger.post("auth/refresh", first).json()["code"] == "refresh_reused"
    [session] = alice.phone().get("auth/sessions").json()["results"]
    revoke_session(actor=gm, session_id=session["id"])
    freeze(actor=gm, account=alice.number, reason="she cheats")
    unfreeze(actor=world.arcadia.server, account=alice.number, reason="she pays us")
    freeze_faction(actor=gm, faction=world.arcadia.faction, reason="all of them cheat")
    with pytest.raises(Exception, match="not allowed"):
        set_role(actor=world.bob.actor, person=alice.user, role="player")
    set_role(actor=gm, person=alice.user, role="agent")
    disable_user(actor=gm, person=alice.user, reason="a secret")
    enable_user(actor=gm, person=alice.user, reason="another secret")
    taking = {"from_account": alice.number, "to_account": world.bob.number, "amount": 1}
    world.till.device().post("external/transactions", taking)
    reset_password(actor=gm, person=alice.user, new=NEW)
    return world


def told(person: Person, **query: Any) -> list[dict[str, Any]]:
    """What others did, as the API tells it."""
    lines = person.phone().get("audit", limit=100, **query).json()["results"]
    return [line for line in lines if line["actor_id"] != str(person.user.pk)]


def known(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """All but how it began."""
    beginning = {"account.open", "user.create", "faction.create"}
    return [(line["action"], line["status"]) for line in lines if line["action"] not in beginning]


def browser_of(world: World, name: str, password: str = PASSWORD) -> Client:
    browser = Client(HTTP_HOST=world.arcadia.host)
    assert sign_in(browser, name, password=password).status_code == 302
    return browser


def test_people_see_what_others_did_with_their_login(meddled: World) -> None:
    assert sorted(known(told(meddled.alice))) == sorted(line for line, _words in DONE)


def test_the_page_says_the_same_and_who_it_was(meddled: World) -> None:
    words = text_of(browser_of(meddled, "Alice", NEW).get("/me/activity"))
    places = [words.find(said) for _line, said in DONE]
    assert -1 not in places, [said for _line, said in DONE if said not in words]
    assert places[-1] == min(places), "newest first"
    assert places[0] == max(places)


def test_what_is_mine_is_told_as_before(meddled: World) -> None:
    phone = meddled.alice.phone(**PHONE)
    phone.patch("account", {"emoji": "🦊"})
    [line] = phone.get("audit", action="user.profile").json()["results"]
    assert line["details"]["after"]["emoji"] == "🦊"
    assert (line["device_id"], line["ip"]) == ("gm-phone", "127.0.0.1")
    assert (
        "by "
        not in text_of(browser_of(meddled, "Alice", NEW).get("/me/activity"))
        .partition("Profile changed")[2]
        .partition("127.0.0.1")[0]
    )


def test_where_game_masters_were_and_what_they_noted_stays_with_them(meddled: World) -> None:
    overseer = meddled.gm.phone(**PHONE)
    assert overseer.delete(
        f"auth/sessions/{meddled.alice.phone().get('auth/sessions').json()['results'][0]['id']}"
    )
    lines = {line["action"]: line for line in told(meddled.alice)}
    assert (
        meddled.gm.phone().get("audit", action="session.revoke").json()["results"][0]["device_id"]
        == "gm-phone"
    )
    for line in lines.values():
        assert line["details"] == {}
        if line["actor_id"] is not None:
            assert (line["ip"], line["device_id"], line["user_agent"]) == (None, "", "")
    assert "secret" not in str(lines) + text_of(browser_of(meddled, "Alice", NEW).get("/me/activity"))
    assert lines["account.freeze"]["actor_name"] == "Overseer"
    assert lines["session.open"]["ip"] == "127.0.0.1", "whoever tried passwords is worth knowing"


def test_others_see_nothing_of_it(meddled: World) -> None:
    bobs = meddled.bob.phone().get("audit", limit=100).json()["results"]
    assert {line["actor_name"] for line in bobs if "role" not in line["action"]} <= {"Bob", "manage.py tests"}
    about_alice = f"accounts.user:{meddled.alice.user.pk}"
    assert [line["actor_name"] for line in told(meddled.bob, target=about_alice)] == []
    assert told(meddled.bob, target=f"ledger.account:{meddled.alice.number}") == []


def test_filters_hold_for_what_others_did_as_well(meddled: World) -> None:
    alice = meddled.alice
    assert known(told(alice, action="account.freeze")) == [("account.freeze", "ok")]
    assert known(told(alice, status="bad_login")) == [("session.open", "bad_login")]
    assert set(known(told(alice, target=f"ledger.account:{alice.number}"))) == {
        ("account.freeze", "ok"),
        ("account.unfreeze", "ok"),
        ("terminal.debit", "scope_missing"),
    }
    assert told(alice, created_at__lte="2000-01-01T00:00:00Z") == []


@pytest.mark.parametrize("size", [1, 3, 10])
def test_every_line_comes_once_however_it_is_paged(
    meddled: World, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    phone = meddled.alice.phone()
    whole = phone.get("audit", limit=100).json()["results"]
    assert len({line["id"] for line in whole}) == len(whole) > 15
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": size}
    while query:
        page = phone.get("audit", **query).json()
        found += page["results"]
        query = dict(parse_qsl(urlsplit(page["next"]).query)) if page["next"] else {}
    assert found == whole

    browser, address, times = browser_of(meddled, "Alice", NEW), "/me/activity", []
    shown = re.findall('datetime="([^"]+)"', browser.get(address).content.decode())
    monkeypatch.setattr(security_pages, "EVENTS_A_PAGE", size)
    while address:
        html = browser.get(address).content.decode()
        times += re.findall('datetime="([^"]+)"', html)
        older = re.search(r'href="(/me/activity\?after=[^"]+)" rel="next"', html)
        address = older[1] if older else ""
    assert times == shown


def test_a_game_master_sees_what_was_done_to_him_and_not_everybodys(meddled: World) -> None:
    meddled.arcadia.phone().post("auth/login", {"character_name": "Overseer", "password": "wrong password"})
    words = text_of(browser_of(meddled, "Overseer").get("/me/activity"))
    assert words.count("Sign-in refused · by somebody unknown") == 1
    assert "Account free again" not in words

"""Roles, logins and lost passwords in the console."""

from __future__ import annotations

import re
from datetime import timedelta

import time_machine
from django.utils import timezone

from accounts import roles, tenancy
from accounts.models import AuditEvent
from tests.cast import PASSWORD, World
from tests.console.desk import Desk, text_of, url_of


def actions_noted(world: World, action: str) -> list[AuditEvent]:
    with tenancy.scope(world.arcadia.tenant):
        return list(AuditEvent.objects.filter(action=action))


def test_a_player_becomes_a_game_master(world: World, gm: Desk) -> None:
    path = url_of(world.alice.user, "role")
    statement = gm.state(path, role="gm")
    said = text_of(statement)
    assert "Role player → game master" in said
    assert "also to you" in said
    assert "Alice is a game master now." in gm.notice(gm.confirm(path, statement))
    assert world.alice.reload().role == roles.GM
    [line] = actions_noted(world, "user.role")
    assert line.metadata == {"before": "player", "after": "gm"}


def test_roles_ask_for_the_password_after_a_while(world: World, gm: Desk) -> None:
    path = url_of(world.alice.user, "role")
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        statement = gm.state(path, role="gm")
        assert gm.confirm(path, statement).status_code == 403
        assert world.alice.reload().role == roles.PLAYER
        assert gm.confirm(path, statement, password=PASSWORD).status_code == 303


def test_a_role_that_is_not_given_here_cannot_be_asked_for(world: World, gm: Desk) -> None:
    assert gm.post(url_of(world.alice.user, "role"), {"role": "super_admin"}).status_code == 422
    assert world.alice.reload().role == roles.PLAYER


def test_nobody_changes_his_own_role(world: World, gm: Desk) -> None:
    path = url_of(world.gm.user, "role")
    refused = gm.confirm(path, gm.state(path, role="player"))
    assert refused.status_code == 403
    assert "Ask another game master" in text_of(refused)
    assert world.gm.reload().role == roles.GM


def test_a_login_is_switched_off_and_on(world: World, gm: Desk) -> None:
    phone = world.alice.phone()
    path = url_of(world.alice.user, "switch-off")
    assert "signed out everywhere at once" in text_of(gm.get(path))
    assert "is off" in gm.notice(gm.act(path, reason="threatened a player"))
    assert phone.get("account").status_code == 401
    assert "switched off" in text_of(gm.get(url_of(world.alice.user)))
    gm.notice(gm.act(url_of(world.alice.user, "switch-on"), reason="apologised"))
    assert world.alice.reload().is_active
    assert actions_noted(world, "user.disable")[0].metadata["reason"] == "threatened a player"


def test_a_new_password_is_shown_once_and_lets_the_player_in(world: World, gm: Desk) -> None:
    answer = gm.act(url_of(world.alice.user, "new-password"))
    [drawn] = re.findall(r"\b[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}\b", text_of(answer))
    assert "no-store" in answer["Cache-Control"]
    browser = Desk(world.arcadia.host)
    assert browser.post("/login", {"character_name": "Alice", "password": drawn}).status_code == 302
    assert drawn not in gm.get(url_of(world.alice.user)).content.decode()
    assert len(actions_noted(world, "password.reset")) == 1


def test_a_person_s_page_shows_money_sign_ins_and_trail(world: World, gm: Desk) -> None:
    Desk(world.arcadia.host, world.alice)
    shown = text_of(gm.get(url_of(world.alice.user)))
    assert f"Accounts Number Balance State {world.alice.number} ₵100.00 active" in shown
    assert "Sign-ins Signed in Device" in shown
    assert "127.0.0.1" in shown
    assert "What they did" in shown
    assert "Sign-in – lasts: 12 h" in shown


def test_people_are_found_by_the_beginning_of_any_word_or_by_account_number(world: World, gm: Desk) -> None:
    zoe = world.arcadia.person("Zoë O'Neil")
    for typed in (
        "zo",
        "ZOE",
        "neil",
        "o'ne",
        "zoe o",
        "zoeon",
        zoe.number,
        zoe.number.lower()[:7],
        zoe.number[3:8],
    ):
        shown = text_of(gm.get("/admin/accounts/user/", q=typed))
        assert "Zoë O'Neil" in shown, typed
        assert "Overseer player" not in shown
    assert "Zoë" not in text_of(gm.get("/admin/accounts/user/", q="eil"))
    assert "Nobody found" in text_of(gm.get("/admin/accounts/user/", q="%"))


def test_people_are_narrowed_by_role_and_faction(world: World, gm: Desk) -> None:
    masters = text_of(gm.get("/admin/accounts/user/", role="gm"))
    assert "Alice" not in masters
    syndicate = text_of(gm.get("/admin/accounts/user/", faction=str(world.arcadia.faction.pk)))
    assert "Alice" in syndicate
    assert "Bob" not in syndicate

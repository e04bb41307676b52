"""Changing a password, confirming it, and a game master's reset."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from accounts import confirmation, tenancy
from accounts.actors import Actor
from accounts.errors import Denied, Invalid, NotFound, TooMany, Unauthenticated
from accounts.models import AuditEvent, LoginSession, Notification
from accounts.services.password import confirm_password, reset_password
from tests.cast import PASSWORD, World

NEW = "a brand new one"
CHANGE = {"current_password": PASSWORD, "new_password": NEW}
NOW = dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC)


def can_sign_in(world: World, password: str, name: str = "Alice") -> bool:
    answer = world.arcadia.phone().post("auth/login", {"character_name": name, "password": password})
    return bool(answer.status_code == 200)


def trail(world: World, action: str) -> list[str]:
    with tenancy.scope(world.arcadia.tenant):
        return list(AuditEvent.objects.filter(action=action).order_by("id").values_list("status", flat=True))


def test_a_new_password_ends_every_other_sign_in(world: World) -> None:
    here, there = world.alice.phone(), world.alice.phone()
    assert here.post("auth/password", CHANGE).status_code == 200
    assert here.get("account").status_code == 200
    assert there.get("account").json()["code"] == "session_ended"
    assert can_sign_in(world, NEW)
    assert not can_sign_in(world, PASSWORD)
    assert trail(world, "password.change") == ["ok"]
    with tenancy.scope(world.arcadia.tenant):
        assert Notification.objects.get(kind="password.changed").user == world.alice.user


def test_the_password_in_use_must_be_right(world: World) -> None:
    here, there = world.alice.phone(), world.alice.phone()
    refused = here.post("auth/password", CHANGE | {"current_password": "something else"})
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
    assert refused.json()["errors"][0]["field"] == "current_password"
    assert there.get("account").status_code == 200
    assert trail(world, "password.change") == ["wrong_password"]


@pytest.mark.parametrize("password", ["short", "password123", "Alice", "x" * 257, ""])
def test_a_weak_new_password_changes_nothing(world: World, password: str) -> None:
    answer = world.alice.phone().post("auth/password", CHANGE | {"new_password": password})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "new_password")
    assert can_sign_in(world, PASSWORD)


def test_an_open_sign_in_is_no_way_to_guess_the_password(world: World) -> None:
    with time_machine.travel(NOW, tick=False):
        phone = world.alice.phone()
        wrong = CHANGE | {"current_password": "something else"}
        codes = [phone.post("auth/password", wrong).status_code for _try in range(12)]
        assert codes == [403] * 10 + [429] * 2
        assert phone.post("auth/password", CHANGE).status_code == 429


def test_a_device_has_no_password(world: World) -> None:
    assert world.till.device().post("auth/password", CHANGE).json()["code"] == "not_for_keys"


def test_a_game_master_resets_a_lost_password_and_ends_every_sign_in(world: World) -> None:
    phone = world.alice.phone()
    assert reset_password(actor=world.gm.actor, person=world.alice.user, new=NEW) == 1
    assert phone.get("account").status_code == 401
    assert can_sign_in(world, NEW)
    assert trail(world, "password.reset") == ["ok"]


def test_nobody_else_resets_a_password_and_the_try_is_in_the_trail(world: World) -> None:
    with pytest.raises(Denied) as refusal:
        reset_password(actor=world.alice.actor, person=world.gm.user, new=NEW)
    assert refusal.value.code == "not_allowed"
    assert trail(world, "password.reset") == ["not_allowed"]
    assert can_sign_in(world, PASSWORD, "Overseer")


def test_a_game_master_of_another_event_finds_nobody(world: World) -> None:
    with pytest.raises(NotFound):
        reset_password(actor=world.charlies_gm.actor, person=world.alice.user, new=NEW)
    assert can_sign_in(world, PASSWORD)


def test_a_reset_password_is_as_strong_as_any(world: World) -> None:
    with pytest.raises(Invalid):
        reset_password(actor=world.gm.actor, person=world.alice.user, new="short")


# -- Confirming at an open console -------------------------------------------------------------------------------------


def session_of(world: World) -> LoginSession:
    world.gm.phone()
    with tenancy.scope(world.arcadia.tenant):
        return LoginSession.objects.latest("id")


def test_the_right_password_confirms_for_five_minutes(world: World) -> None:
    session, cookie = session_of(world), dict[str, Any]()
    assert not confirmation.is_fresh(cookie, session)
    with time_machine.travel(NOW, tick=False) as clock:
        confirm_password(actor=world.gm.actor, password=PASSWORD)
        confirmation.remember(cookie, session)
        clock.shift(299)
        assert confirmation.is_fresh(cookie, session)
        clock.shift(1)
        assert not confirmation.is_fresh(cookie, session)


def test_a_confirmation_counts_for_its_own_sign_in_only(world: World) -> None:
    cookie: dict[str, Any] = {}
    confirmation.remember(cookie, session_of(world))
    assert not confirmation.is_fresh(cookie, session_of(world))


@pytest.mark.parametrize("noted", [None, 5, "x", {}, {"sid": "x", "at": 1}, {"at": 10**12}])
def test_whatever_else_stands_in_the_cookie_confirms_nothing(world: World, noted: object) -> None:
    assert not confirmation.is_fresh({"confirmed": noted}, session_of(world))


def test_a_wrong_password_confirms_nothing_and_is_in_the_trail(world: World) -> None:
    with pytest.raises(Denied) as refusal:
        confirm_password(actor=world.gm.actor, password="something else")
    assert refusal.value.code == "wrong_password"
    assert trail(world, "password.confirm") == ["wrong_password"]


def test_a_confirmation_can_be_tried_ten_times_a_minute(world: World) -> None:
    with time_machine.travel(NOW, tick=False):
        for _try in range(10):
            with pytest.raises(Denied):
                confirm_password(actor=world.gm.actor, password="something else")
        with pytest.raises(TooMany):
            confirm_password(actor=world.gm.actor, password=PASSWORD)


def test_only_a_person_can_confirm(world: World) -> None:
    for actor in (world.arcadia.server, Actor(tenant=world.arcadia.tenant, key=world.till.key)):
        with pytest.raises(Unauthenticated):
            confirm_password(actor=actor, password=PASSWORD)

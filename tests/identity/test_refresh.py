"""Refresh tokens: good once, asked for again after a lost answer, and the end of a family when an old one comes back."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connection

from accounts import tenancy
from accounts.models import AuditEvent, LoginSession, Notification
from accounts.services.people import disable_user, enable_user
from accounts.tokens import RefreshToken
from tests.cast import PASSWORD, Phone, World, make_world
from tests.sessions import Database

START = dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC)
LOGIN = {"character_name": "Alice", "password": PASSWORD, "refresh": True}


def sign_in(world: World) -> str:
    return str(world.arcadia.phone().post("auth/login", LOGIN).json()["refresh_token"])


def refresh(world: World, token: str) -> Any:
    return world.arcadia.phone().post("auth/refresh", {"refresh_token": token})


def successor(world: World, token: str) -> str:
    answer = refresh(world, token)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["refresh_token"])


def is_refused(answer: Any, code: str) -> bool:
    return (answer.status_code, answer.json()["code"]) == (401, code)


def test_a_refresh_token_gives_a_new_pair(world: World) -> None:
    first = sign_in(world)
    body = refresh(world, first).json()
    assert body["expires_in"] == 15 * 60
    assert body["refresh_token"] != first
    phone = world.arcadia.phone(Authorization=f"Bearer {body['access_token']}")
    assert phone.get("account").json()["character_name"] == "Alice"


def test_without_being_asked_for_there_is_no_refresh_token(world: World) -> None:
    body = world.arcadia.phone().post("auth/login", {**LOGIN, "refresh": False}).json()
    assert "refresh_token" not in body


def test_a_lost_answer_can_be_asked_for_again_within_ten_seconds(world: World) -> None:
    with time_machine.travel(START, tick=False) as clock:
        first = sign_in(world)
        child = successor(world, first)
        clock.shift(10)
        assert successor(world, first) == child
        grandchild = successor(world, child)
    assert grandchild not in (first, child)


def test_the_same_token_after_ten_seconds_ends_the_family(world: World) -> None:
    with time_machine.travel(START, tick=False) as clock:
        first = sign_in(world)
        child = successor(world, first)
        clock.shift(11)
        assert is_refused(refresh(world, first), "refresh_reused")
        assert is_refused(refresh(world, child), "session_ended")


def test_an_older_token_ends_the_family_at_once_and_its_owner_is_told(world: World) -> None:
    first = sign_in(world)
    child = successor(world, first)
    answer = refresh(world, child)
    access = answer.json()["access_token"]
    phone = world.arcadia.phone(Authorization=f"Bearer {access}")
    assert phone.get("account").status_code == 200
    assert is_refused(refresh(world, first), "refresh_reused")
    assert is_refused(phone.get("account"), "session_ended")
    assert is_refused(refresh(world, answer.json()["refresh_token"]), "session_ended")
    with tenancy.scope(world.arcadia.tenant):
        assert AuditEvent.objects.get(action="session.reuse").status == "refresh_reused"
        assert Notification.objects.get(user=world.alice.user, kind="session.reuse")
    # A second time it is no news.
    assert is_refused(refresh(world, first), "refresh_reused")
    with tenancy.scope(world.arcadia.tenant):
        assert AuditEvent.objects.filter(action="session.reuse").count() == 1
        assert Notification.objects.filter(kind="session.reuse").count() == 1


def test_a_reused_token_ends_its_own_family_and_no_other(world: World) -> None:
    stolen, other = sign_in(world), sign_in(world)
    grandchild = successor(world, successor(world, stolen))
    assert is_refused(refresh(world, stolen), "refresh_reused")
    assert is_refused(refresh(world, grandchild), "session_ended")
    assert refresh(world, other).status_code == 200


def test_an_invented_token_of_a_real_session_ends_nothing(world: World) -> None:
    token = sign_in(world)
    parsed = RefreshToken.parse(token)
    assert parsed is not None
    invented = RefreshToken.first(parsed.sid).text()
    assert is_refused(refresh(world, invented), "bad_refresh_token")
    assert refresh(world, token).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "nbr_", "nbr_0_0", "nbr_" + "0" * 32 + "_" + "A" * 43, "ω" * 80])
def test_what_is_no_token_is_refused(world: World, token: str) -> None:
    assert refresh(world, token).status_code in (400, 401)


def test_a_session_without_a_refresh_token_cannot_be_refreshed(world: World) -> None:
    world.arcadia.phone().post("auth/login", {**LOGIN, "refresh": False})
    with tenancy.scope(world.arcadia.tenant):
        session = LoginSession.objects.get()
    assert is_refused(refresh(world, RefreshToken.first(session.pk).text()), "bad_refresh_token")


def test_a_token_works_at_its_own_event_only(world: World) -> None:
    token = sign_in(world)
    elsewhere = world.borea.phone().post("auth/refresh", {"refresh_token": token})
    assert is_refused(elsewhere, "wrong_tenant")
    assert refresh(world, token).status_code == 200


def test_a_family_lives_for_thirty_days_after_its_last_refresh(world: World) -> None:
    with time_machine.travel(START, tick=False) as clock:
        token = sign_in(world)
        clock.shift(dt.timedelta(days=29))
        token = successor(world, token)
        clock.shift(dt.timedelta(days=29))
        token = successor(world, token)
        clock.shift(dt.timedelta(days=30, seconds=1))
        assert is_refused(refresh(world, token), "session_ended")


def test_logging_out_ends_the_family(world: World) -> None:
    body = world.arcadia.phone().post("auth/login", LOGIN).json()
    world.arcadia.phone(Authorization=f"Bearer {body['access_token']}").post("auth/logout")
    assert is_refused(refresh(world, body["refresh_token"]), "session_ended")


def test_a_login_that_is_off_is_not_refreshed_and_does_not_come_back_by_itself(world: World) -> None:
    token = sign_in(world)
    disable_user(actor=world.gm.actor, person=world.alice.user)
    assert is_refused(refresh(world, token), "session_ended")
    enable_user(actor=world.gm.actor, person=world.alice.user)
    assert is_refused(refresh(world, token), "session_ended")


def test_only_digests_are_kept(world: World) -> None:
    first = sign_in(world)
    child = successor(world, first)
    with tenancy.scope(world.arcadia.tenant):
        session = LoginSession.objects.get()
        rows = str(vars(session)) + " ".join(str(vars(event)) for event in AuditEvent.objects.all())
    for token in (first, child):
        parsed = RefreshToken.parse(token)
        assert parsed is not None
        assert parsed.secret not in rows
        assert parsed.secret.encode() not in bytes(session.refresh_digest) + bytes(session.parent_digest)


def at_once(world: World, tokens: list[str]) -> list[tuple[int, str]]:
    """Send every token in a thread of its own, all of them let go together."""
    ready = threading.Barrier(len(tokens))

    def send(token: str) -> tuple[int, str]:
        phone = Phone(world.arcadia.host)
        ready.wait()
        try:
            answer = phone.post("auth/refresh", {"refresh_token": token})
            body = answer.json()
            return answer.status_code, body.get("refresh_token") or body["code"]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(tokens)) as pool:
        return list(pool.map(send, tokens))


def test_two_who_refresh_at_once_get_the_same_successor(fresh_database: Database) -> None:
    world = make_world()
    token = sign_in(world)
    for _round in range(5):
        answers = at_once(world, [token] * 6)
        assert {status for status, _successor in answers} == {200}
        [token] = {following for _status, following in answers}


def test_an_old_token_that_races_with_a_good_one_ends_the_family(fresh_database: Database) -> None:
    world = make_world()
    stolen = sign_in(world)
    living = successor(world, successor(world, stolen))
    answers = at_once(world, [stolen, living, stolen, living])
    assert [answers[0][1], answers[2][1]] == ["refresh_reused"] * 2
    assert {answer[0] for answer in (answers[1], answers[3])} <= {200, 401}
    assert is_refused(refresh(world, living), "session_ended")

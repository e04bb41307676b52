"""Signing in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection

from accounts import passwords, tenancy
from accounts.hashers import BCryptHasher
from accounts.models import AuditEvent, LoginSession
from accounts.services.password import reset_password
from accounts.services.people import disable_user
from tests.cast import PASSWORD, World


def credentials(name: str = "Alice", password: str = PASSWORD, **more: Any) -> dict[str, Any]:
    return {"character_name": name, "password": password, **more}


@contextmanager
def counted_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    done: list[str] = []
    original = BCryptHasher.encode

    def encode(self: BCryptHasher, password: str, salt: Any) -> str:
        done.append(password)
        return original(self, password, salt)

    with monkeypatch.context() as patch:
        patch.setattr(BCryptHasher, "encode", encode)
        yield done


def test_whoever_signs_in_hears_who_he_is(world: World) -> None:
    answer = world.arcadia.phone().post("auth/login", credentials(device_name="Alice's phone"))
    assert answer.status_code == 200
    body = answer.json()
    assert body["message"] == "Welcome back, Alice."
    assert body["user"] == {
        "character_name": "Alice",
        "account_number": world.alice.number,
        "faction": "Chrome Syndicate",
        "role": "player",
        "emoji": "",
    }
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 86400)
    assert (
        world.arcadia.phone(Authorization=f"Bearer {body['access_token']}").get("account").status_code == 200
    )
    with tenancy.scope(world.arcadia.tenant):
        assert LoginSession.objects.get().device_name == "Alice's phone"


@pytest.mark.parametrize("name", ["alice", " ALICE ", "ａｌｉｃｅ"])
def test_the_name_may_be_typed_in_any_case_and_width(world: World, name: str) -> None:
    assert world.arcadia.phone().post("auth/login", credentials(name)).status_code == 200


def test_an_unknown_name_a_wrong_password_and_a_login_that_is_off_get_the_same_answer(world: World) -> None:
    disable_user(actor=world.gm.actor, person=world.bob.user)
    answers = [
        world.arcadia.phone().post("auth/login", asked)
        for asked in (
            credentials("Nobody"),
            credentials("Alice", "wrong password"),
            credentials("Bob"),
            credentials("Charlie"),
            credentials("А\u202elice"),
        )
    ]
    seen = [
        (answer.status_code, {k: v for k, v in answer.json().items() if k != "request_id"})
        for answer in answers
    ]
    assert seen[0][0] == 401
    assert seen[0][1]["code"] == "bad_login"
    assert all(one == seen[0] for one in seen)


@pytest.mark.parametrize(
    ("name", "password", "status"),
    [
        ("Alice", PASSWORD, 200),
        ("Alice", "wrong password", 401),
        ("Nobody", PASSWORD, 401),
        ("Bob", PASSWORD, 401),
        ("!", PASSWORD, 401),
    ],
)
def test_one_password_hash_is_computed_on_every_path(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, password: str, status: int
) -> None:
    disable_user(actor=world.gm.actor, person=world.bob.user)
    with counted_hashes(monkeypatch) as done:
        assert world.arcadia.phone().post("auth/login", credentials(name, password)).status_code == status
    assert len(done) == 1


def test_no_slow_hash_is_computed_while_a_transaction_is_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth = len(connection.savepoint_ids)
    seen: list[int] = []
    original = BCryptHasher.encode

    def encode(self: BCryptHasher, password: str, salt: Any) -> str:
        seen.append(len(connection.savepoint_ids))
        return original(self, password, salt)

    monkeypatch.setattr(BCryptHasher, "encode", encode)
    phone = world.arcadia.phone()
    phone.post("auth/login", credentials())
    phone.post("auth/register", credentials("Nova", event_code="moonrise"))
    change = {"current_password": PASSWORD, "new_password": "another fine one"}
    world.alice.phone().post("auth/password", change)
    assert len(seen) == 4
    assert set(seen) == {depth}


def test_a_hash_of_another_cost_is_replaced_at_the_next_sign_in(world: World, settings: Any) -> None:
    settings.BCRYPT_ROUNDS = 5
    assert world.arcadia.phone().post("auth/login", credentials()).status_code == 200
    assert world.alice.reload().password.startswith("bcrypt_sha256$$2b$05$")
    assert world.arcadia.phone().post("auth/login", credentials()).status_code == 200


def test_a_hash_of_another_algorithm_is_accepted_and_replaced(world: World) -> None:
    with tenancy.scope(world.arcadia.tenant):
        type(world.alice.user).objects.filter(pk=world.alice.user.pk).update(
            password=make_password(PASSWORD, hasher="argon2")
        )
    assert world.arcadia.phone().post("auth/login", credentials()).status_code == 200
    assert world.alice.reload().password.startswith("bcrypt_sha256$")


def test_a_name_opens_nothing_at_another_event(world: World) -> None:
    assert world.borea.phone().post("auth/login", credentials("Alice")).status_code == 401
    assert world.arcadia.phone().post("auth/login", credentials("Charlie")).status_code == 401


def test_a_stale_credential_does_not_keep_anybody_from_signing_in(world: World) -> None:
    stale = world.arcadia.phone(Authorization="Bearer nonsense")
    assert stale.post("auth/login", credentials()).status_code == 200


def test_a_password_that_changes_while_it_is_checked_opens_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = passwords.verify

    def slow(user: Any, password: str) -> passwords.Verdict:
        verdict = original(user, password)
        reset_password(actor=world.arcadia.server, person=world.alice.user, new="a new one entirely")
        return verdict

    monkeypatch.setattr("accounts.passwords.verify", slow)
    assert world.arcadia.phone().post("auth/login", credentials()).status_code == 401
    with tenancy.scope(world.arcadia.tenant):
        assert not LoginSession.objects.filter(revoked_at=None).exists()


def test_the_trail_knows_who_came_and_who_was_refused_but_not_what_was_typed(world: World) -> None:
    phone = world.arcadia.phone()
    phone.post("auth/login", credentials())
    phone.post("auth/login", credentials(password="hunter2hunter2"))
    phone.post("auth/login", credentials("my secret pass phrase"))
    with tenancy.scope(world.arcadia.tenant):
        events = AuditEvent.objects.filter(action="session.open").order_by("id")
        alice = f"accounts.user:{world.alice.user.pk}"
        assert [(event.status, event.actor_label) for event in events] == [
            ("ok", "Alice"),
            ("bad_login", "visitor"),
            ("bad_login", "visitor"),
        ]
        assert [event.target for event in events[1:]] == [alice, ""]
        written = " ".join(str(vars(event)) for event in AuditEvent.objects.all())
    assert "hunter2" not in written
    assert "secret pass phrase" not in written


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"character_name": "Alice"},
        {"character_name": "Alice", "password": 5},
        {"character_name": ["Alice"], "password": PASSWORD},
        {"character_name": "Alice", "password": PASSWORD, "otp": "123456"},
        {"character_name": "Alice", "password": PASSWORD, "refresh": 1},
        {"character_name": "Alice", "password": "x" * 257},
        [],
        "Alice",
        None,
    ],
    ids=str,
)
def test_a_wrong_body_is_refused(world: World, body: Any) -> None:
    assert world.arcadia.phone().post("auth/login", "null" if body is None else body).status_code == 400

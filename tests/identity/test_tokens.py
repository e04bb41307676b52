"""Access tokens: what they say, and which are believed."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import uuid
from typing import Any

import jwt
import pytest
import time_machine
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from accounts import tokens
from accounts.errors import Unauthenticated
from accounts.models import LoginSession, User
from accounts.tokens import RefreshToken
from tests.cast import PASSWORD, World

NOW = dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC)


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def forged(**changes: Any) -> str:
    claims: dict[str, Any] = {
        "sub": str(uuid.uuid4()),
        "jti": "x",
        "iat": 1,
        "exp": 4_000_000_000,
        "tenant": str(uuid.uuid4()),
        "role": "gm",
        "sid": str(uuid.uuid4()),
    }
    claims.update(changes)
    claims = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode(claims, settings.JWT_SECRET, algorithm="HS256")


def sign_in(world: World, **more: Any) -> dict[str, Any]:
    body = {"character_name": "Alice", "password": PASSWORD, **more}
    return dict(world.arcadia.phone().post("auth/login", body).json())


def test_an_access_token_says_who_where_and_for_how_long(world: World) -> None:
    with time_machine.travel(NOW, tick=False):
        claims = claims_of(sign_in(world)["access_token"])
    assert set(claims) == {"sub", "jti", "exp", "iat", "tenant", "role", "sid"}
    assert claims["sub"] == str(world.alice.user.pk)
    assert claims["tenant"] == str(world.arcadia.tenant.pk)
    assert claims["role"] == "player"
    assert claims["exp"] - claims["iat"] == 24 * 3600


def test_with_a_refresh_token_the_access_token_is_short(world: World) -> None:
    answer = sign_in(world, refresh=True)
    claims = claims_of(answer["access_token"])
    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 15 * 60


def test_no_two_tokens_are_the_same(world: World) -> None:
    with time_machine.travel(NOW, tick=False):
        assert sign_in(world)["access_token"] != sign_in(world)["access_token"]


def test_a_token_expires(world: World) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        phone = world.arcadia.phone(Authorization=f"Bearer {sign_in(world)['access_token']}")
        clock.shift(24 * 3600 - 1)
        assert phone.get("account").status_code == 200
        clock.shift(2)
        refused = phone.get("account")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_expired")


def test_no_token_lives_longer_than_its_session() -> None:
    session = LoginSession(expires_at=NOW + dt.timedelta(minutes=1))
    session.tenant_id = uuid.uuid4()
    with time_machine.travel(NOW, tick=False):
        claims = tokens.decode(tokens.issue(session, User(), dt.timedelta(days=1)))
    assert claims.exp == NOW + dt.timedelta(minutes=1)


@pytest.mark.parametrize("missing", ["sub", "jti", "exp", "iat", "tenant", "role", "sid"])
def test_every_claim_is_required(missing: str) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        tokens.decode(forged(**{missing: ...}))
    assert refusal.value.code == "bad_token"


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "7"},
        {"sid": "x"},
        {"sid": None},
        {"tenant": 5},
        {"sub": ["a"]},
        {"exp": "soon"},
        {"iat": 10**30},
        {"exp": 10**30},
    ],
    ids=str,
)
def test_claims_of_a_wrong_kind_are_refused(changes: dict[str, Any]) -> None:
    try:
        token = forged(**changes)
    except TypeError:
        header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256"}).encode()).decode().rstrip("=")
        token = f"{header}.x.y"
    with pytest.raises(Unauthenticated) as refusal:
        tokens.decode(token)
    assert refusal.value.code == "bad_token"


def test_only_our_algorithm_and_our_key_are_believed(world: World) -> None:
    good = claims_of(sign_in(world)["access_token"])
    unsigned = jwt.encode(good, "", algorithm="none")
    other_key = jwt.encode(good, "another-secret-of-at-least-32-bytes", algorithm="HS256")
    other_algorithm = jwt.encode(good, settings.JWT_SECRET + "x" * 64, algorithm="HS512")
    for token in (unsigned, other_key, other_algorithm):
        answer = world.arcadia.phone(Authorization=f"Bearer {token}").get("account")
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")


def test_a_token_of_another_session_does_not_take_over_a_user(world: World) -> None:
    alices = claims_of(sign_in(world)["access_token"])
    mixed = forged(sub=str(world.gm.user.pk), sid=alices["sid"], tenant=alices["tenant"])
    answer = world.arcadia.phone(Authorization=f"Bearer {mixed}").get("account")
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")


@given(st.text(max_size=300))
def test_no_text_is_more_than_a_refusal(text: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.decode(text)
    RefreshToken.parse(text)


def test_a_very_long_token_is_not_looked_at() -> None:
    with pytest.raises(Unauthenticated):
        tokens.decode("a" * 100_000)


@given(st.uuids())
def test_a_refresh_token_reads_back_and_has_one_successor(sid: uuid.UUID) -> None:
    token = RefreshToken.first(sid)
    assert RefreshToken.parse(token.text()) == token
    successor = token.successor()
    assert successor == token.successor()
    assert successor != token
    assert RefreshToken.parse(successor.text()) == successor


def test_the_successor_is_the_documented_hmac(settings: Any) -> None:
    settings.JWT_SECRET = "k" * 32
    token = RefreshToken(uuid.UUID(int=1), "A" * 43)
    expected = hmac.new(b"k" * 32, b"refresh" + b"A" * 43, hashlib.sha256).digest()
    assert token.successor().secret == base64.urlsafe_b64encode(expected).decode().rstrip("=")


def test_a_refresh_token_shows_its_secret_to_nobody() -> None:
    token = RefreshToken.first(uuid.uuid4())
    assert token.secret not in f"{token} {token!r}"

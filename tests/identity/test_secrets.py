"""Passwords, tokens and codes appear nowhere but in the one answer that hands them out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts import tenancy
from accounts.actors import Actor, Origin
from accounts.models import AuditEvent, Invite, LoginSession, Notification, User
from accounts.services.invites import create_invite
from accounts.services.sessions import OpenedSession
from identity.devices import Device
from identity.services.registration import Registration, register
from identity.services.stay import Stay
from tests.cast import EVENT_CODE, World

PASSWORD = "tell-nobody-of-this"
NEW_PASSWORD = "nor-of-this-one-either"


def everything_kept(world: World) -> str:
    with tenancy.scope(world.arcadia.tenant):
        rows = [
            str(vars(row))
            for model in (User, LoginSession, Invite, AuditEvent, Notification)
            for row in model.objects.all()
        ]
    return "\n".join(rows)


@pytest.fixture
def life(world: World, capfd: pytest.CaptureFixture[str]) -> Callable[[], tuple[list[str], str]]:
    """A whole sign-in's life over HTTP; returns its secrets, and everything that was printed meanwhile."""

    def live() -> tuple[list[str], str]:
        capfd.readouterr()
        asked = {"character_name": "Nova", "password": PASSWORD, "event_code": EVENT_CODE, "refresh": True}
        phone = world.arcadia.phone()
        joined = phone.post("auth/register", asked).json()
        phone.post("auth/register", asked)
        body = phone.post(
            "auth/login", {"character_name": "Nova", "password": PASSWORD, "refresh": True}
        ).json()
        phone.post("auth/login", {"character_name": PASSWORD, "password": PASSWORD})
        refreshed = phone.post("auth/refresh", {"refresh_token": body["refresh_token"]}).json()
        again = phone.post("auth/refresh", {"refresh_token": refreshed["refresh_token"]}).json()
        phone.post("auth/refresh", {"refresh_token": body["refresh_token"]})
        signed_in = world.arcadia.phone(Authorization=f"Bearer {joined['access_token']}")
        change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        listed = signed_in.get("auth/sessions").content.decode()
        signed_in.post("auth/password", change | {"current_password": "wrong"})
        signed_in.post("auth/password", change)
        signed_in.post("auth/logout")
        signed_in.get("account")
        printed = capfd.readouterr()
        tokens = [
            answer[name]
            for answer in (joined, body, refreshed, again)
            for name in ("access_token", "refresh_token")
        ]
        return [
            PASSWORD,
            NEW_PASSWORD,
            *tokens,
            *(t.split("_", 2)[2] for t in tokens if t.startswith("nbr_")),
        ], (printed.out + printed.err + listed)

    return live


def test_no_secret_is_logged_or_listed_or_kept(
    world: World, life: Callable[[], tuple[list[str], str]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secrets, printed = life()
    assert len(secrets) == 14
    assert "auth/login" in printed + caplog.text, "the log was not captured"
    haystack = "\n".join(
        (printed, caplog.text, str([vars(record) for record in caplog.records]), everything_kept(world))
    )
    for secret in secrets:
        assert secret not in haystack


def test_what_carries_a_secret_does_not_show_it(world: World) -> None:
    wanted = Registration(
        "Nova", PASSWORD, invite="invite-code", event_code=EVENT_CODE, email="n@example.org"
    )
    for secret in (PASSWORD, "invite-code", EVENT_CODE, "n@example.org"):
        assert secret not in f"{wanted} {wanted!r}"
    issued = create_invite(actor=world.gm.actor, lives=dt.timedelta(days=1))
    assert issued.code not in f"{issued} {issued!r} {issued.invite} {issued.invite!r} {vars(issued.invite)}"


def test_a_sign_in_does_not_show_its_tokens(world: World) -> None:
    wanted = Registration("Nova", PASSWORD, event_code=EVENT_CODE)
    visitor = Actor.visitor(world.arcadia.tenant, Origin())
    signed_in: Any = register(actor=visitor, wanted=wanted, stay=Stay.REFRESHABLE, device=Device.new())
    shown = f"{signed_in} {signed_in!r} {OpenedSession(signed_in.session, signed_in.refresh_token)!r}"
    assert signed_in.refresh_token not in shown
    assert signed_in.access_token()[0] not in shown
    assert signed_in.device.proof() not in shown
    assert signed_in.user.password not in shown

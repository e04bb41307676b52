"""Issuing and revoking device keys in the console."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import roles, tenancy
from accounts.models import ApiKey, AuditEvent
from ledger.console.key_actions import SCOPE_WORDS
from tests.cast import PASSWORD, World
from tests.console.desk import Desk, offered, tags_of, text_of, url_of

DEVICE = {
    "name": "Vending machine",
    "place": "Hall B",
    "limit_per_payment": "20",
    "limit_per_day": "300",
    "days": "",
}


def issued(world: World) -> ApiKey:
    with tenancy.scope(world.arcadia.tenant):
        return ApiKey.objects.get(name="Vending machine")


def key_on(page: str) -> str:
    found = re.findall(r"nbk_[a-z0-9]{8}_[A-Za-z0-9_-]{20,}", page)
    assert len(found) == 1
    return str(found[0])


def test_every_scope_is_explained_in_plain_words() -> None:
    assert SCOPE_WORDS.keys() == roles.SCOPES.keys()


def test_a_key_is_issued_shown_once_and_works(
    world: World, gm: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    path = url_of(world.bob.account, "issue-key")
    with caplog.at_level(logging.DEBUG):
        statement = gm.state(path, **DEVICE)
        said = text_of(statement)
        assert "₵20.00 at once and ₵300.00 a day" in said
        assert "until you revoke it" in said
        answer = gm.confirm(path, statement)
    text = key_on(text_of(answer))
    assert "no-store" in answer["Cache-Control"]
    assert text.split("_", 2)[2] not in caplog.text
    key = issued(world)
    assert (key.scopes, key.account_number) == (["credit"], world.bob.number)
    assert (key.limit_per_payment, key.limit_per_day) == (20_00, 300_00)
    with tenancy.scope(world.arcadia.tenant):
        line = AuditEvent.objects.filter(action="key.issue").latest("id")
    assert (line.actor_user_id, line.target) == (world.gm.user.pk, f"accounts.key:{key.prefix}")
    device = world.arcadia.phone(**{"X-API-Key": text})
    assert device.get("external/ping").status_code == 200
    for place in (url_of(world.bob.account), url_of(key), "/admin/accounts/apikey/", "/admin/"):
        assert text.split("_", 2)[2] not in gm.get(place).content.decode()


def test_a_form_sent_twice_makes_one_key(world: World, gm: Desk) -> None:
    path = url_of(world.bob.account, "issue-key")
    statement = gm.state(path, **DEVICE)
    gm.confirm(path, statement)
    again = gm.confirm(path, statement)
    assert again.status_code == 409
    assert "This form was sent before" in text_of(again)
    assert issued(world)


def test_taking_from_anybody_is_explained_in_red_and_again_before_it_is_confirmed(
    world: World, gm: Desk
) -> None:
    path = url_of(world.bob.account, "issue-key")
    form = gm.get(path)
    red = [
        attributes
        for tag, attributes in tags_of(form)
        if tag == "label" and "bad" in str(attributes.get("class"))
    ]
    assert len(red) == 2
    assert "take money from ANY player by account number alone" in text_of(form)
    statement = gm.state(path, **DEVICE, scopes=["debit:any", "balance:read"])
    assert "can take ₵20.00 at once and ₵300.00 a day from players who never see it" in text_of(statement)
    gm.confirm(path, statement, scopes=["debit:any", "balance:read"])
    assert issued(world).scopes == ["balance:read", "credit", "debit:any"]


def test_both_limits_are_required(world: World, gm: Desk) -> None:
    path = url_of(world.bob.account, "issue-key")
    for name in ("limit_per_payment", "limit_per_day", "name"):
        assert gm.post(path, DEVICE | {name: ""}).status_code == 422
    with tenancy.scope(world.arcadia.tenant):
        assert not ApiKey.objects.filter(name="Vending machine").exists()


def test_a_key_ends_by_itself_when_asked(world: World, gm: Desk) -> None:
    path = url_of(world.bob.account, "issue-key")
    gm.confirm(path, gm.state(path, **(DEVICE | {"days": "3"})))
    expires_at = issued(world).expires_at
    assert expires_at is not None
    assert timedelta(days=2) < expires_at - timezone.now() <= timedelta(days=3)


def test_issuing_and_revoking_ask_for_the_password_after_a_while(world: World, gm: Desk) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        path = url_of(world.bob.account, "issue-key")
        assert gm.confirm(path, gm.state(path, **DEVICE)).status_code == 403
        revoke = url_of(world.till.key, "revoke")
        assert gm.act(revoke, reason="lost").status_code == 403
        with tenancy.scope(world.arcadia.tenant):
            assert ApiKey.objects.get(pk=world.till.key.pk).revoked_at is None
            assert not ApiKey.objects.filter(name="Vending machine").exists()
        assert gm.act(revoke, reason="lost", password=PASSWORD).status_code == 303


def test_a_revoked_key_stops_at_once(world: World, gm: Desk) -> None:
    device = world.till.device()
    assert device.get("external/ping").status_code == 200
    path = url_of(world.till.key, "revoke")
    assert "cannot be brought back" in text_of(gm.get(path))
    assert "is revoked" in gm.notice(gm.act(path, reason="lost at the river"))
    assert device.get("external/ping").status_code == 401
    with tenancy.scope(world.arcadia.tenant):
        line = AuditEvent.objects.get(action="key.revoke")
    assert (line.actor_user_id, line.metadata) == (world.gm.user.pk, {"reason": "lost at the river"})


def test_revoking_needs_a_reason_and_happens_once(world: World, gm: Desk) -> None:
    path = url_of(world.till.key, "revoke")
    assert gm.act(path, reason="").status_code == 422
    gm.act(path, reason="lost")
    assert "Nothing was done" in gm.notice(
        gm.post(path, {"reason": "lost", "confirmed": "1", "key": "0" * 36})
    )
    assert offered(gm.get(url_of(world.till.key))) == {"reverse"}


def test_keys_are_found_by_name_place_prefix_and_account(world: World, gm: Desk) -> None:
    world.arcadia.till(world.alice, name="Night market", place="River bank")
    for typed in ("night", "river", world.alice.number):
        shown = text_of(gm.get("/admin/accounts/apikey/", q=typed))
        assert "Night market" in shown, typed
        assert "Bar till" not in shown, typed
    shown = text_of(gm.get("/admin/accounts/apikey/", q=f"nbk_{world.till.key.prefix[:4]}"))
    assert "Bar till" in shown

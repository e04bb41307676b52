"""The event's settings and the world pause in the console."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, Invalid
from accounts.models import AuditEvent, Tenant
from accounts.services.settings import change_settings
from ledger.services.transfers import Payment, transfer
from tests.cast import EVENT_CODE, World
from tests.console.desk import Desk, fields_of, text_of, url_of

AS_IT_IS = {
    "name": "Arcadia",
    "registration": "event_code",
    "event_code": EVENT_CODE,
    "welcome_bonus": "",
    "faction_choice": "on",
    "language": "en",
    "time_zone": "Europe/Berlin",
    "day_starts_at": "06:00",
}


def event(world: World) -> Tenant:
    return Tenant.objects.get(pk=world.arcadia.tenant.pk)


def lines(world: World, action: str) -> list[AuditEvent]:
    with tenancy.scope(world.arcadia.tenant):
        return list(AuditEvent.objects.filter(action=action))


def test_settings_are_stated_before_they_are_changed(world: World, gm: Desk) -> None:
    path = url_of(world.arcadia.tenant, "settings")
    statement = gm.state(path, **(AS_IT_IS | {"welcome_bonus": "50", "day_starts_at": "07:30"}))
    said = text_of(statement)
    assert "Welcome bonus none → ₵50.00" in said
    assert "The day begins at 06:00 → 07:30" in said
    assert "Name of the event" not in said
    assert "may count for another day" in said
    gm.notice(gm.confirm(path, statement))
    assert event(world).welcome_bonus == 50_00
    [line] = lines(world, "tenant.settings")
    assert line.metadata["welcome_bonus"] == {"before": 0, "after": 50_00}
    assert "welcome bonus: ₵0.00 → ₵50.00" in text_of(gm.get(url_of(world.arcadia.tenant)))


def test_nothing_changed_leaves_no_trace(world: World, gm: Desk) -> None:
    path = url_of(world.arcadia.tenant, "settings")
    answer = gm.post(path, AS_IT_IS)
    assert "Nothing was changed" in gm.notice(answer)
    assert lines(world, "tenant.settings") == []


def test_the_event_code_does_not_stand_in_the_trail(world: World, gm: Desk) -> None:
    path = url_of(world.arcadia.tenant, "settings")
    gm.confirm(path, gm.state(path, **(AS_IT_IS | {"event_code": "sunfall"})))
    assert event(world).event_code == "sunfall"
    [line] = lines(world, "tenant.settings")
    assert "sunfall" not in str(line.metadata)
    assert EVENT_CODE not in str(line.metadata)


def test_a_web_app_from_another_address_is_let_in_and_shut_out_again(
    world: World, gm: Desk, client: Client
) -> None:
    path = url_of(world.arcadia.tenant, "settings")
    headers = {"Origin": "https://app.example", "Host": world.arcadia.host}

    def allowed() -> str | None:
        return client.get("/api/v1/account", headers=headers).headers.get("Access-Control-Allow-Origin")

    assert allowed() is None
    typed = "HTTPS://App.example/  http://localhost:5173"
    statement = gm.state(path, **(AS_IT_IS | {"cors_origins": typed}))
    said = text_of(statement)
    assert "Web apps from other addresses – → https://app.example http://localhost:5173" in said
    assert "lets that page do what they may do" in said
    gm.notice(gm.confirm(path, statement))
    assert event(world).cors_origins == ["https://app.example", "http://localhost:5173"]
    assert allowed() == "https://app.example"
    [line] = lines(world, "tenant.settings")
    assert line.metadata["cors_origins"]["after"] == "https://app.example http://localhost:5173"
    assert "https://app.example http://localhost:5173" in fields_of(gm.get(path)).values()

    gm.notice(gm.confirm(path, gm.state(path, **AS_IT_IS)))
    assert event(world).cors_origins == []
    assert allowed() is None


def test_the_service_too_keeps_origins_as_browsers_send_them(world: World) -> None:
    actor = Actor.server(world.arcadia.tenant, "test")
    with tenancy.scope(world.arcadia.tenant):
        assert change_settings(actor=actor, cors_origins=["https://App.example"]) == event(world)
        with pytest.raises(Invalid, match="not an origin"):
            change_settings(actor=actor, cors_origins=["*"])
    assert event(world).cors_origins == ["https://app.example"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_zone", "Mars/Base"),
        ("event_code", ""),
        ("welcome_bonus", "-5"),
        ("name", ""),
        ("cors_origins", "https://app.example *"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field(world: World, gm: Desk, name: str, value: str) -> None:
    path = url_of(world.arcadia.tenant, "settings")
    assert gm.post(path, AS_IT_IS | {name: value}).status_code == 422
    assert lines(world, "tenant.settings") == []


def test_the_world_is_paused_and_resumed(world: World, gm: Desk) -> None:
    path = url_of(world.arcadia.tenant, "pause")
    assert "Every player reads it" in text_of(gm.get(path))
    gm.notice(gm.act(path, reason="fire alarm"))
    with pytest.raises(Conflict, match="paused"):
        transfer(actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=1))
    assert "Nothing was done" in gm.notice(gm.act(path, reason="fire alarm"))
    gm.notice(gm.act(url_of(world.arcadia.tenant, "resume"), reason="false alarm"))
    transfer(actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=1))
    assert len(lines(world, "world.pause")) == len(lines(world, "world.resume")) == 1


def test_another_event_goes_on(world: World, gm: Desk) -> None:
    gm.act(url_of(world.arcadia.tenant, "pause"), reason="fire alarm")
    assert Tenant.objects.get(pk=world.borea.tenant.pk).paused_at is None

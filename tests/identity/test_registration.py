"""Joining an event."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from accounts import limits, tenancy
from accounts.crypto import open_from
from accounts.errors import Denied
from accounts.models import AuditEvent, CredentialTenant, LoginSession, Tenant, User
from accounts.services.invites import create_invite
from accounts.services.tenants import create_tenant
from identity.devices import Device
from ledger.models import Account, AccountHolder, Transfer
from tests.cast import EVENT_CODE, PASSWORD, Event, Phone, World


def joining(name: str = "Nova", **more: Any) -> dict[str, Any]:
    return {"character_name": name, "password": PASSWORD, "event_code": EVENT_CODE, **more}


def set_policy(event: Event, **changes: Any) -> None:
    Tenant.objects.filter(pk=event.tenant.pk).update(**changes)
    for name, value in changes.items():
        setattr(event.tenant, name, value)
    event.tenant.save()


def test_one_call_makes_a_character_with_an_account_who_is_signed_in(world: World) -> None:
    answer = world.arcadia.phone().post("auth/register", joining(faction="chrome syndicate"))
    assert answer.status_code == 201
    body = answer.json()
    assert body["message"] == "Welcome, Nova."
    assert body["user"]["character_name"] == "Nova"
    assert body["user"]["faction"] == "Chrome Syndicate"
    assert body["user"]["role"] == "player"
    assert body["expires_in"] == 24 * 3600
    assert "refresh_token" not in body
    mine = world.arcadia.phone(Authorization=f"Bearer {body['access_token']}").get("account").json()
    assert mine["account_number"] == body["user"]["account_number"]
    assert (mine["balance"], mine["balance_display"], mine["available"]) == (0, "₵0.00", 0)
    with tenancy.scope(world.arcadia.tenant):
        assert AuditEvent.objects.filter(action="user.register", status="ok").count() == 1


def test_a_refused_registration_leaves_nothing_behind(world: World) -> None:
    before = counts(world)
    assert world.arcadia.phone().post("auth/register", joining("Alice")).status_code == 409
    assert world.arcadia.phone().post("auth/register", joining(faction="Nobody's")).status_code == 400
    assert world.arcadia.phone().post("auth/register", joining(password="short")).status_code == 400
    assert counts(world) == before


def counts(world: World) -> list[int]:
    with tenancy.scope(world.arcadia.tenant):
        rows = [model.objects.count() for model in (User, AccountHolder, Account, LoginSession)]
    return [*rows, CredentialTenant.objects.count()]


def test_a_registration_that_fails_half_way_is_undone_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_kwargs: object) -> None:
        raise RuntimeError("the bank burns")

    monkeypatch.setattr("identity.services.registration.open_person", broken)
    before = counts(world)
    with pytest.raises(RuntimeError, match="the bank burns"):
        world.arcadia.phone().post("auth/register", joining())
    assert counts(world) == before


@pytest.mark.parametrize("name", ["Alice", "ALICE", "ａｌｉｃｅ", "AIice", "аӏісе", " alice "])
def test_a_taken_name_is_refused_with_one_that_is_free(world: World, name: str) -> None:
    answer = world.arcadia.phone().post("auth/register", joining(name))
    assert answer.status_code == 409
    body = answer.json()
    assert body["code"] == "name_taken"
    assert body["errors"][0]["field"] == "character_name"
    suggestion = body["facts"]["suggestion"]
    assert suggestion in body["detail"]
    assert world.arcadia.phone().post("auth/register", joining(suggestion)).status_code == 201


def test_a_name_of_two_alphabets_is_refused(world: World) -> None:
    answer = world.arcadia.phone().post("auth/register", joining("Аlice"))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_name")


def test_the_same_name_may_exist_at_two_events(world: World) -> None:
    there = world.borea.phone().post("auth/register", joining("Alice"))
    assert there.status_code == 201
    assert there.json()["user"]["account_number"] != world.alice.number
    token = there.json()["access_token"]
    theirs = world.borea.phone(Authorization=f"Bearer {token}").get("account").json()
    assert theirs["balance"] == 0
    assert (
        world.arcadia.phone(Authorization=f"Bearer {token}").get("account").json()["code"] == "wrong_tenant"
    )


def test_a_faction_of_another_event_is_unknown_here(world: World) -> None:
    answer = world.arcadia.phone().post("auth/register", joining(faction="Ice Court"))
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_faction")


@pytest.mark.parametrize("password", ["", "short", "password", "1234567x8"[:7], "Nova", "x" * 300])
def test_a_weak_password_is_refused(world: World, password: str) -> None:
    answer = world.arcadia.phone().post("auth/register", joining(password=password))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "password"


def test_a_password_keeps_its_blanks_and_may_be_long(world: World) -> None:
    password = "  " + "ω" * 200 + "  "
    assert world.arcadia.phone().post("auth/register", joining(password=password)).status_code == 201
    login = {"character_name": "Nova", "password": password}
    assert world.arcadia.phone().post("auth/login", login).status_code == 200
    assert world.arcadia.phone().post("auth/login", login | {"password": password.strip()}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"claim": "x"},
        {"refresh": "yes"},
        {"character_name": 5},
        {"character_name": None},
        {"character_name": "a\0b"},
        {"faction": ["x"]},
        {"email": "nobody"},
        {"device_name": "x" * 81},
    ],
    ids=str,
)
def test_a_wrong_or_unknown_field_is_refused(world: World, body: dict[str, Any]) -> None:
    assert world.arcadia.phone().post("auth/register", joining(**body)).status_code == 400


# -- Who is let in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "sent", "code"),
    [
        ("open", {"event_code": ""}, None),
        ("open", {"event_code": EVENT_CODE}, None),
        ("open", {"event_code": "sunset"}, "wrong_event_code"),
        ("event_code", {"event_code": EVENT_CODE}, None),
        ("event_code", {"event_code": " MoonRise "}, None),
        ("event_code", {"event_code": ""}, "event_code_needed"),
        ("event_code", {"event_code": "sunset"}, "wrong_event_code"),
        ("event_code", {"event_code": "mond\u00e4mmerung"}, "wrong_event_code"),
        ("invite", {"event_code": EVENT_CODE}, "invite_needed"),
        ("invite", {"invite": "made-up"}, "bad_invite"),
        ("closed", {"event_code": EVENT_CODE}, "registration_closed"),
        ("closed", {"invite": "made-up"}, "registration_closed"),
    ],
)
def test_the_event_says_who_may_register(
    world: World, policy: str, sent: dict[str, str], code: str | None
) -> None:
    set_policy(world.arcadia, registration=policy)
    answer = world.arcadia.phone().post("auth/register", joining(**sent))
    if code is None:
        assert answer.status_code == 201
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        with tenancy.scope(world.arcadia.tenant):
            assert AuditEvent.objects.filter(action="user.register", status=code).count() == 1


def test_an_event_without_a_code_lets_nobody_in_by_an_empty_one(world: World) -> None:
    set_policy(world.arcadia, event_code="")
    for typed in ("", " ", "x"):
        answer = world.arcadia.phone().post("auth/register", joining(event_code=typed))
        assert answer.status_code == 403


def test_an_invitation_lets_one_person_in_and_brings_a_faction(world: World) -> None:
    set_policy(world.arcadia, registration="invite")
    issued = create_invite(actor=world.gm.actor, lives=dt.timedelta(days=1), faction=world.arcadia.faction)
    first = world.arcadia.phone().post("auth/register", joining("Nova", invite=issued.code))
    assert (first.status_code, first.json()["user"]["faction"]) == (201, "Chrome Syndicate")
    second = world.arcadia.phone().post("auth/register", joining("Vega", invite=issued.code))
    assert (second.status_code, second.json()["code"]) == (403, "bad_invite")
    with tenancy.scope(world.arcadia.tenant):
        issued.invite.refresh_from_db()
        assert issued.invite.used_by is not None
        assert issued.invite.used_by.character_name == "Nova"


def test_an_invitation_survives_a_registration_that_was_refused(world: World) -> None:
    set_policy(world.arcadia, registration="invite")
    issued = create_invite(actor=world.gm.actor, lives=dt.timedelta(days=1))
    assert (
        world.arcadia.phone().post("auth/register", joining("Alice", invite=issued.code)).status_code == 409
    )
    assert world.arcadia.phone().post("auth/register", joining("Nova", invite=issued.code)).status_code == 201


def test_an_invitation_expires_and_is_of_one_event_only(world: World) -> None:
    set_policy(world.arcadia, registration="invite")
    set_policy(world.borea, registration="invite")
    issued = create_invite(actor=world.gm.actor, lives=dt.timedelta(days=1))
    elsewhere = world.borea.phone().post("auth/register", joining(invite=issued.code))
    assert elsewhere.json()["code"] == "bad_invite"
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=2), tick=False):
        late = world.arcadia.phone().post("auth/register", joining(invite=issued.code))
    assert late.json()["code"] == "bad_invite"


def test_only_game_masters_invite(world: World) -> None:
    with pytest.raises(Denied):
        create_invite(actor=world.alice.actor, lives=dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("policy", "sent", "bonus_when_open", "paid"),
    [
        ("open", {"event_code": ""}, False, 0),
        ("open", {"event_code": ""}, True, 25_00),
        ("open", {"event_code": EVENT_CODE}, False, 25_00),
        ("event_code", {"event_code": EVENT_CODE}, False, 25_00),
    ],
)
def test_the_welcome_bonus_is_for_those_who_know_something(
    world: World, policy: str, sent: dict[str, str], bonus_when_open: bool, paid: int
) -> None:
    set_policy(world.arcadia, registration=policy, welcome_bonus=25_00, bonus_when_open=bonus_when_open)
    body = world.arcadia.phone().post("auth/register", joining(**sent)).json()
    mine = world.arcadia.phone(Authorization=f"Bearer {body['access_token']}").get("account").json()
    assert mine["balance"] == paid
    with tenancy.scope(world.arcadia.tenant):
        assert Transfer.objects.filter(kind=Transfer.Kind.BONUS).count() == bool(paid)


def test_an_invitation_earns_the_welcome_bonus(world: World) -> None:
    set_policy(world.arcadia, registration="open", welcome_bonus=25_00)
    issued = create_invite(actor=world.gm.actor, lives=dt.timedelta(days=1))
    body = world.arcadia.phone().post("auth/register", joining(event_code="", invite=issued.code)).json()
    mine = world.arcadia.phone(Authorization=f"Bearer {body['access_token']}").get("account").json()
    assert mine["balance"] == 25_00


def test_where_game_masters_give_the_factions_nobody_chooses_one(world: World) -> None:
    set_policy(world.arcadia, faction_choice=False)
    answer = world.arcadia.phone().post("auth/register", joining(faction="Chrome Syndicate"))
    assert (answer.status_code, answer.json()["code"]) == (403, "faction_fixed")
    assert world.arcadia.phone().post("auth/register", joining()).status_code == 201


# -- E-mail ------------------------------------------------------------------------------------------------------------


def test_an_e_mail_address_is_sealed_and_unique_within_the_event(world: World) -> None:
    address = "Nova@Example.org"
    assert world.arcadia.phone().post("auth/register", joining(email=address)).status_code == 201
    again = world.arcadia.phone().post("auth/register", joining("Vega", email="nova@example.ORG"))
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")
    assert world.borea.phone().post("auth/register", joining(email=address)).status_code == 201
    with tenancy.scope(world.arcadia.tenant):
        user = User.objects.get(character_name="Nova")
        assert b"xample" not in bytes(user.email)
        assert open_from(user, "email") == address


@pytest.mark.parametrize("policy", ["event_code", "invite", "closed"])
def test_whoever_may_not_register_does_not_learn_whose_address_is_in_use(world: World, policy: str) -> None:
    address = "nova@example.org"
    assert world.arcadia.phone().post("auth/register", joining(email=address)).status_code == 201
    set_policy(world.arcadia, registration=policy)
    answers = []
    for email in (address, "nobody@example.org"):
        answer = world.arcadia.phone().post("auth/register", joining("Vega", event_code="", email=email))
        answers.append((answer.status_code, answer.json()["code"]))
    assert answers[0] == answers[1]
    assert answers[0][0] == 403


def test_people_without_an_address_do_not_collide(world: World) -> None:
    assert world.arcadia.phone().post("auth/register", joining("Nova", email="")).status_code == 201
    assert world.arcadia.phone().post("auth/register", joining("Vega")).status_code == 201


# -- Limits ------------------------------------------------------------------------------------------------------------


def test_one_device_registers_three_people_an_hour_and_refusals_do_not_count(world: World) -> None:
    phone = world.arcadia.phone(**{"X-Device-Id": "phone-1"})
    for _attempt in range(4):
        assert phone.post("auth/register", joining("Alice")).status_code == 409
    for name in ("Nova", "Vega", "Lyra"):
        assert phone.post("auth/register", joining(name)).status_code == 201
    refused = phone.post("auth/register", joining("Mira"))
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused["Retry-After"]) > 0
    other = world.arcadia.phone(**{"X-Device-Id": "phone-2"})
    assert other.post("auth/register", joining("Mira")).status_code == 201


def test_who_registers_beside_others_on_one_device_gets_an_answer_once_he_is_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race: all have looked at the counter before the first is counted."""
    monkeypatch.setattr(limits, "peek", lambda _what, _who: None)
    phone = world.arcadia.phone(**{"X-Device-Proof": Device.new().proof()})
    names = ("Nova", "Vex", "Orion", "Lyra", "Sable")
    answers = [phone.post("auth/register", joining(name)) for name in names]
    assert [answer.status_code for answer in answers] == [201] * 5
    monkeypatch.undo()
    assert phone.post("auth/register", joining("Mira")).status_code == 429


def test_a_browser_is_known_by_its_cookie(world: World) -> None:
    browser = world.arcadia.phone()
    browser.keeps_cookies = True
    for name in ("Nova", "Vega", "Lyra", "Mira"):
        # The first answer brings the cookie, which counts from then on.
        assert browser.post("auth/register", joining(name)).status_code == 201
    assert browser.post("auth/register", joining("Orion")).status_code == 429


def test_one_address_registers_sixty_people_a_minute(world: World) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC), tick=False):
        codes = [
            world.arcadia.phone().post("auth/register", joining("Alice")).status_code
            for _attempt in range(61)
        ]
    assert codes == [409] * 60 + [429]


def test_limits_can_be_switched_off(world: World, settings: Any) -> None:
    settings.RATE_LIMITS = False
    phone = world.arcadia.phone(**{"X-Device-Id": "phone-1"})
    names = ["Nova", "Vega", "Lyra", "Mira", "Orion"]
    assert [phone.post("auth/register", joining(name)).status_code for name in names] == [201] * 5


def test_an_event_without_a_bank_says_what_is_missing(db: None) -> None:
    create_tenant(command="tests", slug="terra", name="Terra", hosts=("terra.example",), registration="open")
    answer = Phone("terra.example").post("auth/register", {"character_name": "Nova", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_currency")

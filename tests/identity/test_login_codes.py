"""One-time codes: one person, once, until the end; whoever holds one is that person, so much takes them back."""

from __future__ import annotations

import datetime as dt
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from accounts import roles, tenancy
from accounts.actors import Actor, Origin
from accounts.errors import Conflict, Denied, DomainError, Invalid, NotFound
from accounts.models import AuditEvent, LoginCode, LoginSession
from accounts.services.login_codes import IssuedCode, issue_login_codes
from accounts.services.password import change_password, choose_password, reset_password
from accounts.services.people import disable_user, enable_user, set_role
from identity.devices import Device
from identity.services.cards import redeem_login_code, show_at_desk
from identity.services.stay import SignedIn, Stay
from tests.cast import PASSWORD, Event, Person, World, make_event
from tests.sessions import Database

DESK, CARD = LoginCode.Kind.DESK, LoginCode.Kind.CARD


def issue(by: Actor, *people: Person, request: str = "one", **more: Any) -> list[IssuedCode]:
    chosen: dict[str, Any] = {"kind": CARD, "lives": timedelta(days=1)} | more
    return issue_login_codes(actor=by, users=[one.user for one in people], request=request, **chosen)


def redeem(event: Event, code: str, device: Device | None = None) -> SignedIn:
    visitor = Actor.visitor(event.tenant, Origin(ip="192.0.2.7"))
    return redeem_login_code(actor=visitor, code=code, stay=Stay.PAGE, device=device or Device())


def refusal(event: Event, code: str) -> str:
    with pytest.raises(DomainError) as refused:
        redeem(event, code)
    return refused.value.code


def signed_in(event: Event, person: Person, found: SignedIn) -> Actor:
    return Actor(tenant=event.tenant, user=person.reload(), session=found.session)


# -- Once --------------------------------------------------------------------------------------------------------------


def test_a_code_signs_its_owner_in_and_nobody_a_second_time(world: World) -> None:
    [issued] = issue(world.gm.actor, world.alice)
    found = redeem(world.arcadia, issued.code)
    assert (found.user.pk, found.session.user_id) == (world.alice.user.pk, world.alice.user.pk)
    assert refusal(world.arcadia, issued.code) == "login_code_used"
    with tenancy.scope(world.arcadia.tenant):
        trail = (
            AuditEvent.objects.filter(action="login_code.use").order_by("id").values_list("status", flat=True)
        )
        assert list(trail) == ["ok", "login_code_used"]


def test_only_a_digest_is_kept_and_nothing_shows_the_code(world: World) -> None:
    [issued] = issue(world.gm.actor, world.alice)
    redeem(world.arcadia, issued.code)
    with tenancy.scope(world.arcadia.tenant):
        told = str(list(LoginCode.objects.values())) + str(list(AuditEvent.objects.values()))
    assert issued.code not in told + repr(issued) + str(issued.login_code)


def test_a_code_ends(world: World) -> None:
    [issued] = issue(world.gm.actor, world.alice, lives=timedelta(minutes=15))
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert refusal(world.arcadia, issued.code) == "login_code_expired"


@pytest.mark.parametrize("code", ["", "nothing", "x" * 24, "é" * 24, "x" * 5000])
def test_what_is_no_code_is_unknown(world: World, code: str) -> None:
    assert refusal(world.arcadia, code) == "unknown_login_code"


def test_a_code_of_another_event_is_unknown_here(world: World) -> None:
    [issued] = issue(world.gm.actor, world.alice)
    assert refusal(world.borea, issued.code) == "unknown_login_code"
    assert redeem(world.arcadia, issued.code)


def test_the_same_phone_may_ask_again_when_its_answer_was_lost(world: World) -> None:
    [issued] = issue(world.gm.actor, world.alice)
    phone = Device.new()
    first = redeem(world.arcadia, issued.code, phone)
    assert redeem(world.arcadia, issued.code, phone).session == first.session
    with pytest.raises(Conflict):
        redeem(world.arcadia, issued.code, Device.new())
    with tenancy.scope(world.arcadia.tenant):
        assert LoginSession.objects.filter(user=world.alice.user, revoked_at=None).count() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=6)), pytest.raises(Conflict):
        redeem(world.arcadia, issued.code, phone)


def test_a_sign_in_that_was_ended_does_not_come_back_by_asking_again(world: World) -> None:
    [issued] = issue(world.gm.actor, world.alice)
    phone = Device.new()
    redeem(world.arcadia, issued.code, phone)
    reset_password(actor=world.gm.actor, person=world.alice.user, new="brand new words 7")
    with pytest.raises(Conflict):
        redeem(world.arcadia, issued.code, phone)


def test_of_many_who_come_at_once_one_is_let_in(fresh_database: Database) -> None:
    event = make_event("neo")
    vex = event.person("Vex")
    [issued] = issue(event.server, vex)
    outcomes: list[str] = []
    gate = threading.Barrier(6)

    def come() -> None:
        gate.wait()
        try:
            redeem(event, issued.code, Device.new())
            outcomes.append("in")
        except DomainError as refused:
            outcomes.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", *["login_code_used"] * 5]


# -- The newest alone --------------------------------------------------------------------------------------------------


def test_a_newer_code_makes_the_older_worthless(world: World) -> None:
    [card] = issue(world.gm.actor, world.alice)
    [desk] = issue(world.gm.actor, world.alice, kind=DESK, request="two")
    assert refusal(world.arcadia, card.code) == "login_code_replaced"
    assert redeem(world.arcadia, desk.code)


def test_the_same_request_again_gives_the_same_codes_and_changes_nothing(world: World) -> None:
    first = issue(world.gm.actor, world.alice, world.bob)
    again = issue(world.gm.actor, world.bob, world.alice)
    assert {one.code for one in first} == {one.code for one in again}
    with tenancy.scope(world.arcadia.tenant):
        assert LoginCode.objects.count() == 2
        assert AuditEvent.objects.filter(action="login_code.card").count() == 2
        assert AuditEvent.objects.filter(action="login_code.print").count() == 1
    assert redeem(world.arcadia, first[0].code)


def test_two_game_masters_with_one_request_get_codes_of_their_own(world: World) -> None:
    other = world.arcadia.person("Warden", role=roles.GM)
    [mine], [theirs] = issue(world.gm.actor, world.alice), issue(other.actor, world.alice)
    assert mine.code != theirs.code


@pytest.mark.parametrize("what", ["switched off", "role", "new password", "own password"])
def test_what_changes_a_login_takes_its_codes_back(world: World, what: str) -> None:
    [issued] = issue(world.gm.actor, world.alice)
    gm, alice = world.gm.actor, world.alice.user
    if what == "switched off":
        disable_user(actor=gm, person=alice)
        enable_user(actor=gm, person=alice)
    elif what == "role":
        set_role(actor=gm, person=alice, role=roles.GM)
    elif what == "new password":
        reset_password(actor=gm, person=alice, new="brand new words 7")
    else:
        change_password(actor=world.alice.actor, current=PASSWORD, new="brand new words 7")
    assert refusal(world.arcadia, issued.code) == "login_code_replaced"


def test_whoever_is_switched_off_gets_no_code_and_cannot_use_one(world: World) -> None:
    [issued] = issue(world.gm.actor, world.alice)
    with tenancy.scope(world.arcadia.tenant):
        type(world.alice.user).objects.filter(pk=world.alice.user.pk).update(is_active=False)
    assert refusal(world.arcadia, issued.code) == "login_off"
    with pytest.raises(Conflict):
        issue(world.gm.actor, world.alice, request="two")
    with tenancy.scope(world.arcadia.tenant):
        assert LoginCode.objects.get().used_at is None


# -- Who may -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "role", [role for role in roles.ROLES if not roles.allows(role, "accounts.login_codes")]
)
def test_nobody_else_issues_codes(world: World, role: str) -> None:
    actor = world.arcadia.person("Somebody", role=role).actor
    with pytest.raises(Denied):
        issue(actor, world.bob)


def test_nobody_makes_a_code_for_himself_or_for_another_event(world: World) -> None:
    with pytest.raises(Denied, match="yourself"):
        issue(world.gm.actor, world.gm)
    with pytest.raises(NotFound):
        issue(world.charlies_gm.actor, world.alice)
    with tenancy.scope(world.arcadia.tenant):
        assert AuditEvent.objects.filter(action="login_code.card", status="own_role").count() == 1


@pytest.mark.parametrize("lives", [dt.timedelta(), dt.timedelta(days=91)])
def test_a_code_lives_for_ninety_days_at_most(world: World, lives: dt.timedelta) -> None:
    with pytest.raises(Invalid):
        issue(world.gm.actor, world.alice, lives=lives)


# -- The desk ----------------------------------------------------------------------------------------------------------


def test_a_lost_phone_is_signed_out_and_its_owner_is_told(world: World) -> None:
    lost = world.alice.phone()
    assert lost.get("account").status_code == 200
    issued = show_at_desk(
        actor=world.gm.actor,
        person=world.alice.user,
        lives=timedelta(minutes=15),
        request="one",
        end_sign_ins=True,
    )
    assert lost.get("account").status_code == 401
    redeem(world.arcadia, issued.code)
    with tenancy.scope(world.arcadia.tenant):
        assert world.alice.user.notifications.filter(kind="login_code.desk").count() == 1


def test_a_code_lets_one_choose_a_password_without_the_old_for_a_while(world: World) -> None:
    [issued] = issue(world.gm.actor, world.alice, kind=DESK)
    actor = signed_in(world.arcadia, world.alice, redeem(world.arcadia, issued.code))
    with time_machine.travel(timezone.now() + timedelta(minutes=16)), pytest.raises(Denied) as refused:
        choose_password(actor=actor, new="brand new words 7")
    assert refused.value.code == "old_password_needed"
    choose_password(actor=actor, new="brand new words 7")
    typed = {"character_name": "Alice", "password": "brand new words 7"}
    assert world.arcadia.phone().post("auth/login", typed).status_code == 200


def test_an_ordinary_sign_in_does_not(world: World) -> None:
    [issued] = issue(world.gm.actor, world.alice, kind=DESK)
    redeem(world.arcadia, issued.code)
    with pytest.raises(Denied):
        choose_password(actor=world.alice.actor, new="brand new words 7")

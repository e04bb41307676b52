"""What game masters do with logins, and what people change about themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts import roles, selectors, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, Denied, DomainError, Invalid, NotFound
from accounts.models import AuditEvent, Notification, Tenant, User
from accounts.services.people import disable_user, enable_user, set_role
from identity.services.people import create_user
from tests.cast import PASSWORD, World


def trail(world: World, action: str) -> list[tuple[str, str]]:
    with tenancy.scope(world.arcadia.tenant):
        events = AuditEvent.objects.filter(action=action).order_by("id")
        return [(event.actor_label, event.status) for event in events]


def as_role(world: World, role: str) -> Actor:
    with tenancy.scope(world.arcadia.tenant):
        User.objects.filter(pk=world.bob.user.pk).update(role=role)
    return Actor(tenant=world.arcadia.tenant, user=world.bob.reload())


def test_a_game_master_makes_a_character_with_an_account(world: World) -> None:
    user = create_user(
        actor=world.gm.actor,
        character_name="Nova",
        password=PASSWORD,
        role=roles.CASHIER,
        faction="Chrome Syndicate",
    )
    assert (user.role, str(user.faction)) == (roles.CASHIER, "Chrome Syndicate")
    login = world.arcadia.phone().post("auth/login", {"character_name": "Nova", "password": PASSWORD})
    assert login.json()["user"]["account_number"].startswith("NC-")
    assert trail(world, "user.create")[-1] == ("Overseer", "ok")


def test_a_player_makes_nobody_and_the_try_is_in_the_trail(world: World) -> None:
    with pytest.raises(Denied):
        create_user(actor=world.alice.actor, character_name="Nova", password=PASSWORD)
    assert trail(world, "user.create")[-1] == ("Alice", "not_allowed")
    with tenancy.scope(world.arcadia.tenant):
        assert not User.objects.filter(character_name="Nova").exists()


def test_somebody_who_has_not_signed_in_may_do_nothing(world: World) -> None:
    visitor = Actor.visitor(world.arcadia.tenant, world.gm.actor.origin)
    for permission in roles.PERMISSIONS[roles.SERVER]:
        assert not visitor.may(permission)
    with pytest.raises(Denied):
        create_user(actor=visitor, character_name="Nova", password=PASSWORD)
    with pytest.raises(Denied):
        set_role(actor=visitor, person=world.alice.user, role=roles.GM)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"character_name": "ALICE"}, Conflict),
        ({"character_name": "x"}, Invalid),
        ({"password": "short"}, Invalid),
        ({"role": "king"}, Invalid),
        ({"faction": "Ice Court"}, Invalid),
    ],
    ids=str,
)
def test_what_a_game_master_types_is_looked_at_as_well(
    world: World, asked: dict[str, Any], error: type[DomainError]
) -> None:
    wanted = {"character_name": "Nova", "password": PASSWORD} | asked
    with pytest.raises(error):
        create_user(actor=world.gm.actor, **wanted)


# -- Roles -------------------------------------------------------------------------------------------------------------


def test_a_new_role_is_told_and_in_the_trail(world: World) -> None:
    set_role(actor=world.gm.actor, person=world.alice.user, role=roles.GM)
    assert world.alice.reload().role == roles.GM
    with tenancy.scope(world.arcadia.tenant):
        event = AuditEvent.objects.get(action="user.role")
        assert event.metadata == {"before": "player", "after": "gm"}
        assert Notification.objects.get(kind="user.role").user == world.alice.user


@pytest.mark.parametrize("role", sorted(set(roles.ROLES) - {roles.GM, roles.OPERATOR, roles.SUPER_ADMIN}))
def test_below_a_game_master_nobody_gives_a_role(world: World, role: str) -> None:
    actor = as_role(world, role)
    for given in roles.ROLES:
        with pytest.raises(Denied):
            set_role(actor=actor, person=world.alice.user, role=given)
    assert {status for _label, status in trail(world, "user.role")} == {"not_allowed"}
    assert world.alice.reload().role == roles.PLAYER


@pytest.mark.parametrize("role", [roles.OPERATOR, roles.SUPER_ADMIN])
def test_platform_roles_are_given_at_the_machine_only(world: World, role: str) -> None:
    with pytest.raises(Denied) as refusal:
        set_role(actor=world.gm.actor, person=world.alice.user, role=role)
    assert refusal.value.code == "platform_role"
    set_role(actor=world.arcadia.server, person=world.alice.user, role=role)
    with pytest.raises(Denied) as refusal:
        set_role(actor=world.gm.actor, person=world.alice.user, role=roles.PLAYER)
    assert refusal.value.code == "platform_role"
    with pytest.raises(Denied):
        disable_user(actor=world.gm.actor, person=world.alice.user)


def test_nobody_changes_his_own_role_or_switches_himself_off(world: World) -> None:
    tries: list[Callable[[], object]] = [
        lambda: set_role(actor=world.gm.actor, person=world.gm.user, role=roles.PLAYER),
        lambda: disable_user(actor=world.gm.actor, person=world.gm.user),
    ]
    for attempt in tries:
        with pytest.raises(Denied) as refusal:
            attempt()
        assert refusal.value.code == "own_role"
    assert world.gm.reload().role == roles.GM
    assert world.gm.reload().is_active


def test_a_game_master_of_another_event_reaches_nobody_here(world: World) -> None:
    stranger = world.charlies_gm.actor
    tries: list[Callable[[], object]] = [
        lambda: set_role(actor=stranger, person=world.alice.user, role=roles.GM),
        lambda: disable_user(actor=stranger, person=world.alice.user),
        lambda: enable_user(actor=stranger, person=world.alice.user),
    ]
    for attempt in tries:
        with pytest.raises(NotFound):
            attempt()
    with tenancy.scope(world.borea.tenant):
        with pytest.raises(NotFound):
            selectors.person_for(stranger, world.alice.user.pk)
        with pytest.raises(NotFound):
            selectors.person_named(stranger, "Alice")
        assert selectors.people_like(stranger, "Ali") == []


def test_people_are_found_by_the_beginning_of_a_name_by_those_who_may_look(world: World) -> None:
    with tenancy.scope(world.arcadia.tenant):
        assert [user.character_name for user in selectors.people_like(world.gm.actor, "ali")] == ["Alice"]
        with pytest.raises(NotFound):
            selectors.people_like(world.alice.actor, "bo")
        assert selectors.person_for(world.alice.actor, world.alice.user.pk) == world.alice.user
        with pytest.raises(NotFound):
            selectors.person_for(world.alice.actor, world.bob.user.pk)


def test_whoever_is_switched_off_twice_is_no_error(world: World) -> None:
    disable_user(actor=world.gm.actor, person=world.alice.user)
    disable_user(actor=world.gm.actor, person=world.alice.user)
    assert not world.alice.reload().is_active


# -- One's own profile -------------------------------------------------------------------------------------------------


def test_somebody_sees_who_he_is_and_what_he_has(world: World) -> None:
    assert world.alice.phone().get("account").json() == {
        "character_name": "Alice",
        "faction": "Chrome Syndicate",
        "role": "player",
        "emoji": "",
        "picture": None,
        "account_number": world.alice.number,
        "currency": "NC",
        "balance": 100_00,
        "balance_display": "₵100.00",
        "available": 100_00,
        "available_display": "₵100.00",
    }
    assert world.bob.phone().get("account").json()["faction"] is None
    assert world.arcadia.phone().get("account").status_code == 401
    assert world.till.device().get("account").json()["code"] == "not_for_keys"


def test_an_emoji_can_be_chosen_and_taken_away(world: World) -> None:
    phone = world.alice.phone()
    assert phone.patch("account", {"emoji": "🦊"}).json()["emoji"] == "🦊"
    assert phone.get("account").json()["emoji"] == "🦊"
    assert phone.patch("account", {}).json()["emoji"] == "🦊"
    assert phone.patch("account", {"emoji": ""}).json()["emoji"] == ""


@pytest.mark.parametrize("emoji", ["👩‍🚀", "🏴‍☠️", "🇩🇪", "1️⃣", "❤️", "👍🏽", "☠"])
def test_one_emoji_is_one_whatever_it_is_made_of(world: World, emoji: str) -> None:
    assert world.alice.phone().patch("account", {"emoji": emoji}).json()["emoji"] == emoji


@pytest.mark.parametrize("emoji", ["a", "🦊🦊", "<b>", "1", "\u202e", "http://x", "🦊" * 40, 5, None, ["🦊"]])
def test_what_is_not_one_emoji_is_refused(world: World, emoji: Any) -> None:
    assert world.alice.phone().patch("account", {"emoji": emoji}).status_code == 400


def test_a_faction_can_be_chosen_and_left_where_the_event_allows_it(world: World) -> None:
    phone = world.bob.phone()
    assert phone.patch("account", {"faction": "chrome SYNDICATE"}).json()["faction"] == "Chrome Syndicate"
    assert phone.patch("account", {"emoji": "🦊"}).json()["faction"] == "Chrome Syndicate"
    assert phone.patch("account", {"faction": None}).json()["faction"] is None
    assert phone.patch("account", {"faction": "Ice Court"}).json()["code"] == "unknown_faction"
    world.arcadia.tenant.faction_choice = False
    Tenant.save(world.arcadia.tenant)
    refused = phone.patch("account", {"faction": "Chrome Syndicate"})
    assert (refused.status_code, refused.json()["code"]) == (403, "faction_fixed")


@pytest.mark.parametrize(
    "body", [{"role": "gm"}, {"balance": 5}, {"character_name": "Bob"}, {"is_active": True}]
)
def test_nothing_else_can_be_changed(world: World, body: dict[str, Any]) -> None:
    assert world.alice.phone().patch("account", body).status_code == 400
    assert world.alice.reload().role == roles.PLAYER


def test_a_change_of_the_profile_is_in_the_trail_once(world: World) -> None:
    phone = world.alice.phone()
    phone.patch("account", {"emoji": "🦊"})
    phone.patch("account", {"emoji": "🦊"})
    assert trail(world, "user.profile") == [("Alice", "ok")]

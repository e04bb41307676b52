"""The trail is read by people of their own lines, and by game masters; by nobody else."""

from __future__ import annotations

import pytest

from accounts import activity, audit, tenancy
from accounts.activity import Wanted
from accounts.actors import Actor, Origin
from accounts.errors import Denied
from tests.cast import World


@pytest.mark.parametrize("who", ["a device", "a visitor"])
def test_who_is_nobody_in_particular_sees_nothing(world: World, who: str) -> None:
    tenant = world.arcadia.tenant
    actor = Actor(tenant=tenant, key=world.till.key) if who == "a device" else Actor.visitor(tenant, Origin())
    with tenancy.scope(tenant), pytest.raises(Denied) as caught:
        activity.of_events(actor, Wanted(key_id=actor.key_id), None, 10)
    assert caught.value.code == "not_allowed"


def test_people_see_their_own_lines_whatever_they_ask_for(world: World) -> None:
    with tenancy.scope(world.arcadia.tenant):
        audit.record(actor=world.alice.actor, action="test.note")
        audit.record(actor=world.bob.actor, action="test.note")
        asked = Wanted(user_id=world.bob.user.pk, action="test.note")
        assert {line.actor_name for line in activity.of_events(world.alice.actor, asked, None, 10)} == {
            "Alice"
        }
        assert {line.actor_name for line in activity.of_events(world.gm.actor, asked, None, 10)} == {"Bob"}

"""Querysets that are compiled once say what the same queryset says, to the same people."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField, Model, UUIDField
from django.test.utils import CaptureQueriesContext
from django_scopes.exceptions import ScopeError

from accounts import tenancy
from accounts.compiled import Compiled
from accounts.models import LoginSession, User
from tests.cast import World, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def sessions(user: Any) -> Any:
    return LoginSession.objects.select_related("user__faction").filter(user=user).order_by("created_at")


def columns(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_rows_and_what_hangs_on_them_are_those_of_the_queryset(world: World) -> None:
    world.alice.phone(), world.alice.phone()
    compiled = Compiled[LoginSession](sessions, user=UUIDField())
    with tenancy.scope(world.arcadia.tenant):
        plain = list(sessions(world.alice.user.pk))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            found = compiled.all(user=world.alice.user.pk)
            assert [columns(row.user) for row in found] == [columns(row.user) for row in plain]
        assert len(asked) == 1
    assert len(found) == 2
    assert [columns(row) for row in found] == [columns(row) for row in plain]
    assert found == plain
    assert not found[0]._state.adding


def test_the_next_value_is_not_the_first_one(world: World) -> None:
    compiled = Compiled[User](lambda name: User.objects.filter(character_name=name), name=CharField())
    with tenancy.scope(world.arcadia.tenant):
        assert compiled.first(name="Alice") == world.alice.user
        assert compiled.first(name="Bob") == world.bob.user
        assert compiled.first(name="' OR 1=1 --") is None


def test_each_scope_sees_its_own_and_without_one_nothing_is_asked(world: World) -> None:
    compiled = Compiled[User](lambda pk: User.objects.filter(pk=pk), pk=UUIDField())
    for tenant, seen in ((world.arcadia.tenant, world.alice.user), (world.borea.tenant, None)):
        with tenancy.scope(tenant):
            assert compiled.first(pk=world.alice.user.pk) == seen
            assert compiled.first(pk=uuid.uuid4()) is None
            assert compiled.first(pk=None) is None
    with pytest.raises(ScopeError):
        compiled.first(pk=world.alice.user.pk)

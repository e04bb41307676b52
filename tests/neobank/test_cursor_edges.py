"""What a client writes into a cursor reaches no database, however odd: text that is none, moments at the edges of time."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import Invalid
from accounts.models import AuditEvent, Tenant
from accounts.units import unit_of_work
from ledger.models import Account
from ledger.services.accounts import open_account
from neobank.pagination import decode, paginate
from tests.cast import Person, World, make_world
from tests.ledger.asking import pay, refusal
from tests.neobank.test_pagination import request_to

AN_ID = "01a1fd02-1e25-7389-a1e8-5176bb984452"
SURROGATES = ["\ud800", "\udfff", "NC-\udc80", "\ude00\ud83d", "2026-11-21T06:00:00\ud800"]
# In a zone of its own each of them is a moment; in UTC it would lie before the year 1 or after the year 9999.
BEYOND_TIME = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "0001-01-01T00:00:00+00:01"]
EDGES_OF_TIME = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-11-21T06:00:00+14:00"]


def written(cursor: dict[str, Any]) -> str:
    """A cursor as a client could write it; unlike ``encode`` it lets everything through."""
    return base64.urlsafe_b64encode(json.dumps(cursor).encode()).rstrip(b"=").decode()


@pytest.fixture
def world(db: None) -> World:
    """Two events and everybody in them."""
    return make_world()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *((column, value) for column in ("created_at", "id", "action") for value in SURROGATES),
        *((column, value) for column in ("created_at", "id") for value in BEYOND_TIME),
    ],
    ids=ascii,
)
def test_a_value_that_no_row_can_have_is_refused(arcadia: Tenant, column: str, value: str) -> None:
    cursor = written({"id": AN_ID} | {column: value})
    ordering = ("id",) if column == "id" else (column, "id")
    with tenancy.scope(arcadia), pytest.raises(Invalid) as caught:
        paginate(request_to(f"/x?cursor={cursor}"), AuditEvent.objects.all(), ordering=ordering)
    assert caught.value.code == "bad_cursor"


@pytest.mark.parametrize("moment", EDGES_OF_TIME)
def test_a_moment_at_the_edge_of_time_is_a_moment(arcadia: Tenant, moment: str) -> None:
    cursor = written({"created_at": moment, "id": AN_ID})
    with tenancy.scope(arcadia):
        rows, after = paginate(
            request_to(f"/x?cursor={cursor}"), AuditEvent.objects.all(), ordering=("created_at", "id")
        )
    assert (rows, after) == ([], None)


@pytest.mark.parametrize("value", SURROGATES, ids=ascii)
@pytest.mark.parametrize("path", ["accounts", "transactions", "audit"])
def test_no_list_of_the_api_breaks_over_text_that_is_none(world: World, path: str, value: str) -> None:
    assert_refused(world, path, value)


@pytest.mark.parametrize("value", BEYOND_TIME)
@pytest.mark.parametrize("path", ["transactions", "audit"])
def test_no_list_of_the_api_breaks_over_a_moment_beyond_time(world: World, path: str, value: str) -> None:
    assert_refused(world, path, value)


def assert_refused(world: World, path: str, value: str) -> None:
    """A cursor of Alice's own list at ``path``, with ``value`` in each place, or as a name, or both, is refused."""
    open_savings(actor=world.arcadia.server, person=world.alice)
    phone = world.alice.phone()
    for amount in (1, 2):
        pay(phone, to_account=world.bob.number, amount=amount)
    [cursor] = parse_qs(urlsplit(phone.get(path, limit=1).json()["next"]).query)["cursor"]
    for changed in (dict.fromkeys(decode(cursor), value), {value: 1}, {value: value}):
        assert refusal(phone.get(path, limit=1, cursor=written(changed))) == (400, "bad_cursor")


@unit_of_work
def open_savings(*, actor: Actor, person: Person) -> Account:
    return open_account(
        actor=actor, holder=person.account.holder, currency=person.account.currency, kind=Account.Kind.SAVINGS
    )

"""Charlie must never see Alice's things: every address there is, generated from the URL resolver and the console's registry.

A view that is added is asked here as well; one with a parameter or field that ``tests/strangers.py`` cannot fill fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.contrib import admin
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from accounts import directory, tenancy
from accounts.models import User
from tests.conftest import SESSION
from tests.sessions import Database
from tests.strangers import (
    Address,
    Side,
    Visitor,
    addresses,
    body_for,
    make_sides,
    nobodys,
    queries_for,
    secrets_of,
    tenant_models,
    values_for,
)

ADDRESSES = addresses()
# The schema and its page are made from the source alone.
FROM_SOURCE = {"api/schema/", "api/docs/"}
LISTS = [
    one for one in ADDRESSES if not one.parameters and "get" in one.methods and one.route not in FROM_SOURCE
]
# Where an answer says nothing about whether the thing exists, each with its reason.
NEVER_404 = {
    "errors/<slug:slug>": "what an error means is the same for everybody",
    "pay/<str:number>": "leads to the form, whatever the number; the form says whether there is such a payee",
    **dict.fromkeys(
        ("casino/<slug:game>", "casino/<slug:game>/odds", "api/v1/casino/games/<slug:name>"),
        "every event has the same machines; what Charlie sees is his own event's",
    ),
    "me/devices/<uuid:session_id>/end": "ending what has ended already is no error",
    "api/v1/casino/games/<slug:name>/spin": "he plays at his own",
}
REFUSED, SIGN_IN = {401, 403, 404, 405}, "/login"
WALLS = ["as it is", pytest.param("without policies", marks=pytest.mark.postgresql_only)]

Sides = tuple[Side, Side]


@pytest.fixture(scope="module", params=WALLS)
def walls(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """A database as it is, and (on PostgreSQL) one whose row-level security is gone: the first wall must hold alone."""
    with SESSION.database() as database, django_db_blocker.unblock(), SESSION.connected_to(database):
        if request.param == "without policies":
            take_policies_away(database)
        directory.forget()
        yield request.param
        directory.forget()


@pytest.fixture(scope="module")
def sides(walls: str) -> Sides:
    """Alice's event and Charlie's, with the same story in both."""
    return make_sides()


@pytest.fixture(scope="module")
def secrets(sides: Sides) -> set[str]:
    """What gives Alice's event away."""
    found = secrets_of(*sides)
    assert {sides[0].hero.number, sides[0].transfer, "Alice", "Qwyrkling memo"} <= found
    return found


def take_policies_away(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as owner:
        rows = owner.execute("SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity").fetchall()
        assert rows
        for (table,) in rows:
            owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY".encode())


def leaks(answer: Any, secrets: set[str], sent: str) -> list[str]:
    """Which secrets an answer holds, apart from those that stood in the question."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = content.decode(errors="replace") + str(dict(answer.headers))
    return sorted(secret for secret in secrets if secret in text and secret not in sent)


def is_let_in(answer: Any) -> bool:
    """Whether the visitor got as far as the thing itself."""
    to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith(SIGN_IN)
    return answer.status_code not in REFUSED and not to_sign_in


# -- The test itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_nothing_of_alices_reaches_charlie(sides: Sides, secrets: set[str], address: Address) -> None:
    alice, charlie = sides
    hers, let_in = values_for(address, alice), False
    bodies = {method: body_for(address, method, alice) for method in address.methods if method != "get"}
    before = alice.rows()
    for who, visitor in charlie.visitors().items():
        reached = reach(visitor, address, charlie)
        let_in = let_in or bool(reached)
        for method in address.methods:
            body, question = bodies.get(method), f"{who}, {method.upper()} {address}"
            answer = visitor.ask(method, address.filled(hers), body, as_json=address.is_api)
            assert not leaks(answer, secrets, sent=str([hers, body])), question
            if hers and address.route not in NEVER_404:
                nothing = visitor.ask(method, address.filled(nobodys(hers)), body, as_json=address.is_api)
                assert answer.status_code == nothing.status_code, (
                    f"{question}: differs from what is not there"
                )
                assert answer.status_code in ({404} if method in reached else REFUSED | {302}), question
    assert let_in, f"Nobody got into {address}, not even with things of their own: this test shows nothing."
    assert alice.rows() == before


def reach(visitor: Visitor, address: Address, charlie: Side) -> set[str]:
    """By which methods the visitor gets in with things of his own event.

    What can be looked at is not sent to: that would freeze and end what the next test needs.
    """
    path = address.filled(values_for(address, charlie))
    if "get" in address.methods and is_let_in(visitor.ask("get", path)):
        return {"get"}
    others = (method for method in address.methods if method != "get")
    return {method for method in others if is_let_in(visitor.ask(method, path, {}, as_json=address.is_api))}


@pytest.mark.parametrize("address", LISTS, ids=str)
def test_no_search_of_charlies_finds_anything_of_alices(
    sides: Sides, secrets: set[str], address: Address
) -> None:
    alice, charlie = sides
    for who, visitor in charlie.visitors().items():
        if not is_let_in(visitor.ask("get", address.filled({}))):
            continue
        for query in queries_for(alice):
            answer = visitor.ask("get", address.filled({}), query)
            assert not leaks(answer, secrets, str(query)), f"{who}, {address}, {query}"


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_charlies_credentials_open_nothing_at_alices_own_host(sides: Sides, address: Address) -> None:
    alice, charlie = sides
    hers = values_for(address, alice)
    before = alice.rows()
    for who, visitor in charlie.visitors().items():
        stray = Visitor(alice.event.host, visitor.headers)
        for method in address.methods:
            answer = stray.ask(method, address.filled(hers), as_json=address.is_api and method != "get")
            assert answer.status_code == 401, f"{who}, {method.upper()} {address}: {answer.status_code}"
    assert alice.rows() == before


# -- That it can fail --------------------------------------------------------------------------------------------------


def test_every_model_of_the_console_has_its_addresses_asked() -> None:
    routes = {address.route for address in ADDRESSES}
    for model in admin.site._registry:
        beginning = f"admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert {beginning, f"{beginning}<str:object_id>/"} <= routes


def test_an_address_with_an_unknown_parameter_is_not_passed_over(sides: Sides) -> None:
    with pytest.raises(LookupError, match="wombat"):
        values_for(Address("api/v1/burrows/<str:wombat>", ("wombat",), ("get",)), sides[0])


def test_a_secret_in_an_answer_is_seen(sides: Sides, secrets: set[str]) -> None:
    alice = sides[0]
    page = alice.visitors()["the hero's phone"].ask("get", "/api/v1/transactions")
    assert {alice.hero.number, alice.transfer} <= set(leaks(page, secrets, sent=""))
    assert alice.hero.number not in leaks(page, secrets, sent=alice.hero.number)


def test_the_walls_are_as_the_test_says(walls: str, sides: Sides) -> None:
    """Beneath the managers, without any scope: with policies there is nothing to see, without them there is everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_user")
        [count] = cursor.fetchone()
    with tenancy.scope(sides[0].event.tenant):
        hers = User.objects.count()
    protected = connection.vendor == "postgresql" and walls == "as it is"
    assert count == 0 if protected else count > hers


def test_every_table_has_a_row_of_alices_to_look_for(sides: Sides) -> None:
    rows = sides[0].rows()
    assert {model._meta.label for model in tenant_models()} <= rows.keys()
    assert [label for label, found in rows.items() if not found] == []

"""The small cast of every story: Alice, Bob, a game master and a till at one event; Charlie, who must never see their things,
and his game master at another. Made through the services, as anybody else would be.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from accounts import directory, roles, tenancy, tokens
from accounts.actors import Actor
from accounts.models import ApiKey, Faction, Tenant, User
from accounts.services.keys import issue_key
from accounts.services.sessions import open_session
from accounts.services.tenants import create_tenant
from accounts.units import unit_of_work
from identity.services.people import create_user
from identity.services.stay import Stay
from ledger import selectors
from ledger.models import Account
from ledger.services.factions import found_faction
from ledger.services.gm import adjust
from ledger.services.setup import create_currency

PASSWORD = "correct horse 42"
OPENING_BALANCE = 100_00
EVENT_CODE = "moonrise"


@dataclass(frozen=True)
class Person:
    """Somebody with a login and an account."""

    tenant: Tenant
    user: User
    account: Account
    host: str

    @property
    def name(self) -> str:
        """The character's name."""
        return self.user.character_name

    @property
    def number(self) -> str:
        """The number of the primary account."""
        return self.account.number

    @property
    def actor(self) -> Actor:
        """The person as a service knows them, without a sign-in."""
        return Actor(tenant=self.tenant, user=self.user)

    def balance(self) -> int:
        """What is in the account, in minor units."""
        with tenancy.scope(self.tenant):
            return selectors.standings([self.account])[0].balance.amount

    def reload(self) -> User:
        """The login as it stands in the database now."""
        with tenancy.scope(self.tenant):
            return User.objects.get(pk=self.user.pk)

    def phone(self, **headers: str) -> Phone:
        """A phone on which the person has signed in, without the price of a password."""
        opened = _open_session(actor=self.actor)
        token = tokens.issue(opened.session, self.user, tokens.access_lifetime(refreshable=False))
        return Phone(self.host, {"Authorization": f"Bearer {token}", **headers})


@unit_of_work
def _open_session(*, actor: Actor) -> Any:
    assert actor.user is not None
    return open_session(actor=actor, user=actor.user, lasts=Stay.TOKEN.lasts(), device_name="test phone")


@dataclass(frozen=True)
class Till:
    """A device with its key, bound to an account that it may credit."""

    key: ApiKey
    text: str = field(repr=False)
    account: Account
    host: str

    def device(self) -> Phone:
        """A device that sends the key."""
        return Phone(self.host, {"X-API-Key": self.text})


@dataclass(frozen=True)
class Event:
    """One event with its people."""

    tenant: Tenant
    host: str
    faction: Faction

    @property
    def server(self) -> Actor:
        """Staff at the machine."""
        return Actor.server(self.tenant, "tests")

    def person(self, name: str, *, role: str = roles.PLAYER, money: int = 0, faction: str = "") -> Person:
        """A new person with ``money`` minor units."""
        user = create_user(
            actor=self.server, character_name=name, password=PASSWORD, role=role, faction=faction
        )
        actor = Actor(tenant=self.tenant, user=user)
        with tenancy.scope(self.tenant):
            account = selectors.primary_account(actor)
        if money:
            adjust(actor=self.server, account=account.number, amount=money, reason="opening balance")
        return Person(self.tenant, user, account, self.host)

    def till(self, owner: Person, **more: Any) -> Till:
        """A device whose key may credit ``owner``'s account."""
        chosen: dict[str, Any] = {
            "name": "Bar till",
            "limit_per_payment": 100_00,
            "limit_per_day": 5_000_00,
        } | more
        issued = issue_key(actor=self.server, account_number=owner.number, **chosen)
        return Till(issued.key, issued.secret, owner.account, self.host)

    def phone(self, **headers: str) -> Phone:
        """A phone on which nobody has signed in."""
        return Phone(self.host, headers)


@dataclass(frozen=True)
class World:
    """Two events that know nothing of each other."""

    arcadia: Event
    alice: Person
    bob: Person
    gm: Person
    till: Till
    borea: Event
    charlie: Person
    charlies_gm: Person


def make_world() -> World:
    """Both events with everybody in them; Alice and Charlie have ₵100.00."""
    arcadia = make_event("arcadia", faction="Chrome Syndicate")
    bob = arcadia.person("Bob")
    borea = make_event("borea", faction="Ice Court")
    return World(
        arcadia=arcadia,
        alice=arcadia.person("Alice", money=OPENING_BALANCE, faction="Chrome Syndicate"),
        bob=bob,
        gm=arcadia.person("Overseer", role=roles.GM),
        till=arcadia.till(bob),
        borea=borea,
        charlie=borea.person("Charlie", money=OPENING_BALANCE),
        charlies_gm=borea.person("Keeper", role=roles.GM),
    )


def make_event(slug: str, *, faction: str = "Free Grid", **choices: Any) -> Event:
    """An event with a currency and a faction; whoever knows the code may register."""
    directory.forget()
    host = f"{slug}.example"
    chosen = {"registration": Tenant.Registration.EVENT_CODE, "event_code": EVENT_CODE} | choices
    tenant = create_tenant(command="tests", slug=slug, name=slug.title(), hosts=(host,), **chosen)
    server = Actor.server(tenant, "tests")
    create_currency(actor=server, code="NC", name="neo-credits", symbol="₵")
    return Event(tenant, host, found_faction(actor=server, name=faction))


class Phone:
    """A client of the API that sends the same headers with each request, and keeps cookies only when told to."""

    def __init__(
        self, host: str, headers: dict[str, str] | None = None, *, keeps_cookies: bool = False
    ) -> None:
        self.host, self.headers, self.keeps_cookies = host, dict(headers or {}), keeps_cookies
        self.client = Client(raise_request_exception=True)

    def __repr__(self) -> str:
        return f"Phone({self.host!r})"

    def get(self, path: str, **query: Any) -> Any:
        """The answer to a GET."""
        return self._send("get", path, data=query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """The answer to a POST of ``body`` as JSON."""
        return self._send("post", path, data=_json(body), headers=headers, content_type="application/json")

    def patch(self, path: str, body: Any = None) -> Any:
        """The answer to a PATCH of ``body`` as JSON."""
        return self._send("patch", path, data=_json(body), content_type="application/json")

    def delete(self, path: str) -> Any:
        """The answer to a DELETE."""
        return self._send("delete", path)

    def _send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
        if not self.keeps_cookies:
            self.client.cookies.clear()
        sent = {**self.headers, **(headers or {})}
        return getattr(self.client, method)(f"/api/v1/{path}", headers=sent, HTTP_HOST=self.host, **more)


def _json(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps({} if body is None else body)

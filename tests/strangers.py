"""Two events with the same story and other names, so that whatever differs between their rows is a secret of one of them.

``tests/test_charlie.py`` asks every address of the project for the things of one event as the people of the other.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from PIL import Image

from accounts import roles, tenancy
from accounts.actors import Actor
from accounts.models import CredentialTenant, Domain, LoginCode, Notification, Tenant, TenantModel, User
from accounts.services.brand import change_brand
from accounts.services.email import confirm, token_of
from accounts.services.invites import create_invite
from accounts.services.login_codes import issue_login_codes
from accounts.services.password import ask_for_reset
from accounts.services.pictures import set_picture
from accounts.services.sessions import OpenedSession, open_session
from accounts.units import unit_of_work
from casino.models import StoryRound
from ledger import voucher_codes
from ledger.models import Account
from ledger.services import accounts as account_services
from ledger.services import asking, requests, vouchers
from tests.casino.evening import an_evening
from tests.cast import PASSWORD, Event, Person, Till, make_event
from tests.ledger.asking import pay
from tests.photographs import a_picture

MARKER_LENGTH_MIN = 4
NUMBER_LENGTH_MIN = 9

# One for all: a new one would build the whole chain of middleware again.
_CLIENT = Client()

# -- The two sides -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """One event: a hero with a friend, a game master and a till, and what has happened there."""

    event: Event
    hero: Person
    friend: Person
    gm: Person
    till: Till
    transfer: str
    # Of a payment request that nobody has paid yet.
    code: str
    # Of one that asks the hero by name.
    asked: str
    # Of a voucher that nobody has redeemed yet.
    voucher: str
    card: str = field(repr=False)
    # The code of a letter with which the friend may choose a new password.
    letter: str = field(repr=False)
    # Of a spin of the hero's, and the hash of what the machine pays now.
    round: str
    configuration: str

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of the event, in every table."""
        found: dict[str, list[dict[str, Any]]] = {}
        with tenancy.scope(self.event.tenant):
            for model in tenant_models():
                found[model._meta.label] = list(model.objects.order_by("pk").values())
        for open_to_all, column in ((Tenant, "pk"), (CredentialTenant, "tenant"), (Domain, "tenant")):
            mine = open_to_all.objects.filter(**{column: self.event.tenant.pk}).order_by("pk")
            found[open_to_all._meta.label] = [dict(row) for row in mine.values()]
        return found

    def spare_session(self) -> OpenedSession:
        """A sign-in of the hero's on which nothing depends."""
        return _open_session(actor=self.hero.actor)

    def visitors(self) -> dict[str, Visitor]:
        """Everybody of this event who can ask for something, each with a credential."""
        return {
            "the hero's phone": Visitor(self.event.host, self.hero.phone().headers),
            "the game master's phone": Visitor(self.event.host, self.gm.phone().headers),
            "the device": Visitor(self.event.host, self.till.device().headers),
            "the hero's browser": Visitor(self.event.host, self._cookie_of(self.hero)),
            "the game master's browser": Visitor(self.event.host, self._cookie_of(self.gm)),
        }

    def _cookie_of(self, person: Person) -> dict[str, str]:
        answer = Visitor(self.event.host).ask(
            "post", "/login", {"character_name": person.name, "password": PASSWORD}
        )
        assert answer.status_code == 302, answer.content.decode()
        return {"Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in answer.cookies.items())}


@dataclass(frozen=True)
class Visitor:
    """Somebody with a credential, at a host. Every request is sent as the first one was: no answer ends a cookie."""

    host: str
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, data: Any = None, *, as_json: bool = False) -> Any:
        """The answer; a query string for GET, else a form or JSON."""
        headers = {**self.headers, "Idempotency-Key": uuid.uuid4().hex}
        more: dict[str, Any] = {"headers": headers, "HTTP_HOST": self.host}
        if as_json and method != "get":
            more |= {"content_type": "application/json"}
            data = json.dumps(data or {})
        _CLIENT.cookies.clear()
        return getattr(_CLIENT, method)(path, data=data, **more)


def make_sides() -> tuple[Side, Side]:
    """Alice's event and Charlie's."""
    return (
        _make_side("arcadia", "Qwyrkling", "Alice", "Alberta", "Archon", 4321_87),
        _make_side("borea", "Vexillum", "Charlie", "Chester", "Chieftain", 1000_00),
    )


def make_german_side() -> Side:
    """The same story at an event where German is spoken."""
    return _make_side("gondor", "Zyxwald", "Gudrun", "Gernot", "Gebieterin", 3210_98, language="de")


def _make_side(
    slug: str, word: str, hero: str, friend: str, gm: str, money: int, language: str = "en"
) -> Side:
    # Nobody may join: a second Alice, in Charlie's event, would be no secret.
    rules = {"registration": Tenant.Registration.CLOSED, "event_code": f"{word} code", "language": language}
    event = make_event(slug, faction=word, **rules)
    one = event.person(hero, money=money, faction=word)
    two = event.person(friend, money=money, faction=word)
    overseer = event.person(gm, role=roles.GM)
    scopes = ("credit", "debit:any", "balance:read", "balance:any")
    till = event.till(two, name=f"{word} till", place=f"{word} corner", scopes=scopes)
    first = pay(
        one.phone(**{"X-Device-Id": f"{word}-phone"}),
        key=f"{word}-key",
        to_account=two.number,
        amount=12345,
        memo=f"{word} memo",
        reference=f"{word}-reference",
    )
    taking = {"from_account": one.number, "to_account": two.number, "amount": 150}
    pay(till.device(), "external/transactions", key=None, **taking)
    pay(two.phone(), f"transfers/{first.json()['transfer']['id']}/refund", amount=45)
    back = pay(two.phone(), to_account=one.number, amount=777, memo=f"{word} thanks")
    account_services.freeze(actor=overseer.actor, account=two.number, reason=f"{word} reason")
    account_services.unfreeze(actor=overseer.actor, account=two.number)
    _hire(actor=event.server, till=till, person=overseer)
    change_brand(actor=overseer.actor, colours={}, logo=_drawn(money))
    code = _asked_for(one, overseer, till, word)
    create_invite(actor=overseer.actor, lives=dt.timedelta(days=1), faction=event.faction)
    [card] = issue_login_codes(
        actor=event.server,
        users=[two.user],
        kind=LoginCode.Kind.CARD,
        lives=dt.timedelta(days=1),
        request=f"{word} cards",
    )
    letter = _letter_for(two, f"{slug}@mail.example")
    [asked] = asking.ask_people(
        actor=two.actor, payers=[one.number], amount=66, memo=f"{word} bread", with_me=True
    ).requests
    voucher, refund = _vouchers(one, overseer, word), back.json()["transfer"]["id"]
    spun = an_evening(event, one, overseer, word)
    return Side(
        event,
        one,
        two,
        overseer,
        till,
        refund,
        code,
        asked.code,
        voucher,
        card.code,
        letter,
        spun.round,
        spun.configuration,
    )


def _letter_for(person: Person, address: str) -> str:
    """Gives somebody a picture and a confirmed address; returns the code of a letter sent there."""
    set_picture(actor=person.actor, raw=a_picture())
    with tenancy.scope(person.tenant):
        token = token_of(person.user, address)
    confirm(actor=person.actor, token=token)
    return ask_for_reset(actor=person.actor, person=person.user)


def _drawn(seed: int) -> bytes:
    """A picture that only one event has."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (seed % 251, seed % 241, seed % 239)).save(file, "PNG")
    return file.getvalue()


def _vouchers(hero: Person, overseer: Person, word: str) -> str:
    """One voucher that was redeemed, and the code of one that was not."""
    made = vouchers.make_batch(
        actor=overseer.actor, label=f"{word} loot", worth=50, count=2, lives=dt.timedelta(days=1)
    )
    used, waiting = vouchers.print_batch(actor=overseer.actor, batch=made.batch.pk)
    vouchers.redeem(actor=hero.actor, code=used.code)
    return waiting.code


@unit_of_work
def _hire(*, actor: Actor, till: Till, person: Person) -> None:
    account_services.add_staff(actor=actor, account=till.account, user=person.user)


def _asked_for(payer: Person, barkeeper: Person, till: Till, word: str) -> str:
    """One payment request that was paid, and the code of one that was not."""
    with tenancy.scope(payer.tenant):
        Account.objects.filter(pk=till.account.pk).update(is_merchant=True)
    paid, waiting = (
        requests.ask(actor=barkeeper.actor, account=till.account.number, amount=333, memo=f"{word} {what}")
        for what in ("ale", "stew")
    )
    requests.pay(actor=payer.actor, request=paid.request.code)
    return waiting.request.code


@unit_of_work
def _open_session(*, actor: Actor) -> OpenedSession:
    assert actor.user is not None
    return open_session(actor=actor, user=actor.user, lasts=dt.timedelta(days=1), refreshable=True)


def tenant_models() -> list[Any]:
    """Every table whose rows belong to an event."""
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


# -- What gives one of them away ---------------------------------------------------------------------------------------


def secrets_of(side: Side, other: Side) -> set[str]:
    """Every text and id in the rows of ``side`` that is in none of ``other``'s; the story being the same, only names are.

    A text that is a small number (which selector a round drew) may stand anywhere by chance, and is none.
    """
    theirs, others = (set(_texts(one.rows())) for one in (side, other))
    return {
        text
        for text in theirs - others
        if len(text) >= (NUMBER_LENGTH_MIN if text.isdigit() else MARKER_LENGTH_MIN)
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, uuid.UUID):
        yield str(value)
        yield value.hex
    elif isinstance(value, str):
        yield value


# -- Every address -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Address:
    """One pattern of the URL resolver."""

    route: str
    parameters: tuple[str, ...]
    methods: tuple[str, ...]

    def __str__(self) -> str:
        return self.route or "(front page)"

    @property
    def is_api(self) -> bool:
        """Whether programs ask for it, in JSON."""
        return self.route.startswith("api/v1/")

    def filled(self, values: dict[str, str]) -> str:
        """The path with ``values`` in place of the parameters."""
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], self.route)


def addresses() -> list[Address]:
    """All patterns of the project."""
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: list[Any], before: str) -> Iterator[Address]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
            methods = ("get", "post", "put", "patch", "delete") if view else ("get", "post")
            offered = tuple(method for method in methods if view is None or hasattr(view, method))
            yield Address(route, tuple(pattern.pattern.converters), offered)


# -- What is filled in -------------------------------------------------------------------------------------------------


def values_for(address: Address, side: Side) -> dict[str, str]:
    """A value of ``side`` for each parameter of ``address``. Raises ``LookupError`` for one that nobody has thought of."""
    return {name: _value(address, name, side) for name in address.parameters}


def _value(address: Address, name: str, side: Side) -> str:
    if (model := re.match(r"admin/(\w+)/(\w+)/", address.route)) and name in {"object_id", "key"}:
        return _key_in_console(apps.get_model(model[1], model[2]), side)
    if name == "number":
        return side.hero.number
    if name == "transfer_id":
        return side.transfer
    if name == "round_id":
        return side.round
    if name == "story_id":
        with tenancy.scope(side.event.tenant):
            return str(StoryRound.objects.latest("id").pk)
    if name in {"name", "game"}:
        return "glitch-grid"
    if name == "session_id":
        return str(side.spare_session().session.pk)
    if name == "code" and address.route.endswith("/decline"):
        return side.asked
    if name == "code":
        ways_in = {"card": side.card, "reset": side.letter, "vouchers": side.voucher}
        return ways_in.get(address.route.partition("/")[0], side.code)
    if name == "picture_id":
        return str(side.friend.reload().picture_id)
    if name == "token":
        with tenancy.scope(side.event.tenant):
            return token_of(
                User.objects.get(pk=side.friend.user.pk), f"{side.event.tenant.slug}@mail.example"
            )
    if name == "slug":
        return "unknown-account"
    raise LookupError(f"{address}: say in tests/strangers.py what Alice's {name!r} is.")


def _key_in_console(model: Any, side: Side) -> str:
    """What stands in the addresses of the console for one of ``side``'s rows."""
    chosen = {
        "accounts.User": side.hero.user,
        "accounts.ApiKey": side.till.key,
        "accounts.Tenant": side.event.tenant,
        "ledger.Account": side.hero.account,
    }
    row = chosen.get(model._meta.label)
    if row is None:
        with tenancy.scope(side.event.tenant):
            row = model.objects.order_by("-pk").first()
    if row is None:
        raise LookupError(
            f"{model._meta.label} is in the console, and nothing in tests/strangers.py makes one."
        )
    return str(getattr(row, cast(Any, admin.site._registry[model]).url_key))


def nobodys(values: dict[str, str]) -> dict[str, str]:
    """Values of the same form as ``values`` that nobody has."""
    return {name: _nobodys(value) for name, value in values.items()}


def _nobodys(value: str) -> str:
    if re.fullmatch(r"[0-9a-f-]{36}", value):
        return str(uuid.uuid4())
    if voucher_codes.is_valid(value):
        return voucher_codes.code_of("nobody's", 1)
    return "NC-0000-0000" if value.startswith("NC-") else "nowhere1"


def body_for(address: Address, method: str, side: Side) -> dict[str, Any]:
    """A body that names the things of ``side``. Raises ``LookupError`` for a field that nobody has thought of."""
    return _json_body(address, method, side) if address.is_api else _form(side)


def _json_body(address: Address, method: str, side: Side) -> dict[str, Any]:
    path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address.route)
    known = _json_fields(side) | {"code": side.letter if "password" in address.route else side.voucher}
    body = {}
    for name in _properties(path, method):
        if name not in known:
            raise LookupError(f"{address}: say in tests/strangers.py what Alice's {name!r} is.")
        body[name] = known[name]
    # One way of saying an amount is enough, and two are refused.
    body.pop("amount_decimal", None)
    return body


def _json_fields(side: Side) -> dict[str, Any]:
    line = {"to_account": side.friend.number, "from_account": side.hero.number, "amount": 1}
    return {
        **line,
        "amount_decimal": "0.01",
        "memo": "for a visitor",
        "expires_in": 60,
        "reference": None,
        "payers": [side.friend.number],
        "with_me": True,
        "transfers": [line],
        "faction": side.event.faction.name,
        "emoji": "🐧",
        "character_name": side.hero.name,
        "password": PASSWORD,
        "current_password": "not the password",
        "new_password": "another horse 43",
        "device_name": "a visitor",
        "refresh": True,
        "refresh_token": side.spare_session().refresh_token,
        "email": "visitor@example.org",
        "who": side.hero.name,
        "event_code": side.event.tenant.event_code,
        "invite": "",
        "bet_amount": 1_00,
        "client_seed": "a visitor",
        "config": side.configuration,
        "stake_max": None,
        "loss_per_day": None,
        "loss_per_session": None,
        "pause_hours": None,
    }


def _form(side: Side) -> dict[str, Any]:
    """Every field that a form of ours might have: forms pass over what they do not know."""
    return {
        "to": side.hero.number,
        "to_account": side.hero.number,
        "payee": side.hero.number,
        "payers": side.hero.number,
        "account": side.hero.number,
        "from_account": side.hero.number,
        "amount": "1.00",
        "memo": "for a visitor",
        "character_name": side.hero.name,
        "password": "not the password",
        "current_password": "not the password",
        "new_password": "another horse 43",
        "faction": str(side.event.faction.pk),
        "user": str(side.hero.user.pk),
        "transfer": side.transfer,
        "session": str(side.spare_session().session.pk),
        "seen": _told(side),
        "reason": "because",
        "how": "both",
        "role": "gm",
        "confirm": "on",
        "confirmed": "1",
        "pasted": f"{side.hero.number}; 1.00",
        "key": uuid.uuid4().hex,
        "action": "freeze",
        "_selected_action": [str(side.hero.account.pk)],
    }


def _told(side: Side) -> list[str]:
    with tenancy.scope(side.event.tenant):
        return [str(pk) for pk in Notification.objects.values_list("pk", flat=True)]


def queries_for(side: Side) -> list[dict[str, str]]:
    """Searches and filters that name the things of ``side``."""
    asked = [
        ("q", side.hero.name),
        ("q", side.hero.number),
        ("q", side.event.faction.name),
        ("account", side.hero.number),
        ("actor", side.hero.name),
        ("actor", str(side.hero.user.pk)),
        ("target", f"ledger.account:{side.hero.number}"),
        ("to", side.hero.number),
        ("number", side.hero.number),
        ("number", side.code),
        ("number", side.voucher),
        ("code", side.voucher),
        ("after", side.transfer),
        ("before", side.round),
        ("game", "glitch-grid"),
        ("faction", str(side.event.faction.pk)),
        ("user", str(side.hero.user.pk)),
        ("next", f"/bank/transfers/{side.transfer}"),
        ("round", side.round),
        ("pair", side.round),
    ]
    return [{name: value} for name, value in asked]


@cache
def _schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def _properties(path: str, method: str) -> list[str]:
    """The names in the JSON body that the schema describes; none where it describes no body."""
    operation = _schema()["paths"].get(path, {}).get(method)
    if operation is None:
        raise LookupError(f"{method.upper()} {path} is not in the schema.")
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return []
    reference = content["schema"]["$ref"].rpartition("/")[2]
    return list(_schema()["components"]["schemas"][reference]["properties"])

"""The schema tells the truth: whatever is sent, by whomever, the answer is one that it describes, and never a 5xx."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, cast

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client, override_settings
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pytest_django.plugin import DjangoDbBlocker
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts import directory, tenancy
from accounts.models import User
from accounts.services.password import ask_for_reset
from accounts.services.pictures import set_picture
from casino.models import PlayLimit, Round
from casino.selectors import current_configuration, game_named
from ledger.models import Account
from ledger.services import asking, requests, vouchers
from ledger.services.gm import adjust
from tests.casino.floor import open_floor, play
from tests.cast import EVENT_CODE, PASSWORD, Till, World, make_world
from tests.conftest import SESSION
from tests.ledger.asking import pay
from tests.photographs import a_picture

EXAMPLES = 10
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@cache
def _application() -> Any:
    return get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """The project, made when it is first asked: that needs a database, and collecting the tests has none."""
    return _application()(environ, start_response)


SCHEMA = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
SCHEMA.app = application
OPERATIONS: dict[str, Any] = {
    operation.label: operation
    for found in SCHEMA.get_all_operations()
    if isinstance(operation := cast(Any, found).ok(), APIOperation)
}
VISITORS = ["alice", "gm", "till", "nobody"]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The cast on a database of this module's own: nothing here minds what was sent before."""
    with SESSION.database() as database, django_db_blocker.unblock(), SESSION.connected_to(database):
        with override_settings(RATE_LIMITS=False, EMAIL_URL="memorymail://", EMAIL_FROM="bank@example.org"):
            made = open_floor(make_world()).world
            adjust(
                actor=made.arcadia.server, account=made.alice.number, amount=10_000_00, reason="to play with"
            )
            play(made.alice)
            yield made
        directory.forget()


@pytest.fixture(scope="module")
def till(world: World) -> Till:
    """A till that may do everything that a till can."""
    scopes = ("credit", "debit:any", "balance:read", "balance:any")
    return world.arcadia.till(world.bob, scopes=scopes)


@pytest.fixture(scope="module")
def transfer(world: World) -> str:
    """The id of a payment from Bob, who was given the money for it, to Alice."""
    pay(world.alice.phone(), to_account=world.bob.number, amount=5000)
    answer = pay(world.bob.phone(), to_account=world.alice.number, amount=2500)
    return str(answer.json()["transfer"]["id"])


@pytest.fixture(scope="module")
def waiting(world: World) -> str:
    """The code of something that Bob asks money for."""
    return a_request(world)


@pytest.fixture
def credential(request: pytest.FixtureRequest, world: World, till: Till) -> Callable[[], dict[str, str]]:
    """A new sign-in of the visitor: one of the requests may end it."""
    if request.param == "till":
        return lambda: till.device().headers
    if request.param == "nobody":
        return dict
    return lambda: getattr(world, request.param).phone().headers


def make_real(case: Case, world: World, transfer: str) -> None:
    """Put things that exist where a made-up value would only be answered that it does not."""
    real: dict[str, Any] = {
        "number": world.alice.number,
        "transfer_id": transfer,
        "code": a_request(world),
        "from_account": world.alice.number,
        "to_account": world.bob.number,
        **real_in_the_casino(world),
    }
    body = cast(dict[str, Any], case.body if isinstance(case.body, dict) else {})
    for values in (case.path_parameters, case.query, body, *body.get("transfers", ())):
        values.update({name: real[name] for name in values if name in real})
    if "code" in body:
        body["code"] = a_voucher(world)
    if "payers" in body:
        body["payers"] = [world.gm.number, world.alice.number]


def real_in_the_casino(world: World) -> dict[str, Any]:
    """The same for a spin, so that it happens: nobody pauses any more."""
    with tenancy.scope(world.arcadia.tenant):
        PlayLimit.objects.all().delete()
        paid_now = current_configuration(game_named("glitch_grid")).digest
    return {"name": "glitch-grid", "bet_amount": 100, "config": paid_now, "round_id": a_round(world)}


def a_round(world: World) -> str:
    """The id of a round that Alice has played."""
    with tenancy.scope(world.arcadia.tenant):
        return str(Round.objects.filter(user=world.alice.user).values_list("pk", flat=True)[0])


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
@pytest.mark.parametrize("credential", VISITORS, indirect=True)
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_that_the_schema_describes(
    world: World, transfer: str, label: str, credential: Callable[[], dict[str, str]], mode: GenerationMode
) -> None:
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode), is_real=st.booleans())
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Case, is_real: bool) -> None:
        if is_real and mode is GenerationMode.POSITIVE:
            make_real(case, world, transfer)
        answer = case.call(base_url=f"http://{world.arcadia.host}", headers=credential())
        case.validate_response(answer, checks=CHECKS)

    ask()


# -- good answers ------------------------------------------------------------------------------------------------------


def good_requests(world: World, till: Till, transfer: str) -> dict[str, dict[str, Any]]:
    """For every operation one request that succeeds, and who sends it (Alice, unless another is named)."""
    paying = {"to_account": world.bob.number, "amount": 5, "memo": "for the schema"}
    number = {"number": world.alice.number}
    code, bar = a_request(world), world.bob.phone()
    return {
        "GET /api/v1/account": {},
        "PATCH /api/v1/account": {"body": {"emoji": "🐧"}},
        "GET /api/v1/accounts": {},
        "GET /api/v1/accounts/{number}": {"path_parameters": number},
        "GET /api/v1/accounts/{number}/balance": {
            "path_parameters": number,
            "query": {"at": "2026-01-01T00:00:00Z"},
        },
        "GET /api/v1/accounts/{number}/transactions": {"path_parameters": number, "query": {"limit": 1}},
        "GET /api/v1/transactions": {"query": {"type": "transfer_out"}},
        "POST /api/v1/transactions": {"body": paying},
        "POST /api/v1/transfers": {"body": paying},
        "POST /api/v1/transfers/batch": {"body": {"transfers": [paying, paying]}},
        "GET /api/v1/transfers/{transfer_id}": {"path_parameters": {"transfer_id": transfer}},
        "POST /api/v1/transfers/{transfer_id}/refund": {
            "path_parameters": {"transfer_id": transfer},
            "body": {"amount": 1},
        },
        "POST /api/v1/requests": {"body": {"amount": 300, "memo": "stew", "expires_in": 60}, "who": bar},
        "GET /api/v1/requests/{code}": {"path_parameters": {"code": code}, "who": bar},
        "POST /api/v1/requests/{code}/pay": {"path_parameters": {"code": code}, "body": {}},
        "POST /api/v1/requests/{code}/cancel": {"path_parameters": {"code": a_request(world)}, "who": bar},
        "GET /api/v1/requests": {},
        "POST /api/v1/requests/people": {
            "body": {"amount": 300, "payers": [world.gm.number], "with_me": True, "memo": "stew"}
        },
        "POST /api/v1/requests/{code}/decline": {"path_parameters": {"code": asked(world)}},
        "POST /api/v1/vouchers/redeem": {"body": {"code": a_voucher(world)}},
        "GET /api/v1/payees": {"query": {"q": "Bob"}},
        "GET /api/v1/audit": {"who": world.gm.phone()},
        "GET /api/v1/external/ping": {"who": till.device()},
        "GET /api/v1/external/account/{number}/balance": {"path_parameters": number, "who": till.device()},
        "POST /api/v1/external/transactions": {
            "body": paying | {"from_account": world.alice.number},
            "who": till.device(),
        },
        **good_sign_ins(world),
        "GET /api/v1/account/email": {},
        "PUT /api/v1/account/email": {"body": {"email": "", "current_password": PASSWORD}},
        **good_play(world),
        "GET /api/v1/pictures/{picture_id}": {"path_parameters": {"picture_id": a_picture_of(world)}},
        "PUT /api/v1/account/picture": {"body": a_picture(), "media_type": "image/png"},
        "DELETE /api/v1/account/picture": {},
    }


def good_play(world: World) -> dict[str, dict[str, Any]]:
    """The same, for what people do in the casino."""
    with tenancy.scope(world.arcadia.tenant):
        PlayLimit.objects.all().delete()
    game, played = {"path_parameters": {"name": "glitch-grid"}}, a_round(world)
    spin = {"body": {"bet_amount": 100, "client_seed": "for the schema"}}
    limits = {"stake_max": 5_000, "loss_per_day": None, "loss_per_session": None}
    return {
        "GET /api/v1/casino/games": {},
        "GET /api/v1/casino/games/{name}": game,
        "POST /api/v1/casino/games/{name}/spin": game | spin,
        "POST /api/v1/casino/glitch-grid/spin": spin,
        "POST /api/v1/casino/starlight-smuggler/spin": spin,
        "GET /api/v1/casino/rounds": {"query": {"game": "glitch-grid", "limit": 1}},
        "GET /api/v1/casino/rounds/{round_id}": {"path_parameters": {"round_id": played}},
        "GET /api/v1/casino/rounds/file": {"query": {"before": played}},
        "GET /api/v1/casino/fairness": {},
        "POST /api/v1/casino/fairness": {"body": {"client_seed": "for the schema"}},
        "POST /api/v1/casino/fairness/rotate": {"body": {}},
        "GET /api/v1/casino/limits": {},
        "PUT /api/v1/casino/limits": {"body": limits},
        "GET /api/v1/casino/session": {},
    }


def good_sign_ins(world: World) -> dict[str, dict[str, Any]]:
    """The same, for what people do at the door."""
    return {
        "POST /api/v1/auth/register": {
            "body": {"character_name": "Newcomer", "password": PASSWORD, "event_code": EVENT_CODE},
            "who": world.arcadia.phone(),
        },
        "POST /api/v1/auth/login": {
            "body": {"character_name": "Bob", "password": PASSWORD, "refresh": True},
            "who": world.arcadia.phone(),
        },
        "POST /api/v1/auth/refresh": {
            "body": {"refresh_token": refresh_token(world)},
            "who": world.arcadia.phone(),
        },
        "POST /api/v1/auth/logout": {},
        "GET /api/v1/auth/sessions": {},
        "DELETE /api/v1/auth/sessions/{session_id}": {"path_parameters": {"session_id": a_session(world)}},
        **{
            f"POST /api/v1/{path}/password": {
                "body": {"current_password": PASSWORD, "new_password": PASSWORD + "!"},
                "who": world.arcadia.person(name).phone(),
            }
            for path, name in (("auth", "Changer"), ("account", "Changeling"))
        },
        "POST /api/v1/auth/password/forgot": {"body": {"who": "Bob"}, "who": world.arcadia.phone()},
        "POST /api/v1/auth/password/reset": {
            "body": {"code": a_letter(world), "new_password": PASSWORD + "?"},
            "who": world.arcadia.phone(),
        },
    }


def a_letter(world: World) -> str:
    """The code of a letter with which somebody may choose a new password."""
    person = world.arcadia.person("Forgetful")
    with tenancy.scope(person.tenant):
        User.objects.filter(pk=person.user.pk).update(email_confirmed_at=timezone.now())
    return ask_for_reset(actor=world.arcadia.server, person=person.user)


def a_picture_of(world: World) -> str:
    """The id of Bob's picture."""
    return str(set_picture(actor=world.bob.actor, raw=a_picture()).picture_id)


def a_request(world: World) -> str:
    """The code of something that Bob asks money for."""
    with tenancy.scope(world.arcadia.tenant):
        Account.objects.filter(pk=world.bob.account.pk).update(is_merchant=True)
    return requests.ask(actor=world.bob.actor, amount=5).request.code


def asked(world: World) -> str:
    """The code of what Bob has asked Alice for by name."""
    return asking.ask_people(actor=world.bob.actor, payers=["Alice"], amount=5).requests[0].code


def a_voucher(world: World) -> str:
    """The code of a voucher that nobody has redeemed."""
    made = vouchers.make_batch(
        actor=world.arcadia.server, label="loot", worth=5, count=1, lives=dt.timedelta(days=1)
    )
    return vouchers.print_batch(actor=world.arcadia.server, batch=made.batch.pk)[0].code


def refresh_token(world: World) -> str:
    asked = {"character_name": "Bob", "password": PASSWORD, "refresh": True}
    return str(world.arcadia.phone().post("auth/login", asked).json()["refresh_token"])


def a_session(world: World) -> str:
    phone = world.alice.phone()
    return str(phone.get("auth/sessions").json()["results"][0]["id"])


def test_the_good_answer_of_every_operation_is_as_described(world: World, till: Till, transfer: str) -> None:
    good = good_requests(world, till, transfer)
    assert good.keys() == OPERATIONS.keys(), "Add a request that succeeds for every operation."
    for label, request in good.items():
        who = request.pop("who", None) or world.alice.phone()
        if "body" in request:
            request.setdefault("media_type", "application/json")
        headers = {"Idempotency-Key": f"good {label}".replace(" ", "-")}
        case = OPERATIONS[label].Case(headers=headers, **request)
        answer = case.call(base_url=f"http://{who.host}", headers=who.headers)
        assert 200 <= answer.status_code < 300, f"{label}: {answer.status_code} {answer.text}"
        case.validate_response(answer, checks=CHECKS)


# -- raw bodies, addresses and headers ---------------------------------------------------------------------------------

JSON = "application/json"
RAW_BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", JSON),
    "white space": (b" \n", JSON),
    "cut off": (b'{"amount": ', JSON),
    "two values": (b"{} {}", JSON),
    "an array": (b"[]", JSON),
    "an array of objects": (b"[{}]", JSON),
    "a text": (b'"text"', JSON),
    "a number": (b"17", JSON),
    "null": (b"null", JSON),
    "a NUL byte": (b'{"memo": "\x00"}', JSON),
    "an escaped NUL": (b'{"memo": "\\u0000", "password": "\\u0000"}', JSON),
    "half a surrogate": (b'{"memo": "\\ud800", "character_name": "\\udfff"}', JSON),
    "no UTF-8": (b'{"memo": "\xff\xfe"}', JSON),
    "UTF-16": ('{"amount": 1}'.encode("utf-16"), JSON),
    "a huge integer": (b'{"amount": ' + b"9" * 400 + b"}", JSON),
    "an enormous integer": (b'{"amount": ' + b"9" * 5000 + b"}", JSON),
    "a huge float": (b'{"amount": 1e999, "to_account": "x"}', JSON),
    "NaN": (b'{"amount": NaN}', JSON),
    "minus infinity": (b'{"amount": -Infinity}', JSON),
    "the same name twice": (b'{"amount": 1, "amount": 2}', JSON),
    "every type wrong": (
        b'{"amount": {}, "memo": 5, "to_account": [], "transfers": {}, "password": 1, "emoji": [], "refresh": "x"}',
        JSON,
    ),
    "deeply nested": (b'{"transfers": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", JSON),
    "two million bytes": (b'{"memo": "' + b"x" * 2_000_000 + b'"}', JSON),
    "a form": (b"amount=1&to_account=x", "application/x-www-form-urlencoded"),
    "multipart": (b"--x\r\n\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    "XML": (b"<?xml version='1.0'?><amount>1</amount>", "application/xml"),
    "no media type": (b"{}", ""),
    "a media type that is none": (b"{}", "\x7f/;;="),
    "another character set": (b"{}", "application/json; charset=utf-7"),
}
# What asks for nothing may be sent as nothing.
MAY_BE_EMPTY = {"refund", "account", "pay", "rotate"}


def body_operations() -> list[tuple[str, str]]:
    paths = SCHEMA.raw_schema["paths"]
    return [
        (method, path) for path, found in paths.items() for method in found if "requestBody" in found[method]
    ]


@pytest.mark.parametrize("name", RAW_BODIES)
def test_a_body_that_is_none_is_refused_in_the_promised_form(
    world: World, till: Till, transfer: str, waiting: str, name: str
) -> None:
    raw, media_type = RAW_BODIES[name]
    phone, device = world.alice.phone(), till.device()
    for method, path in body_operations():
        headers = device.headers if "/external/" in path else phone.headers
        answer = Client().generic(
            method.upper(),
            path.format(transfer_id=transfer, code=waiting, name="glitch-grid"),
            raw,
            content_type=media_type,
            headers={**headers, "Idempotency-Key": f"raw{path}"},
            HTTP_HOST=world.arcadia.host,
        )
        if answer.status_code < 300:
            assert path.rpartition("/")[2] in MAY_BE_EMPTY, f"{method} {path} accepts {name}"
            continue
        assert answer.status_code in {400, 413, 415}, f"{method} {path}, {name}: {answer.status_code}"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code


QUERIES = [
    "%00",
    "q=%00",
    "q=%FF%FE",
    "q=%ED%A0%80",
    "limit=%00",
    "limit=-1",
    "limit=99999999999999999999",
    "limit=٣",
    "cursor=%00",
    "cursor=" + "A" * 3000,
    "cursor=eyJpZCI6IFtdfQ",
    "at=99999-01-01T00:00:00Z",
    "created_at__gte=0000-00-00",
    "created_at__lte=9999-12-31T23:59:59.999999-23:59",
    "account=%F0%9F%92%B8",
    "actor=%27%3B--",
    "before=%00",
    "game=" + "g" * 3000,
    "a=1&" * 2000,
    "[]=1&q[]=1&q[$ne]=1",
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:30])
def test_a_query_that_is_none_never_breaks_anything(
    world: World, till: Till, transfer: str, query: str
) -> None:
    phones = [world.alice.phone(), world.gm.phone(), till.device()]
    values = {"number": world.alice.number, "transfer_id": transfer, "code": a_request(world)}
    values |= {"picture_id": a_picture_of(world), "name": "glitch-grid", "round_id": a_round(world)}
    for label in OPERATIONS:
        method, _space, path = label.partition(" ")
        if method != "GET":
            continue
        for phone in phones:
            address = f"{path.format(**values)}?{query}"
            answer = Client().get(address, headers=phone.headers, HTTP_HOST=phone.host)
            assert answer.status_code < 500, f"{address}: {answer.status_code}"


@pytest.mark.parametrize(
    "number", ["%00", "%2e%2e%2f", "x" * 5000, "💸", "%FF", " ", "NC-0000-0000;--", "NC-٠١٢٣-0000"]
)
def test_a_number_that_is_none_is_not_there(world: World, till: Till, number: str) -> None:
    for path, phone in (
        ("accounts/{}", world.alice.phone()),
        ("accounts/{}/balance", world.gm.phone()),
        ("accounts/{}/transactions", world.alice.phone()),
        ("external/account/{}/balance", till.device()),
    ):
        address = f"/api/v1/{path.format(number)}"
        answer = Client().get(address, headers=phone.headers, HTTP_HOST=phone.host)
        assert answer.status_code in {400, 404}, f"{address}: {answer.status_code}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Bearer \xff\x00"},
        {"X-API-Key": "\xff"},
        {"X-API-Key": "nbk_" + "x" * 5000},
        {"X-API-Key": "nbk_aaaaaaaa_" + "b" * 32, "Authorization": "Bearer x"},
    ],
    ids=lambda headers: str(headers)[:40],
)
def test_a_credential_that_is_none_opens_nothing(world: World, headers: dict[str, str]) -> None:
    for label in OPERATIONS:
        method, _space, path = label.partition(" ")
        names = ("transfer_id", "session_id", "picture_id", "code", "name", "round_id")
        ids = dict.fromkeys(names, a_uuid())
        filled = path.format(number=world.alice.number, **ids)
        answer = Client().generic(
            method, filled, b"{}", content_type=JSON, headers=headers, HTTP_HOST=world.arcadia.host
        )
        assert answer.status_code == 401 or "/auth/" in path, f"{label}: {answer.status_code}"
        assert answer.status_code < 500


def a_uuid() -> str:
    return "01234567-89ab-7def-8123-456789abcdef"

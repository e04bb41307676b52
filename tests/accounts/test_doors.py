"""The doors: which tenant a request is for, who is asking, and what is said to those who may not come in."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts import directory, tenancy
from accounts.models import ApiKey, Domain, LoginSession, Tenant, User
from accounts.services.keys import revoke_key
from tests.accounts.conftest import sid_of
from tests.cast import Person, World, make_event

pytestmark = pytest.mark.urls("tests.accounts.door_views")
Browser = Callable[..., Client]


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), (
        answer.content
    )
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["detail"]
    return body


# -- Whose request it is -----------------------------------------------------------------------------------------------


def test_a_key_or_a_token_says_which_event_whatever_the_host(world: World, client: Client) -> None:
    for headers in (world.till.device().headers, world.alice.phone().headers):
        answer = client.get("/api/v1/both", headers={**headers, "Host": "10.0.0.7"})
        assert answer.json()["tenant"] == "arcadia"


def test_without_a_credential_the_host_says_it(world: World, client: Client) -> None:
    for host in ("borea.example", "BOREA.example", "borea.example:8443", "borea.example."):
        assert client.get("/front", headers={"Host": host}).json()["tenant"] == "borea"


def test_the_only_event_needs_no_host(db: None, client: Client) -> None:
    Tenant.objects.create(slug="system", name="System")
    make_event("arcadia")
    assert client.get("/front", headers={"Host": "10.0.0.7"}).json()["tenant"] == "arcadia"


def test_with_several_events_an_unknown_host_is_told_so(world: World, client: Client) -> None:
    problem(client.get("/api/v1/anyone", headers={"Host": "10.0.0.7"}), 404, "unknown_host")
    page = client.get("/front", headers={"Host": "10.0.0.7"})
    assert page.status_code == 404
    assert "No event is served under this address" in page.content.decode()


def test_a_bad_credential_on_an_unknown_host_is_what_is_wrong(world: World, client: Client) -> None:
    key, token = {"X-API-Key": "nbk_zzzzzzzz_" + "x" * 32}, {"Authorization": "Bearer x"}
    problem(client.get("/api/v1/both", headers={**key, "Host": "10.0.0.7"}), 401, "bad_key")
    problem(client.get("/api/v1/both", headers={**token, "Host": "10.0.0.7"}), 401, "bad_token")


def test_a_bank_without_an_event_says_what_to_run(db: None, client: Client) -> None:
    Tenant.objects.create(slug="system", name="System")
    for address in ("/front", "/page"):
        page = client.get(address)
        assert page.status_code == 503
        assert "manage.py bootstrap" in page.content.decode()
    problem(client.get("/api/v1/anyone"), 503, "not_set_up")


@pytest.mark.parametrize("holder", ["till", "alice"])
def test_a_credential_on_another_events_host_is_refused(world: World, client: Client, holder: str) -> None:
    headers = (world.till.device() if holder == "till" else world.alice.phone()).headers
    for address in ("/api/v1/both", "/api/v1/anyone"):
        problem(client.get(address, headers={**headers, "Host": "borea.example"}), 401, "wrong_tenant")


def test_a_cookie_on_another_events_host_is_refused_once_and_forgotten(
    world: World, browser_of: Browser
) -> None:
    browser = browser_of(world.alice)
    page = browser.get("/front", headers={"Host": "borea.example"})
    assert page.status_code == 401
    assert "another event" in page.content.decode()
    assert page.cookies[settings.SESSION_COOKIE_NAME].value == ""
    answer = browser.get("/front", headers={"Host": "borea.example"})
    assert answer.json() == {"tenant": "borea", "yes": "Yes", "signed_in": False}


def test_pages_speak_the_language_of_the_event(world: World, client: Client) -> None:
    world.borea.tenant.language = "de"
    world.borea.tenant.save()
    answer = client.get("/front", headers={"Host": "borea.example", "Accept-Language": "fr"})
    assert (answer.json()["yes"], answer["Content-Language"]) == ("Ja", "de")
    other = client.get("/front", headers={"Host": "arcadia.example", "Accept-Language": "de"})
    assert (other.json()["yes"], other["Content-Language"]) == ("Yes", "en")


def test_which_event_a_host_means_is_asked_once_and_again_after_a_change(
    world: World, client: Client, django_assert_num_queries: Any
) -> None:
    client.get("/front", headers={"Host": "borea.example"})
    with django_assert_num_queries(0):
        client.get("/front", headers={"Host": "borea.example"})
    domain = Domain.objects.get(host="borea.example")
    domain.tenant = world.arcadia.tenant
    domain.save()
    assert client.get("/front", headers={"Host": "borea.example"}).json()["tenant"] == "arcadia"


def test_a_change_in_another_process_is_seen_after_two_seconds(world: World) -> None:
    assert directory.by_host("new.example") is None
    Domain.objects.bulk_create([Domain(host="new.example", tenant=world.borea.tenant)])
    assert directory.by_host("new.example") is None
    clock = directory.time.monotonic() + directory.KEPT_S
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(directory.time, "monotonic", lambda: clock)
        assert directory.by_host("new.example") == world.borea.tenant


def test_what_a_request_does_to_its_tenant_is_its_own(world: World) -> None:
    one, other = directory.by_host("borea.example"), directory.by_host("borea.example")
    assert one is not None
    assert other is not None
    one.name = "changed and never saved"
    assert other.name == directory.by_id(other.pk).name == "Borea"  # type: ignore[union-attr]


# -- Devices -----------------------------------------------------------------------------------------------------------


def test_a_device_comes_in_with_its_key_in_one_query(
    world: World, client: Client, django_assert_num_queries: Any
) -> None:
    headers = world.till.device().headers
    client.get("/api/v1/devices", headers=headers)
    with django_assert_num_queries(1):
        answer = client.get("/api/v1/devices", headers=headers)
    assert (answer.json()["key"], answer.json()["user"]) == ("Bar till", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "nbk_",
        "nbk_short_secret",
        "nbk_abcdefgh_" + "x" * 500,
        "nbk_äbcdefgh_" + "x" * 32,
        "Bearer x",
        "nbk_abcdefgh_' or 1=1 --",
    ],
)
def test_what_is_not_a_key_is_refused(world: World, client: Client, text: str) -> None:
    headers = {"X-API-Key": text, "Host": world.arcadia.host}
    problem(client.get("/api/v1/devices", headers=headers), 401, "bad_key")


def test_a_right_prefix_with_a_wrong_secret_is_refused(world: World, client: Client) -> None:
    wrong = world.till.text[:-4] + "AAAA"
    answer = client.get("/api/v1/devices", headers={"X-API-Key": wrong})
    body = problem(answer, 401, "bad_key")
    assert world.till.text[13:] not in str(body)
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_stops_at_once_and_an_expired_one_at_its_hour(world: World, client: Client) -> None:
    expiring = world.arcadia.till(world.bob, expires_at=timezone.now() + dt.timedelta(hours=1))
    assert client.get("/api/v1/devices", headers=expiring.device().headers).status_code == 200
    with time_machine.travel(timezone.now() + dt.timedelta(hours=1), tick=False):
        problem(client.get("/api/v1/devices", headers=expiring.device().headers), 401, "key_expired")
    revoke_key(actor=world.arcadia.server, key_id=world.till.key.pk)
    problem(client.get("/api/v1/devices", headers=world.till.device().headers), 401, "key_revoked")


def test_the_key_comes_before_the_token(world: World, client: Client) -> None:
    both = {**world.alice.phone().headers, **world.till.device().headers}
    assert client.get("/api/v1/both", headers=both).json()["key"] == "Bar till"
    problem(client.get("/api/v1/both", headers={**both, "X-API-Key": "x"}), 401, "bad_key")


# -- People ------------------------------------------------------------------------------------------------------------


def test_a_person_comes_in_with_a_token_in_one_query(
    world: World, client: Client, django_assert_num_queries: Any
) -> None:
    phone = world.alice.phone()
    client.get("/api/v1/people", headers=phone.headers)
    with django_assert_num_queries(1):
        answer = client.get("/api/v1/people", headers=phone.headers)
    assert answer.json()["user"] == "Alice"
    assert answer.json()["session"] == str(sid_of(phone))


@pytest.mark.parametrize("token", ["", "x", "x.y.z", "é", "a" * 5000])
def test_what_is_not_a_token_is_refused(world: World, client: Client, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Host": world.arcadia.host}
    for address in ("/api/v1/people", "/api/v1/anyone"):
        problem(client.get(address, headers=headers), 401, "bad_token")


def claims_of(person: Person) -> dict[str, Any]:
    token = person.phone().headers["Authorization"].removeprefix("Bearer ")
    return dict(jwt.decode(token, settings.JWT_SECRET, algorithms=["HS256"]))


def bearer(claims: dict[str, Any], key: str = "", algorithm: str = "HS256") -> dict[str, str]:
    return {"Authorization": "Bearer " + jwt.encode(claims, key or settings.JWT_SECRET, algorithm=algorithm)}


def test_a_forged_or_borrowed_token_is_refused(world: World, client: Client) -> None:
    good, bobs, charlies = claims_of(world.alice), claims_of(world.bob), claims_of(world.charlie)
    assert client.get("/api/v1/people", headers=bearer(good)).status_code == 200
    forgeries = [
        bearer(good, key="k" * 64),
        bearer(good, key="", algorithm="HS384"),
        bearer(good | {"sub": bobs["sub"]}),
        bearer(good | {"sid": charlies["sid"]}),
        bearer(good | {"tenant": charlies["tenant"]}),
        bearer({name: value for name, value in good.items() if name != "sid"}),
        {"Authorization": "Bearer " + jwt.encode(good, "", algorithm="none")},
    ]
    for headers in forgeries:
        problem(client.get("/api/v1/people", headers={**headers, "Host": "10.0.0.7"}), 401, "bad_token")


def test_an_expired_token_says_so(world: World, client: Client) -> None:
    past = claims_of(world.alice) | {"exp": 1_700_000_000}
    problem(client.get("/api/v1/people", headers=bearer(past)), 401, "token_expired")


def test_an_ended_session_and_a_switched_off_login_stop_at_once(world: World, client: Client) -> None:
    phone, other = world.alice.phone(), world.alice.phone()
    with tenancy.scope(world.arcadia.tenant):
        LoginSession.objects.filter(pk=sid_of(phone)).update(revoked_at=timezone.now())
    problem(client.get("/api/v1/people", headers=phone.headers), 401, "session_ended")
    assert client.get("/api/v1/people", headers=other.headers).status_code == 200
    with tenancy.scope(world.arcadia.tenant):
        User.objects.filter(pk=world.alice.user.pk).update(is_active=False)
    problem(client.get("/api/v1/people", headers=other.headers), 401, "account_disabled")


def test_a_role_taken_away_is_gone_with_the_next_request(world: World, client: Client) -> None:
    phone = world.gm.phone()
    assert client.get("/api/v1/adjust", headers=phone.headers).status_code == 200
    with tenancy.scope(world.arcadia.tenant):
        User.objects.filter(pk=world.gm.user.pk).update(role="player")
    problem(client.get("/api/v1/adjust", headers=phone.headers), 403, "not_allowed")


# -- What a credential opens -------------------------------------------------------------------------------------------


def test_who_may_use_which_endpoint(world: World, client: Client) -> None:
    visitors = {
        "nobody": {"Host": world.arcadia.host},
        "player": world.alice.phone().headers,
        "gm": world.gm.phone().headers,
        "till": world.till.device().headers,
    }
    doors = {
        "anyone": {"nobody": "", "player": "", "gm": "", "till": ""},
        "people": {"nobody": "not_signed_in", "player": "", "gm": "", "till": "not_for_keys"},
        "devices": {"nobody": "not_signed_in", "player": "needs_key", "gm": "needs_key", "till": ""},
        "both": {"nobody": "not_signed_in", "player": "", "gm": "", "till": ""},
        "adjust": {"nobody": "not_signed_in", "player": "not_allowed", "gm": "", "till": "not_for_keys"},
        "forgotten": {
            "nobody": "not_signed_in",
            "player": "not_allowed",
            "gm": "not_allowed",
            "till": "not_allowed",
        },
    }
    for door, expected in doors.items():
        answers = {name: client.get(f"/api/v1/{door}", headers=headers) for name, headers in visitors.items()}
        assert {name: answer.json().get("code", "") for name, answer in answers.items()} == expected, door


def test_last_used_is_written_once_a_minute(world: World, client: Client) -> None:
    phone, device = world.alice.phone(), world.till.device()
    begin = timezone.now() + dt.timedelta(hours=1)

    def last_used() -> tuple[dt.datetime | None, dt.datetime | None]:
        with tenancy.scope(world.arcadia.tenant):
            key = ApiKey.objects.get(pk=world.till.key.pk)
            return LoginSession.objects.get(pk=sid_of(phone)).last_used_at, key.last_used_at

    for seconds, expected in ((0, 0), (59, 0), (61, 61)):
        with time_machine.travel(begin + dt.timedelta(seconds=seconds), tick=False):
            claims = bearer(claims_of(world.alice) | {"sid": str(sid_of(phone))})
            client.get("/api/v1/people", headers=claims)
            client.get("/api/v1/devices", headers=device.headers)
        assert last_used() == (begin + dt.timedelta(seconds=expected),) * 2

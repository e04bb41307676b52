"""The doors of pages and of the scripts in them: cookie, CSRF, other origins, and where a request comes from."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone

from accounts import tenancy
from accounts.addresses import client_address
from accounts.models import LoginSession, User
from tests.cast import World

pytestmark = pytest.mark.urls("tests.accounts.door_views")
Browser = Callable[..., Client]


def test_a_page_knows_who_holds_the_cookie_in_one_query(
    world: World, browser_of: Browser, django_assert_num_queries: Any
) -> None:
    browser = browser_of(world.alice)
    browser.get("/page")
    with django_assert_num_queries(1):
        assert browser.get("/page").json()["user"] == "Alice"
    assert browser.get("/front").json()["signed_in"] is True


def test_a_page_for_people_leads_a_visitor_to_the_sign_in_and_back(world: World, client: Client) -> None:
    answer = client.get("/page?a=1", headers={"Host": world.arcadia.host})
    assert (answer.status_code, answer["Location"]) == (302, "/login?next=/page%3Fa%3D1")
    assert client.post("/page", headers={"Host": world.arcadia.host}).status_code == 401


@pytest.mark.parametrize("change", ["revoked", "expired", "switched off"])
def test_a_cookie_whose_sign_in_does_not_hold_any_more_is_a_visitors(
    world: World, browser_of: Browser, change: str
) -> None:
    browser = browser_of(world.alice)
    assert browser.get("/page").status_code == 200
    with tenancy.scope(world.arcadia.tenant):
        if change == "switched off":
            User.objects.filter(pk=world.alice.user.pk).update(is_active=False)
        else:
            moment = "revoked_at" if change == "revoked" else "expires_at"
            LoginSession.objects.filter(user=world.alice.user).update(**{moment: timezone.now()})
    assert browser.get("/page").status_code == 302
    assert browser.get("/front").json()["signed_in"] is False
    assert browser.get("/api/v1/people").json()["code"] == "not_signed_in"


def test_a_cookie_that_was_written_by_somebody_else_is_a_visitors(world: World, client: Client) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "eyJzaWQiOiIxIn0:1abc:forged"
    assert client.get("/front", headers={"Host": world.arcadia.host}).json()["signed_in"] is False


def test_the_api_takes_the_cookie_with_a_csrf_token_only(world: World, browser_of: Browser) -> None:
    browser = browser_of(world.alice, strict=True)
    assert browser.get("/api/v1/people").json()["user"] == "Alice"
    refused = browser.post("/api/v1/people", "{}", content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    token = "a" * 32
    browser.cookies[settings.CSRF_COOKIE_NAME] = token
    headers = {"X-CSRFToken": token}
    assert (
        browser.post("/api/v1/people", "{}", content_type="application/json", headers=headers).status_code
        == 200
    )


def test_a_token_needs_no_csrf_token(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        "/api/v1/people", "{}", content_type="application/json", headers=world.alice.phone().headers
    )
    assert answer.status_code == 200


# -- Other origins -----------------------------------------------------------------------------------------------------

PREFLIGHT = {"Access-Control-Request-Method": "POST"}


@pytest.fixture
def app(world: World) -> str:
    world.arcadia.tenant.cors_origins = ["https://app.example"]
    world.arcadia.tenant.save()
    return "https://app.example"


def test_an_origin_that_the_event_lists_may_read_answers_without_cookies(
    world: World, client: Client, app: str
) -> None:
    headers = {"Origin": app, "Host": world.arcadia.host}
    before = client.options("/api/v1/people", headers=headers | PREFLIGHT)
    assert before.status_code == 200
    assert "authorization" in before["Access-Control-Allow-Headers"]
    answer = client.get("/api/v1/people", headers=headers | world.alice.phone().headers)
    for response in (before, answer):
        assert response["Access-Control-Allow-Origin"] == app
        assert "Access-Control-Allow-Credentials" not in response


def test_no_other_origin_host_or_page_may_be_read(world: World, client: Client, app: str) -> None:
    here, there = world.arcadia.host, world.borea.host
    for path, origin, host in (
        ("/api/v1/anyone", "https://evil.example", here),
        ("/api/v1/anyone", "null", here),
        ("/api/v1/anyone", app + ".evil.example", here),
        ("/api/v1/anyone", app, there),
        ("/front", app, here),
    ):
        headers = {"Origin": origin, "Host": host}
        for answer in (client.get(path, headers=headers), client.options(path, headers=headers | PREFLIGHT)):
            assert "Access-Control-Allow-Origin" not in answer


# -- Where it comes from -----------------------------------------------------------------------------------------------

OURS = ("10.0.0.0/8", "::1")


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "garbage", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, garbage", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:443", "10.0.0.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "fe80::1%eth0", "10.0.0.1"),
        ("", "198.51.100.1", None),
    ],
)
def test_an_address_counts_only_from_trusted_hops(
    peer: str, forwarded_for: str, expected: str | None
) -> None:
    assert client_address(peer, forwarded_for, OURS) == expected


def test_an_actor_knows_where_he_comes_from(world: World, client: Client) -> None:
    headers = {
        "X-Forwarded-For": "198.51.100.1",
        "X-Device-Id": "phone-7",
        "User-Agent": "Netscape\x00 " + "x" * 500,
        "X-Request-Id": "my-request-1",
        **world.alice.phone().headers,
    }
    with override_settings(TRUSTED_PROXIES=["127.0.0.0/8"]):
        seen = client.get("/api/v1/people", headers=headers).json()
    assert (seen["ip"], seen["device_id"], seen["request_id"]) == ("198.51.100.1", "phone-7", "my-request-1")
    assert seen["user_agent"] == ("Netscape " + "x" * 500)[:200]
    for device_id in ("a" * 65, "a b", "<script>", "é", "a\x00"):
        seen = client.get("/api/v1/people", headers={**headers, "X-Device-Id": device_id}).json()
        assert seen["device_id"] == ""
        assert seen["ip"] == "127.0.0.1"

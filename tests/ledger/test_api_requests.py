"""Payment requests over the API."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from accounts import tenancy
from ledger.models import Account
from tests.cast import Phone, World
from tests.ledger.asking import pay, refusal, without_id


@pytest.fixture
def bar(world: World) -> Phone:
    """Bob's phone; his account is a till."""
    with tenancy.scope(world.arcadia.tenant):
        Account.objects.filter(pk=world.bob.account.pk).update(is_merchant=True)
    return world.bob.phone()


def test_a_request_is_made_shown_paid_and_seen_as_paid(world: World, bar: Phone) -> None:
    made = pay(bar, "requests", amount=12_50, memo="two ales", expires_in=60)
    body = made.json()
    assert made.status_code == 201
    assert body["url"] == f"http://{world.arcadia.host}/requests/{body['code']}"
    assert (body["state"], body["amount"], body["amount_display"], body["currency"]) == (
        "open",
        12_50,
        "₵12.50",
        "NC",
    )
    assert (body["to_account"], body["to_name"], body["memo"]) == (world.bob.number, "Bob", "two ales")
    assert (body["transfer"], body["from_name"]) == (None, None)
    made_at, ends_at = (parse_datetime(body[name]) for name in ("created_at", "expires_at"))
    assert made_at is not None
    assert ends_at is not None
    assert dt.timedelta(seconds=59) < ends_at - made_at < dt.timedelta(seconds=61)

    alice = world.alice.phone()
    assert alice.get(f"requests/{body['code']}").json() == body
    paid = pay(alice, f"requests/{body['code']}/pay")
    assert paid.status_code == 201
    assert paid.json()["new_balance"] == 87_50
    seen = bar.get(f"requests/{body['id']}").json()
    assert (seen["state"], seen["from_name"]) == ("paid", "Alice")
    assert seen["transfer"] == paid.json()["transfer"]["id"]
    onlooker = world.arcadia.person("Onlooker").phone().get(f"requests/{body['id']}").json()
    assert (onlooker["state"], onlooker["from_name"], onlooker["transfer"]) == ("paid", None, None)


def test_the_same_key_is_answered_again_and_another_body_is_refused(world: World, bar: Phone) -> None:
    first, again = (pay(bar, "requests", key="one", amount=100) for _ in range(2))
    assert without_id(first) == without_id(again)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert refusal(pay(bar, "requests", key="one", amount=200)) == (422, "key_reused")
    alice, path = world.alice.phone(), f"requests/{first.json()['code']}/pay"
    paid, repeated = (pay(alice, path, key="two") for _ in range(2))
    assert without_id(paid) == without_id(repeated)
    assert repeated.headers["Idempotent-Replayed"] == "true"
    assert refusal(pay(alice, path, key="two", from_account=world.alice.number)) == (422, "key_reused")
    assert refusal(pay(alice, path, key="three")) == (409, "request_paid")
    assert world.alice.balance() == 99_00


def test_a_stored_refusal_is_final_for_its_key(world: World, bar: Phone) -> None:
    code = pay(bar, "requests", amount=100).json()["code"]
    bar.post(f"requests/{code}/cancel")
    alice = world.alice.phone()
    first, again = (pay(alice, f"requests/{code}/pay", key="late") for _ in range(2))
    assert refusal(first) == refusal(again) == (409, "request_cancelled")
    assert again.headers["Idempotent-Replayed"] == "true"


def test_money_needs_a_key(world: World, bar: Phone) -> None:
    code = pay(bar, "requests", amount=100).json()["code"]
    for phone, path, body in (
        (bar, "requests", {"amount": 1}),
        (world.alice.phone(), f"requests/{code}/pay", {}),
    ):
        assert refusal(phone.post(path, body)) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_amount"),
        ({"amount": 1.0}, "invalid_amount"),
        ({"amount": "1"}, "invalid_amount"),
        ({"amount": 1, "memo": "a\nb"}, "invalid_memo"),
        ({"amount": 1, "expires_in": 29}, "invalid_expiry"),
        ({"amount": 1, "expires_in": 604_801}, "invalid_expiry"),
        ({"amount": 1, "expires_in": 60.0}, "invalid_expiry"),
        ({"amount": 1, "expires_in": -(10**12)}, "invalid_expiry"),
        ({"amount": 1, "expires_in": None}, "invalid_request"),
        ({"amount": 1, "state": "paid"}, "invalid_request"),
    ],
)
def test_a_wrong_body_is_refused(bar: Phone, body: dict[str, Any], code: str) -> None:
    status, found = refusal(pay(bar, "requests", **body))
    assert status == 400
    assert found in {code, "invalid_request"}


def test_what_may_not_be_is_refused_by_name(world: World, bar: Phone) -> None:
    alice, device = world.alice.phone(), world.till.device()
    assert refusal(pay(alice, "requests", amount=1)) == (403, "not_a_merchant")
    assert refusal(pay(alice, "requests", amount=1, to_account=world.bob.number)) == (404, "unknown_account")
    code = pay(bar, "requests", amount=100_01).json()["code"]
    assert refusal(pay(alice, f"requests/{code}/pay")) == (409, "insufficient_funds")
    assert refusal(pay(bar, f"requests/{code}/pay")) == (409, "same_account")
    assert refusal(alice.post(f"requests/{code}/cancel")) == (404, "unknown_request")
    for stranger in (world.charlie.phone(), world.charlies_gm.phone()):
        assert refusal(stranger.get(f"requests/{code}")) == (404, "unknown_request")
        assert refusal(pay(stranger, f"requests/{code}/pay")) == (404, "unknown_request")
    for path in (str(uuid.uuid4()), "nothing", "0" * 12):
        assert refusal(alice.get(f"requests/{path}")) == (404, "unknown_request")
    assert refusal(pay(device, f"requests/{code}/pay"))[0] == 403
    assert refusal(device.get(f"requests/{code}"))[0] == 403
    assert bar.post(f"requests/{code}/cancel").json()["state"] == "cancelled"
    assert bar.post(f"requests/{code}/cancel").json()["state"] == "cancelled"

"""Tills and props over HTTP: what a key may take, see and give back, and how it is stopped."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from accounts import tenancy
from accounts.models import ApiKey, AuditEvent, Notification
from accounts.services.keys import revoke_key
from tests.cast import OPENING_BALANCE, Phone, Till, World
from tests.ledger.asking import pay, refusal, without_id

MAY_DEBIT = ("credit", "debit:any")


@pytest.fixture
def till(world: World) -> Till:
    """A till that may take money by account number alone."""
    return world.arcadia.till(world.bob, scopes=MAY_DEBIT, limit_per_payment=20_00, limit_per_day=50_00)


def take(device: Phone, world: World, amount: Any = 150, *, key: str | None = None, **more: Any) -> Any:
    body = {"from_account": world.alice.number, "to_account": world.bob.number, "amount": amount} | more
    return pay(device, "external/transactions", key=key, **{n: v for n, v in body.items() if v is not None})


# -- what is answered --------------------------------------------------------------------------------------------------


def test_a_payment_is_answered_in_the_form_that_props_know(world: World, till: Till) -> None:
    answer = take(till.device(), world, memo="Beer")
    assert answer.status_code == 201
    body = answer.json()
    transaction = body.pop("transaction")
    assert body == {"message": "Paid."}
    assert transaction.pop("timestamp").endswith("Z")
    assert transaction.pop("id")
    assert transaction == {
        "from_account": world.alice.number,
        "from_name": "Alice",
        "to_account": world.bob.number,
        "to_name": "Bob",
        "amount": 150,
        "memo": "Beer",
        "type": "terminal",
    }
    assert (world.alice.balance(), world.bob.balance()) == (OPENING_BALANCE - 150, 150)


def test_answers_fit_into_the_memory_of_a_prop(world: World, till: Till) -> None:
    reader = world.arcadia.till(world.bob, scopes=["credit", "balance:read"])
    answers = [
        take(till.device(), world, memo="m" * 140),
        take(till.device(), world, amount=999_999),
        till.device().get("external/ping"),
        reader.device().get(f"external/account/{world.bob.number}/balance"),
    ]
    assert [answer.status_code for answer in answers] == [201, 409, 200, 200]
    assert max(len(answer.content) for answer in answers) < 768


@pytest.mark.parametrize(
    ("text", "amount"), [("1.50", 150), ("1.5", 150), ("2", 200), ("0.01", 1), ("0019.99", 1999)]
)
def test_an_amount_may_be_written_in_major_units(world: World, till: Till, text: str, amount: int) -> None:
    answer = take(till.device(), world, None, amount_decimal=text)
    assert answer.json()["transaction"]["amount"] == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.00",
        "1.505",
        "-1",
        "+1",
        "1_000",
        "1,50",
        "1e2",
        "NaN",
        "Infinity",
        "٣.٥٠",
        " 1",
        ".5",
        "5.",
        "99999999999999",
    ],
)
def test_a_decimal_amount_is_ascii_digits_with_two_places(world: World, till: Till, text: str) -> None:
    answer = take(till.device(), world, None, amount_decimal=text)
    assert answer.status_code == 400
    assert world.alice.balance() == OPENING_BALANCE


@pytest.mark.parametrize("body", [{"amount": None}, {"amount": 100, "amount_decimal": "1.00"}])
def test_an_amount_is_said_once(world: World, till: Till, body: dict[str, Any]) -> None:
    assert refusal(take(till.device(), world, **body)) == (400, "invalid_amount")


@pytest.mark.parametrize("amount", [1.5, 100.0, "100", True, 0, -5, 2**53])
def test_an_amount_is_an_integer_here_too(world: World, till: Till, amount: Any) -> None:
    assert refusal(take(till.device(), world, amount)) == (400, "invalid_amount")


def test_fields_that_we_do_not_know_are_passed_over(world: World, till: Till) -> None:
    assert take(till.device(), world, firmware="1.0.3", rssi=-61.5, nested={"a": [1]}).status_code == 201


def test_a_ping_says_what_the_key_may(world: World, till: Till) -> None:
    body = till.device().get("external/ping").json()
    assert body.pop("time").endswith("Z")
    assert body == {
        "message": "pong",
        "name": "Bar till",
        "account_number": world.bob.number,
        "scopes": ["credit", "debit:any"],
    }


# -- what a key may not ------------------------------------------------------------------------------------------------


def test_a_key_that_may_only_credit_cannot_debit_and_the_trail_says_that_it_tried(world: World) -> None:
    answer = take(world.till.device(), world)
    assert refusal(answer) == (403, "scope_missing")
    assert world.alice.balance() == OPENING_BALANCE
    with tenancy.scope(world.arcadia.tenant):
        event = AuditEvent.objects.get(action="terminal.debit")
    assert (event.actor_key_id, event.status) == (world.till.key.pk, "scope_missing")


def test_a_key_takes_into_its_own_account_only(world: World, till: Till) -> None:
    eve = world.arcadia.person("Eve")
    answer = take(till.device(), world, to_account=eve.number)
    assert refusal(answer) == (403, "not_its_account")
    assert answer.json()["errors"][0]["field"] == "to_account"
    assert (world.alice.balance(), eve.balance()) == (OPENING_BALANCE, 0)


def test_a_key_cannot_debit_the_issuance(world: World, till: Till) -> None:
    assert refusal(take(till.device(), world, from_account="NC-MINT-0000")) == (404, "unknown_account")


def test_a_key_cannot_debit_somebody_of_another_event(world: World, till: Till) -> None:
    assert refusal(take(till.device(), world, from_account=world.charlie.number)) == (404, "unknown_account")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "transfers"),
        ("post", "transfers/batch"),
        ("post", "transactions"),
        ("get", "transactions"),
        ("get", "accounts"),
        ("get", "accounts/{bob}"),
        ("get", "accounts/{bob}/balance"),
        ("get", "accounts/{bob}/transactions"),
        ("get", "payees"),
        ("get", "audit"),
    ],
)
def test_what_people_do_is_not_for_keys(world: World, till: Till, method: str, path: str) -> None:
    answer = getattr(till.device(), method)(path.format(bob=world.bob.number))
    assert refusal(answer) == (403, "not_for_keys")


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "external/transactions"), ("get", "external/ping"), ("get", "external/account/{bob}/balance")],
)
def test_what_devices_do_is_not_for_people(world: World, method: str, path: str) -> None:
    for person in (world.alice, world.gm):
        answer = getattr(person.phone(), method)(path.format(bob=world.bob.number))
        assert refusal(answer) == (403, "needs_key")
    assert getattr(world.arcadia.phone(), method)(path.format(bob="x")).status_code == 401


def test_the_payer_hears_at_once(world: World, till: Till) -> None:
    take(till.device(), world)
    with tenancy.scope(world.arcadia.tenant):
        told = Notification.objects.get(user=world.alice.user, kind="terminal.debit")
    assert told.text == "Bar till took ₵1.50 from your account."


def test_a_till_learns_that_there_is_too_little_but_not_how_much(world: World, till: Till) -> None:
    poor = world.arcadia.person("Poor Tom", money=120)
    answer = take(till.device(), world, from_account=poor.number)
    assert refusal(answer) == (409, "insufficient_funds")
    assert "120" not in answer.content.decode()
    assert "1.20" not in answer.content.decode()


# -- limits ------------------------------------------------------------------------------------------------------------


def test_a_key_takes_so_much_at_once(world: World, till: Till) -> None:
    answer = take(till.device(), world, 2001)
    assert refusal(answer) == (409, "limit_exceeded")
    assert answer.json()["detail"] == "This terminal takes at most ₵20.00 at once."
    assert take(till.device(), world, 2000).status_code == 201


def test_a_key_takes_so_much_a_day(world: World, till: Till) -> None:
    assert [take(till.device(), world, 2000).status_code for _ in range(2)] == [201, 201]
    answer = take(till.device(), world, 1001)
    assert refusal(answer) == (409, "limit_exceeded")
    assert answer.json()["detail"] == "This terminal may take only ₵10.00 more today."
    assert take(till.device(), world, 1000).status_code == 201


def test_a_device_is_heard_a_hundred_times_a_minute(world: World, till: Till) -> None:
    device = till.device()
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=False):
        codes = [take(device, world, 1).status_code for _ in range(101)]
    assert codes == [201] * 100 + [429]


# -- the same request twice --------------------------------------------------------------------------------------------


def test_what_a_device_reads_counts_as_well(world: World) -> None:
    """The attack: a key out of a prop that asks for everybody's balance as fast as it can."""
    reader = world.arcadia.till(world.bob, scopes=(*MAY_DEBIT, "balance:any"))
    device, balance_of = reader.device(), f"external/account/{world.alice.number}/balance"
    with time_machine.travel(dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC), tick=False) as clock:
        for _ in range(50):
            assert device.get("external/ping").status_code == 200
            assert device.get(balance_of).status_code == 200
        for path in ("external/ping", balance_of):
            refused = device.get(path)
            assert refusal(refused) == (429, "rate_limited")
            assert int(refused.headers["Retry-After"]) == 60
        assert refusal(take(device, world)) == (429, "rate_limited")
        other = world.arcadia.till(world.bob, scopes=["balance:any"]).device()
        assert other.get(balance_of).status_code == 200
        clock.shift(60)
        assert device.get(balance_of).status_code == 200


def test_unknown_numbers_count_when_a_device_reads(world: World) -> None:
    device = world.arcadia.till(world.bob, scopes=["balance:any"]).device()
    with time_machine.travel(dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC), tick=False):
        codes = [device.get("external/account/NC-0000-0000/balance").status_code for _ in range(101)]
    assert codes == [404] * 100 + [429]


def test_a_device_that_repeats_itself_takes_once(world: World, till: Till) -> None:
    first, second = (take(till.device(), world, key="nonce-1") for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert second.headers["Idempotent-Replayed"] == "true"
    assert world.alice.balance() == OPENING_BALANCE - 150


def test_a_device_without_a_key_for_the_request_takes_twice(world: World, till: Till) -> None:
    assert [take(till.device(), world).status_code for _ in range(2)] == [201, 201]
    assert world.alice.balance() == OPENING_BALANCE - 300


def test_a_stored_refusal_comes_again(world: World, till: Till) -> None:
    first, second = (take(till.device(), world, 2001, key="nonce-1") for _ in range(2))
    assert without_id(first) == without_id(second)
    assert second.headers["Idempotent-Replayed"] == "true"


# -- stopping it -------------------------------------------------------------------------------------------------------


def test_a_revoked_key_stops_at_once(world: World, till: Till) -> None:
    device = till.device()
    assert take(device, world).status_code == 201
    revoke_key(actor=world.gm.actor, key_id=till.key.pk)
    assert refusal(take(device, world)) == (401, "key_revoked")
    assert refusal(device.get("external/ping")) == (401, "key_revoked")
    assert world.alice.balance() == OPENING_BALANCE - 150


def test_an_expired_key_stops_at_once(world: World) -> None:
    now = dt.datetime.now(dt.UTC)
    till = world.arcadia.till(world.bob, scopes=MAY_DEBIT, expires_at=now + dt.timedelta(hours=1))
    assert take(till.device(), world).status_code == 201
    with time_machine.travel(now + dt.timedelta(hours=2)):
        assert refusal(take(till.device(), world)) == (401, "key_expired")
    assert world.alice.balance() == OPENING_BALANCE - 150


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key[:-1] + "x!"[key[-1] == "x"],
        lambda key: key[:12] + "_" + "a" * 32,
        lambda _: "nbk_x",
        lambda _: "",
    ],
)
def test_a_wrong_key_opens_nothing(world: World, till: Till, change: Any) -> None:
    device = Phone(till.host, {"X-API-Key": change(till.text)})
    assert refusal(take(device, world)) == (401, "bad_key")


def test_a_key_of_another_event_opens_nothing_here(world: World, till: Till) -> None:
    charlies = world.borea.till(world.charlie, scopes=MAY_DEBIT)
    stray = Phone(till.host, {"X-API-Key": charlies.text})
    assert refusal(take(stray, world)) == (401, "wrong_tenant")


# -- balances ----------------------------------------------------------------------------------------------------------


def balance(till: Till, number: str) -> Any:
    return till.device().get(f"external/account/{number}/balance")


def test_a_key_reads_the_balance_of_its_own_account(world: World) -> None:
    till = world.arcadia.till(world.alice, scopes=["credit", "balance:read"])
    assert balance(till, world.alice.number).json() == {
        "account_number": world.alice.number,
        "balance": OPENING_BALANCE,
        "balance_display": "₵100.00",
    }


def test_another_account_is_unknown_to_it(world: World) -> None:
    till = world.arcadia.till(world.bob, scopes=["credit", "balance:read"])
    for number in (world.alice.number, "NC-0000-0000", world.charlie.number):
        assert refusal(balance(till, number)) == (404, "unknown_account")


def test_with_the_scope_for_it_a_key_reads_any_balance_of_its_event(world: World) -> None:
    till = world.arcadia.till(world.bob, scopes=["credit", "balance:any"])
    assert balance(till, world.alice.number).json()["balance"] == OPENING_BALANCE
    assert refusal(balance(till, world.charlie.number)) == (404, "unknown_account")


def test_without_a_scope_a_key_reads_not_even_its_own(world: World) -> None:
    assert refusal(balance(world.till, world.bob.number)) == (403, "scope_missing")


# -- giving back -------------------------------------------------------------------------------------------------------


def test_a_device_gives_back_what_it_took(world: World, till: Till) -> None:
    taken = take(till.device(), world).json()["transaction"]
    answer = pay(till.device(), f"transfers/{taken['id']}/refund", amount=50)
    assert answer.status_code == 201
    assert (answer.json()["transfer"]["type"], answer.json()["transfer"]["refunds"]) == (
        "refund",
        taken["id"],
    )
    assert till.device().get(f"transfers/{taken['id']}").json()["refundable"] == 100
    assert world.alice.balance() == OPENING_BALANCE - 100


def test_a_device_cannot_give_back_what_another_one_took(world: World, till: Till) -> None:
    other = world.arcadia.till(world.bob, scopes=MAY_DEBIT)
    taken = take(till.device(), world).json()["transaction"]["id"]
    assert refusal(pay(other.device(), f"transfers/{taken}/refund")) == (404, "unknown_transfer")
    assert refusal(other.device().get(f"transfers/{taken}")) == (404, "unknown_transfer")


def test_a_device_gives_back_for_a_day(world: World, till: Till) -> None:
    taken = take(till.device(), world).json()["transaction"]["id"]
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=25)):
        assert refusal(pay(till.device(), f"transfers/{taken}/refund")) == (403, "not_allowed")
    assert world.alice.balance() == OPENING_BALANCE - 150


def test_the_secret_of_a_key_is_in_no_row(world: World, till: Till) -> None:
    secret = till.text.split("_", 2)[2]
    with tenancy.scope(world.arcadia.tenant):
        stored = [str(vars(row)) for row in ApiKey.objects.all()]
        stored += [str(vars(row)) for row in AuditEvent.objects.all()]
    assert stored
    assert not any(secret in text for text in stored)
    assert secret not in repr(till)

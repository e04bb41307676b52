"""Asking people by name: one for all of it, or several for equal parts; paid, declined, taken back, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts import tenancy
from accounts.errors import DomainError
from accounts.models import AuditEvent, Notification
from ledger import money, selectors
from ledger.models import Account, PaymentRequest
from ledger.posting import Claim
from ledger.services import asking, requests
from ledger.services.accounts import freeze
from tests.cast import Person, World
from tests.ledger.asking import pay, refusal


def ask(person: Person, *payers: str, amount: int = 10_00, **more: Any) -> asking.Asked:
    return asking.ask_people(actor=person.actor, payers=payers, amount=amount, **more)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as caught:
        act()
    return caught.value.code


def news_of(person: Person) -> list[str]:
    with tenancy.scope(person.tenant):
        return [one.text for one in Notification.objects.filter(user=person.user).order_by("id")]


def count(world: World) -> int:
    with tenancy.scope(world.arcadia.tenant):
        return int(PaymentRequest.objects.count())


# -- One person --------------------------------------------------------------------------------------------------------


def test_she_is_told_pays_and_he_is_told(world: World) -> None:
    [request] = ask(world.bob, "alice", memo="rent").requests
    assert (request.account.number, request.payer, request.split) == (
        world.bob.number,
        world.alice.user,
        None,
    )
    assert news_of(world.alice) == ["Bob asks you for ₵10.00: rent"]
    with tenancy.scope(world.arcadia.tenant):
        assert [one.pk for one in selectors.asked_of(world.alice.actor)] == [request.pk]
    requests.pay(actor=world.alice.actor, request=str(request.pk))
    assert news_of(world.bob) == ["Alice has paid the ₵10.00 that you asked for."]
    assert (world.alice.balance(), world.bob.balance()) == (90_00, 10_00)
    with tenancy.scope(world.arcadia.tenant):
        assert not selectors.asked_of(world.alice.actor).exists()


def test_she_declines_and_nothing_can_be_paid_any_more(world: World) -> None:
    [request] = ask(world.bob, world.alice.number).requests
    assert requests.decline(actor=world.alice.actor, request=request.code).state == "declined"
    assert requests.decline(actor=world.alice.actor, request=request.code).state == "declined"
    assert news_of(world.bob) == ["Alice has declined to pay the ₵10.00."]
    key = Claim("late", b"0" * 32)
    for _ in range(2):
        assert (
            refused(lambda: requests.pay(actor=world.alice.actor, request=request.code, claim=key))
            == "request_declined"
        )
    assert requests.cancel(actor=world.bob.actor, request=request.code).state == "declined"
    assert world.alice.balance() == 100_00
    with tenancy.scope(world.arcadia.tenant):
        assert AuditEvent.objects.filter(action="request.decline").count() == 1


def test_what_is_paid_cannot_be_declined_and_what_asks_nobody_neither(world: World) -> None:
    [request] = ask(world.bob, "Alice").requests
    requests.pay(actor=world.alice.actor, request=request.code)
    assert refused(lambda: requests.decline(actor=world.alice.actor, request=request.code)) == "request_paid"
    with tenancy.scope(world.arcadia.tenant):
        Account.objects.filter(pk=world.bob.account.pk).update(is_merchant=True)
    till = requests.ask(actor=world.bob.actor, amount=1).request
    assert refused(lambda: requests.decline(actor=world.alice.actor, request=till.code)) == "not_allowed"


def test_nobody_else_sees_pays_or_declines_it(world: World) -> None:
    [request] = ask(world.bob, "Alice").requests
    onlooker = world.arcadia.person("Onlooker", money=50_00)
    for act in (requests.pay, requests.decline, requests.cancel):
        for somebody in (onlooker, world.charlie):
            assert refused(lambda act=act, who=somebody: act(actor=who.actor, request=request.code)) == (  # type: ignore[misc]
                "unknown_request"
            )
    for act in (requests.pay, requests.decline):
        for somebody in (world.bob, world.gm):
            assert refused(lambda act=act, who=somebody: act(actor=who.actor, request=request.code)) == (  # type: ignore[misc]
                "not_allowed"
            )
    assert requests.cancel(actor=world.bob.actor, request=request.code).state == "cancelled"


# -- Several -----------------------------------------------------------------------------------------------------------


@given(amount=st.integers(1, 2**53 - 1), people=st.integers(1, 31))
def test_equal_parts_add_up_exactly(amount: int, people: int) -> None:
    parts = money.split(amount, [1] * people)
    assert sum(parts) == amount
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True), "the first ones carry what cannot be divided"


@pytest.mark.parametrize(("with_me", "own", "parts"), [(True, 3_34, [3_33, 3_33]), (False, 0, [5_00, 5_00])])
def test_a_bill_is_split_all_at_once(world: World, with_me: bool, own: int, parts: list[int]) -> None:
    asked = ask(world.bob, "Alice", "Overseer", with_me=with_me, memo="the round")
    assert (asked.own, [one.amount for one in asked.requests]) == (own, parts)
    assert asked.own + sum(parts) == 10_00
    assert len({one.split for one in asked.requests}) == 1
    assert asked.requests[0].split is not None
    assert news_of(world.gm) == news_of(world.alice)


@pytest.mark.parametrize(
    ("payers", "more", "code"),
    [
        (["Alice", "Nobody Here"], {}, "unknown_person"),
        (["Alice", "Charlie"], {}, "unknown_person"),
        (["Alice", "Chrome Syndicate"], {}, "unknown_person"),
        (["NC-MINT-0000"], {}, "unknown_person"),
        (["Alice", "alice"], {}, "invalid_payers"),
        (["Alice", "Bob"], {}, "invalid_payers"),
        ([], {}, "invalid_payers"),
        (["Alice", "Overseer"], {"amount": 1}, "invalid_amount"),
        (["Alice"], {"amount": 1, "with_me": True}, "invalid_amount"),
        (["Alice"], {"amount": 0}, "invalid_amount"),
        (["Alice"], {"memo": "a\nb"}, "invalid_memo"),
        (["Alice"], {"account": "NC-0000-0000"}, "unknown_account"),
    ],
)
def test_one_that_cannot_be_asked_and_nobody_is(
    world: World, payers: list[str], more: dict[str, Any], code: str
) -> None:
    assert refused(lambda: ask(world.bob, *payers, **more)) == code
    assert (count(world), news_of(world.alice)) == (0, [])


def test_the_same_request_again_asks_nobody_twice(world: World) -> None:
    key = Claim("round", b"0" * 32)
    first, again = (ask(world.bob, "Alice", "Overseer", with_me=True, claim=key) for _ in range(2))
    assert [one.pk for one in first.requests] == [one.pk for one in again.requests]
    assert (again.replayed, again.own, count(world)) == (True, 3_34, 2)
    assert refused(lambda: ask(world.bob, "Alice", claim=Claim("round", b"1" * 32))) == "key_reused"


def test_nobody_is_pestered(world: World) -> None:
    for _ in range(5):
        ask(world.bob, "Alice", amount=1)
    assert refused(lambda: ask(world.bob, "Overseer", "Alice")) == "asked_enough"
    [request] = ask(world.bob, "Overseer").requests
    with tenancy.scope(world.arcadia.tenant):
        last = PaymentRequest.objects.filter(payer=world.alice.user)[0]
    requests.decline(actor=world.alice.actor, request=last.code)
    assert ask(world.bob, "Alice").requests[0].pk > request.pk


def test_what_is_taken_back_has_rung_all_the_same(world: World) -> None:
    for _time in range(10):
        [made] = ask(world.alice, "Bob").requests
        requests.cancel(actor=world.alice.actor, request=made.code)
    assert refused(lambda: ask(world.alice, "Bob")) == "asked_enough"


def test_nothing_is_asked_for_a_frozen_account(world: World) -> None:
    freeze(actor=world.gm.actor, account=world.bob.number, reason="brawl")
    assert refused(lambda: ask(world.bob, "Alice")) == "account_frozen"


def test_the_database_lets_nobody_decline_what_asks_nobody(world: World) -> None:
    [request] = ask(world.bob, "Alice").requests
    with tenancy.scope(world.arcadia.tenant), pytest.raises(IntegrityError), transaction.atomic():
        PaymentRequest.objects.filter(pk=request.pk).update(state="declined", payer=None)


# -- The API -----------------------------------------------------------------------------------------------------------


def test_over_http(world: World) -> None:
    bob, alice = world.bob.phone(), world.alice.phone()
    body = {"payers": ["Alice", world.gm.number], "amount": 10_00, "memo": "round", "with_me": True}
    made, again = (pay(bob, "requests/people", key="round", **body) for _ in range(2))
    assert (made.status_code, again.json()) == (201, made.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (made.json()["total"], made.json()["own_part"]) == (10_00, 3_34)
    first, _second = made.json()["requests"]
    assert (first["asked"], first["amount"], first["state"]) == ("Alice", 3_33, "open")
    listed = alice.get("requests").json()
    assert [one["id"] for one in listed["results"]] == [first["id"]]
    assert bob.get("requests").json()["results"] == []
    assert refusal(pay(bob, f"requests/{first['id']}/pay"))[0] == 403
    assert alice.post(f"requests/{first['id']}/decline").json()["state"] == "declined"
    assert refusal(pay(alice, f"requests/{first['id']}/pay")) == (409, "request_declined")
    assert bob.get(f"requests/{first['code']}").json()["state"] == "declined"
    stranger = world.charlie.phone()
    assert refusal(stranger.post(f"requests/{first['id']}/decline")) == (404, "unknown_request")
    assert refusal(pay(bob, "requests/people", key=None, **body)) == (400, "idempotency_key_required")

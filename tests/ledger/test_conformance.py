"""What both posting engines refuse, and in which order: the suite runs once on each, with the same literal answers.

`post` is called as a service calls it, inside a unit of work; what is expected is written out, never computed. What they post is
in test_conformance_postings.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from accounts import tenancy
from accounts.errors import Conflict, DomainError
from accounts.services.keys import revoke_key
from accounts.services.world import pause_world, resume_world
from ledger.models import Transfer
from ledger.money import MAX_AMOUNT
from ledger.posting import Authority, Leg, Order
from ledger.services.setup import create_currency
from tests.cast import make_event
from tests.ledger.stage import MINT, NOBODY, Stage, post, refused, set_state, yesterday

ANY_HASH, OTHER_HASH = b"a" * 32, b"b" * 32
NO_TRANSFER = uuid.UUID("01900000-0000-7000-8000-000000000000")


def second_currency(stage: Stage) -> str:
    """The number of an account in another currency."""
    create_currency(actor=stage.staff, code="IN", name="influence", symbol="§")
    return "NC-MINT-IN00"


def fill(stage: Stage) -> None:
    """Put the most that an account may hold into Bob's."""
    stage.mint((stage.bob, MAX_AMOUNT - stage.bob.balance()))


# One refusal at a time: what is arranged, what is asked, and every fact that programs are told.


@dataclass(frozen=True)
class Case:
    """Alice pays Bob ₵10.00, with one thing wrong."""

    code: str
    where: str | None
    changes: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    arrange: Callable[[Stage], object] = lambda stage: None
    by_device: bool = False
    authority: Authority = Authority.PLAYER


def limit(kind: str) -> dict[str, str]:
    return {"limit_kind": kind}


CASES: dict[str, Case] = {
    "payer unknown": Case("unknown_account", "from_account", {"from_account": NOBODY}),
    "payer not the actor's to debit": Case("unknown_account", "from_account", {"may_debit": False}),
    "payee unknown": Case("unknown_account", "to_account", {"to_account": NOBODY}),
    "payee's number in small letters": Case("unknown_account", "to_account", {"to_account": "nc-mint-0000"}),
    "currency named wrong": Case("wrong_currency", "from_account", {"currency": "XX"}),
    "to oneself": Case("same_account", "to_account", {"to_account": "ALICE"}),
    "zero": Case("invalid_amount", "amount", {"amount": 0}),
    "negative": Case("invalid_amount", "amount", {"amount": -1}),
    "a bool": Case("invalid_amount", "amount", {"amount": True}),
    "a float": Case("invalid_amount", "amount", {"amount": 5.0}),
    "text": Case("invalid_amount", "amount", {"amount": "5"}),
    "None": Case("invalid_amount", "amount", {"amount": None}),
    "one too many for any account": Case("invalid_amount", "amount", {"amount": 2**53}),
    "more than 64 bits": Case("invalid_amount", "amount", {"amount": 2**64}),
    "a thousand digits": Case("invalid_amount", "amount", {"amount": 10**1000}),
    "payer closed": Case("account_closed", "from_account", arrange=lambda s: s.set(s.alice, status="closed")),
    "payee closed": Case("account_closed", "to_account", arrange=lambda s: s.set(s.bob, status="closed")),
    "payer's debits frozen": Case(
        "account_frozen",
        "from_account",
        arrange=lambda s: s.set(s.alice, status="frozen", freeze="debits"),
    ),
    "payer frozen both ways": Case(
        "account_frozen", "from_account", arrange=lambda s: s.set(s.alice, status="frozen", freeze="both")
    ),
    "payee's credits frozen": Case(
        "account_frozen", "to_account", arrange=lambda s: s.set(s.bob, status="frozen", freeze="credits")
    ),
    "payee frozen both ways": Case(
        "account_frozen", "to_account", arrange=lambda s: s.set(s.bob, status="frozen", freeze="both")
    ),
    "key's limit per payment": Case(
        "limit_exceeded",
        None,
        facts=limit("key_payment"),
        arrange=lambda s: s.set_key(limit_per_payment=9_99),
        by_device=True,
    ),
    "account's limit per payment": Case(
        "limit_exceeded",
        None,
        facts=limit("account_payment"),
        arrange=lambda s: s.set(s.alice, limit_per_payment=9_99),
    ),
    "key's limit per day": Case(
        "limit_exceeded",
        None,
        facts=limit("key_day"),
        arrange=lambda s: s.set_key(limit_per_day=9_99),
        by_device=True,
    ),
    "account's limit per day": Case(
        "limit_exceeded",
        None,
        facts=limit("account_day"),
        arrange=lambda s: s.set(s.alice, limit_per_day=9_99),
    ),
    "refund of nothing": Case("unknown_transfer", None, {"refunds": NO_TRANSFER}),
    "one unit too many": Case(
        "insufficient_funds",
        "from_account",
        {"amount": 100_01},
        {"available": 100_00, "needed": 100_01},
    ),
    "a floor": Case(
        "insufficient_funds",
        "from_account",
        {"amount": 40_01},
        {"available": 40_00, "needed": 40_01},
        arrange=lambda s: s.set(s.alice, floor=60_00),
    ),
    "an overdraft that is used up": Case(
        "insufficient_funds",
        "from_account",
        {"amount": 150_01},
        {"available": 150_00, "needed": 150_01},
        arrange=lambda s: s.set(s.alice, floor=-50_00),
    ),
    "a device learns no balance": Case(
        "insufficient_funds", "from_account", {"amount": 100_01}, by_device=True
    ),
    "payee full": Case("balance_limit", "to_account", arrange=lambda s: fill(s)),
    "world paused": Case(
        "world_paused", None, arrange=lambda s: pause_world(actor=s.staff, reason="a storm")
    ),
    "key revoked": Case(
        "key_revoked",
        None,
        arrange=lambda s: revoke_key(actor=s.staff, key_id=s.till.key.pk),
        by_device=True,
    ),
    "key expired": Case(
        "key_expired", None, arrange=lambda s: s.set_key(expires_at=yesterday()), by_device=True
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_refusal_says_what_and_where_and_changes_nothing(stage: Stage, name: str) -> None:
    case = CASES[name]
    case.arrange(stage)
    chosen: dict[str, Any] = {
        key: stage.alice.number if value == "ALICE" else value for key, value in case.changes.items()
    }
    before = stage.books()
    with pytest.raises(DomainError) as caught:
        post(
            actor=stage.device if case.by_device else stage.alice.actor,
            orders=[stage.order(**chosen)],
            authority=case.authority,
        )
    assert refused(caught.value) == (case.code, case.where, case.facts)
    assert stage.books() == before


def test_another_currency_is_refused(stage: Stage) -> None:
    other = second_currency(stage)
    with pytest.raises(DomainError) as caught:
        post(actor=stage.alice.actor, orders=[stage.order(to_account=other)])
    assert refused(caught.value) == ("wrong_currency", "to_account", {})


def test_the_right_currency_may_be_named(stage: Stage) -> None:
    assert post(actor=stage.alice.actor, orders=[stage.order(currency="NC")]).debits == (Leg(2, 90_00),)


def test_more_than_was_paid_cannot_be_refunded(stage: Stage) -> None:
    [paid] = post(actor=stage.alice.actor, orders=[stage.order(10_00)]).ids
    back = {"from_account": stage.bob.number, "to_account": stage.alice.number, "refunds": paid}
    post(actor=stage.bob.actor, orders=[stage.order(4_00, **back)], authority=Authority.REFUND)
    before = stage.books()
    with pytest.raises(DomainError) as caught:
        post(actor=stage.bob.actor, orders=[stage.order(6_01, **back)], authority=Authority.REFUND)
    assert refused(caught.value) == ("refund_exceeds", None, {"refundable": 6_00})
    assert stage.books() == before
    assert stage.refunded(paid) == (4_00, 10_00)


def test_refunds_of_one_batch_are_counted_together(stage: Stage) -> None:
    [paid] = post(actor=stage.alice.actor, orders=[stage.order(10_00)]).ids
    back = {"from_account": stage.bob.number, "to_account": stage.alice.number, "refunds": paid}
    orders = [stage.order(amount, **back) for amount in (7_00, 3_00, 1)]
    with pytest.raises(DomainError) as caught:
        post(actor=stage.bob.actor, orders=orders, authority=Authority.REFUND)
    assert refused(caught.value) == ("refund_exceeds", None, {"refundable": 0, "index": 2})
    post(actor=stage.bob.actor, orders=orders[:2], authority=Authority.REFUND)
    assert stage.refunded(paid) == (10_00, 10_00)


def test_another_events_transfer_cannot_be_refunded(stage: Stage) -> None:
    with tenancy.scope(stage.event.tenant):
        theirs = Transfer.objects.values_list("pk", flat=True)[0]
    other = make_event("elsewhere")
    dora, emil = other.person("Dora", money=100_00), other.person("Emil")
    order = Order(from_account=dora.number, to_account=emil.number, amount=1, refunds=theirs)
    with pytest.raises(DomainError) as caught:
        post(actor=dora.actor, orders=[order], authority=Authority.REFUND)
    assert caught.value.code == "unknown_transfer"


@pytest.mark.parametrize("name", ["floor", "limit_per_payment", "limit_per_day"])
def test_an_account_of_several_shards_has_neither_floor_nor_limits(stage: Stage, name: str) -> None:
    mint = stage.account_of(MINT)
    with pytest.raises(Conflict) as caught:
        set_state(actor=stage.staff, account=mint, **{name: 10_00})
    assert refused(caught.value) == ("sharded_account", None, {})
    set_state(actor=stage.staff, account=mint, **{name: None})


def test_issuance_has_a_limit_too(stage: Stage) -> None:
    # Each of them is issued from the same shard, so what the first one burns elsewhere does not make room.
    stage.mint((stage.carol, MAX_AMOUNT))
    full = stage.order(MAX_AMOUNT, from_account=stage.carol.number, to_account=stage.bob.number)
    with pytest.raises(DomainError) as payee_full:
        post(actor=stage.staff, orders=[full], authority=Authority.GM)
    assert refused(payee_full.value) == ("balance_limit", "to_account", {})
    stage.set(stage.bob, floor=-MAX_AMOUNT)
    burn = stage.order(100_00, from_account=stage.bob.number, to_account=MINT)
    post(actor=stage.staff, orders=[burn], authority=Authority.GM)
    post(actor=stage.staff, orders=[full], authority=Authority.GM)
    with pytest.raises(DomainError) as issuer_empty:
        stage.mint((stage.carol, 1))
    assert refused(issuer_empty.value) == ("balance_limit", "from_account", {})


# Several at once: which one is said.


def _limit_of_key(name: str) -> Callable[[Stage, dict[str, Any]], None]:
    return lambda stage, order: stage.set_key(**{name: 1})


def _limit_of_account(name: str) -> Callable[[Stage, dict[str, Any]], None]:
    return lambda stage, order: stage.set(stage.alice, **{name: 1})


def _order(**changes: Any) -> Callable[[Stage, dict[str, Any]], None]:
    return lambda stage, order: order.update(changes)


def _state(who: str, **changes: Any) -> Callable[[Stage, dict[str, Any]], None]:
    return lambda stage, order: stage.set(getattr(stage, who), **changes)


def _taken_reference(stage: Stage, order: dict[str, Any]) -> None:
    _issue_one(stage, reference="R-1")
    order["reference"] = "R-1"


def _small_transfer(stage: Stage, order: dict[str, Any]) -> None:
    order["refunds"] = _issue_one(stage)


def _issue_one(stage: Stage, **changes: Any) -> uuid.UUID:
    issued = stage.order(1, from_account=MINT, to_account=stage.alice.number, **changes)
    [pk] = post(actor=stage.staff, orders=[issued], authority=Authority.GM).ids
    return pk


#: In the order in which they are said. Each is wrong together with everything that comes after it.
PRECEDENCE: list[tuple[str, str | None, Callable[[Stage, dict[str, Any]], object]]] = [
    ("world_paused", None, lambda stage, order: pause_world(actor=stage.staff)),
    ("key_revoked", None, lambda stage, order: stage.set_key(revoked_at=yesterday())),
    ("key_expired", None, lambda stage, order: stage.set_key(expires_at=yesterday())),
    ("unknown_account", "from_account", _order(from_account=NOBODY)),
    ("unknown_account", "to_account", _order(to_account=NOBODY)),
    (
        "wrong_currency",
        "to_account",
        lambda stage, order: order.update(to_account=second_currency(stage)),
    ),
    ("wrong_currency", "from_account", _order(currency="XX")),
    ("same_account", "to_account", lambda stage, order: order.update(to_account=stage.alice.number)),
    ("invalid_amount", "amount", _order(amount=0)),
    ("account_closed", "from_account", _state("alice", status="closed", freeze="")),
    ("account_closed", "to_account", _state("bob", status="closed", freeze="")),
    ("account_frozen", "from_account", _state("alice", status="frozen", freeze="both")),
    ("account_frozen", "to_account", _state("bob", status="frozen", freeze="both")),
    ("limit_exceeded", "key_payment", _limit_of_key("limit_per_payment")),
    ("limit_exceeded", "account_payment", _limit_of_account("limit_per_payment")),
    ("limit_exceeded", "key_day", _limit_of_key("limit_per_day")),
    ("limit_exceeded", "account_day", _limit_of_account("limit_per_day")),
    ("unknown_transfer", None, _order(refunds=NO_TRANSFER)),
    ("refund_exceeds", None, _small_transfer),
    (
        "insufficient_funds",
        "from_account",
        lambda stage, order: stage.set(stage.alice, floor=stage.alice.balance()),
    ),
    ("balance_limit", "to_account", lambda stage, order: fill(stage)),
    ("reference_used", "reference", _taken_reference),
]


@pytest.mark.parametrize("place", range(len(PRECEDENCE)), ids=lambda n: f"{PRECEDENCE[n][0]}-{n}")
def test_of_several_reasons_the_first_in_this_order_is_said(stage: Stage, place: int) -> None:
    code, where, _ = PRECEDENCE[place]
    order: dict[str, Any] = {}
    for _code, _where, spoil in reversed(PRECEDENCE[place:]):
        spoil(stage, order)
    with pytest.raises(DomainError) as caught:
        post(actor=stage.device, orders=[stage.order(**order)])
    said = caught.value
    assert (said.code, said.facts.get("limit_kind", said.field)) == (code, where)


def test_the_first_item_that_fails_is_named_though_a_later_one_fails_earlier_in_the_order(
    stage: Stage,
) -> None:
    orders = [stage.order(1), stage.order(200_00), stage.order(1, to_account=NOBODY), stage.order(0)]
    with pytest.raises(DomainError) as caught:
        post(actor=stage.alice.actor, orders=orders)
    assert refused(caught.value) == (
        "insufficient_funds",
        "from_account",
        {"available": 99_99, "needed": 200_00, "index": 1},
    )


# By what right.


@pytest.mark.parametrize("freeze", ["debits", "credits", "both"])
@pytest.mark.parametrize("side", ["from_account", "to_account"])
@pytest.mark.parametrize("authority", list(Authority))
def test_a_freeze_binds_people_and_refunds_but_not_what_follows_or_game_masters(
    stage: Stage, authority: Authority, side: str, freeze: str
) -> None:
    stage.set(stage.alice if side == "from_account" else stage.bob, status="frozen", freeze=freeze)
    stops = {"from_account": {"debits", "both"}, "to_account": {"credits", "both"}}
    if authority in (Authority.PLAYER, Authority.REFUND) and freeze in stops[side]:
        with pytest.raises(DomainError) as caught:
            post(actor=stage.alice.actor, orders=[stage.order()], authority=authority)
        assert refused(caught.value) == ("account_frozen", side, {})
    else:
        posted = post(actor=stage.alice.actor, orders=[stage.order()], authority=authority)
        assert posted.debits == (Leg(2, 90_00),)


@pytest.mark.parametrize("authority", list(Authority))
def test_a_closed_account_binds_everybody(stage: Stage, authority: Authority) -> None:
    stage.set(stage.bob, status="closed")
    with pytest.raises(DomainError) as caught:
        post(actor=stage.alice.actor, orders=[stage.order()], authority=authority)
    assert refused(caught.value) == ("account_closed", "to_account", {})


@pytest.mark.parametrize("authority", list(Authority))
def test_a_floor_binds_everybody(stage: Stage, authority: Authority) -> None:
    with pytest.raises(DomainError) as caught:
        post(actor=stage.alice.actor, orders=[stage.order(100_01)], authority=authority)
    assert caught.value.code == "insufficient_funds"


@pytest.mark.parametrize(
    ("authority", "bound"),
    [
        (Authority.PLAYER, True),
        (Authority.REFUND, False),
        (Authority.SETTLED, False),
        (Authority.GM, False),
    ],
)
def test_limits_bind_and_count_only_what_people_start(
    stage: Stage, authority: Authority, *, bound: bool
) -> None:
    stage.set(stage.alice, limit_per_payment=5_00, limit_per_day=5_00)
    stage.set_key(limit_per_payment=5_00, limit_per_day=5_00)
    if bound:
        with pytest.raises(DomainError) as caught:
            post(actor=stage.device, orders=[stage.order(5_01)], authority=authority)
        assert refused(caught.value) == ("limit_exceeded", None, {"limit_kind": "key_payment"})
    else:
        post(actor=stage.device, orders=[stage.order(5_01)], authority=authority)
    assert stage.spent("account", stage.alice.account.pk) == 0
    assert stage.spent("key", stage.till.key.pk) == 0


@pytest.mark.parametrize(
    ("authority", "bound"),
    [
        (Authority.PLAYER, True),
        (Authority.REFUND, True),
        (Authority.SETTLED, False),
        (Authority.GM, False),
    ],
)
def test_the_world_pause_binds_like_a_freeze(stage: Stage, authority: Authority, *, bound: bool) -> None:
    pause_world(actor=stage.staff)
    if bound:
        with pytest.raises(DomainError) as caught:
            post(actor=stage.alice.actor, orders=[stage.order(), stage.order()], authority=authority)
        assert refused(caught.value) == ("world_paused", None, {})
        resume_world(actor=stage.staff)
    posted = post(actor=stage.alice.actor, orders=[stage.order()], authority=authority)
    assert posted.debits == (Leg(2, 90_00),)


@pytest.mark.parametrize("authority", list(Authority))
def test_a_revoked_key_is_dead_whatever_it_asks(stage: Stage, authority: Authority) -> None:
    stage.set_key(revoked_at=yesterday())
    with pytest.raises(DomainError) as caught:
        post(actor=stage.device, orders=[stage.order(), stage.order()], authority=authority)
    assert refused(caught.value) == ("key_revoked", None, {})

"""What both posting engines post, answer and answer again: the suite runs once on each, with the same literal answers.

What they refuse is in test_conformance.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from accounts import tenancy
from accounts.errors import DomainError
from accounts.models import Tenant
from accounts.services.world import pause_world, resume_world
from ledger import posting
from ledger.models import Balance, Entry, IdempotencyKey, Transfer
from ledger.posting import Authority, Claim, Leg
from tests.ledger.stage import MINT, NOBODY, Stage, claim_then_post, make_stage, post, refused, yesterday

ANY_HASH, OTHER_HASH = b"a" * 32, b"b" * 32


def from_bob(stage: Stage) -> dict[str, Any]:
    """The other direction."""
    return {"from_account": stage.bob.number, "to_account": stage.alice.number}


# What is posted.


def test_a_posting_answers_with_both_legs(stage: Stage) -> None:
    order = stage.order(12_34, memo="a drink", reference="R-7", metadata={"table": 4})
    posted = post(actor=stage.device, orders=[order])
    assert (posted.ids, posted.replayed) == ((order.id,), False)
    assert posted.debits == (Leg(2, 87_66),)
    assert posted.credits == (Leg(2, 112_34),)
    with tenancy.scope(stage.event.tenant):
        row = Transfer.objects.get(pk=order.id)
    assert (row.from_account_id, row.to_account_id) == (stage.alice.account.pk, stage.bob.account.pk)
    assert (row.amount, row.kind, row.memo, row.reference) == (12_34, "transfer", "a drink", "R-7")
    assert (row.actor_id, row.key_id, row.metadata) == (None, stage.till.key.pk, {"table": 4})
    assert row.posted_at == posted.posted_at


def test_the_last_unit_can_be_spent(stage: Stage) -> None:
    assert post(actor=stage.alice.actor, orders=[stage.order(100_00)]).debits == (Leg(2, 0),)


def test_limits_may_be_reached_but_not_passed_within_a_batch(stage: Stage) -> None:
    stage.set(stage.alice, limit_per_payment=6_00, limit_per_day=10_00)
    with pytest.raises(DomainError) as caught:
        post(actor=stage.alice.actor, orders=[stage.order(6_00), stage.order(4_00), stage.order(1)])
    assert refused(caught.value) == ("limit_exceeded", None, {"limit_kind": "account_day", "index": 2})
    assert stage.spent("account", stage.alice.account.pk) == 0
    post(actor=stage.alice.actor, orders=[stage.order(6_00), stage.order(4_00)])
    assert stage.spent("account", stage.alice.account.pk) == 10_00
    with pytest.raises(DomainError) as over:
        post(actor=stage.alice.actor, orders=[stage.order(1)])
    assert refused(over.value) == ("limit_exceeded", None, {"limit_kind": "account_day"})


def test_a_keys_day_counts_every_payer(stage: Stage) -> None:
    stage.set_key(limit_per_day=10_00)
    bob_pays = {"from_account": stage.bob.number, "to_account": stage.carol.number}
    with pytest.raises(DomainError) as caught:
        post(actor=stage.device, orders=[stage.order(6_00), stage.order(4_01, **bob_pays)])
    assert refused(caught.value) == ("limit_exceeded", None, {"limit_kind": "key_day", "index": 1})
    post(actor=stage.device, orders=[stage.order(6_00), stage.order(4_00, **bob_pays)])
    assert stage.spent("key", stage.till.key.pk) == 10_00
    assert stage.spent("account", stage.alice.account.pk) == 6_00
    assert stage.spent("account", stage.bob.account.pk) == 4_00


def test_balances_run_through_a_batch(stage: Stage) -> None:
    posted = post(
        actor=stage.alice.actor, orders=[stage.order(60_00), stage.order(30_00), stage.order(10_00)]
    )
    assert posted.debits == (Leg(2, 40_00), Leg(3, 10_00), Leg(4, 0))
    assert posted.credits == (Leg(2, 160_00), Leg(3, 190_00), Leg(4, 200_00))
    with tenancy.scope(stage.event.tenant):
        stamps = set(Entry.objects.filter(transfer__in=posted.ids).values_list("posted_at", flat=True))
    assert stamps == {posted.posted_at}


def test_money_may_pass_through_somebody_within_a_batch(stage: Stage) -> None:
    a, b, c = stage.alice.number, stage.bob.number, stage.carol.number
    chain = [
        stage.order(100_00, from_account=a, to_account=c),
        stage.order(100_00, from_account=c, to_account=b),
        stage.order(200_00, from_account=b, to_account=c),
        stage.order(1, from_account=c, to_account=a),
    ]
    posted = post(actor=stage.staff, orders=chain, authority=Authority.GM)
    assert posted.debits == (Leg(2, 0), Leg(2, 0), Leg(3, 0), Leg(4, 199_99))
    assert posted.credits == (Leg(1, 100_00), Leg(2, 200_00), Leg(3, 200_00), Leg(3, 1))


def test_money_that_comes_later_in_the_batch_is_not_there_yet(stage: Stage) -> None:
    orders = [
        stage.order(1, from_account=stage.carol.number),
        stage.order(1, to_account=stage.carol.number),
    ]
    with pytest.raises(DomainError) as caught:
        post(actor=stage.staff, orders=orders, authority=Authority.GM)
    assert refused(caught.value) == (
        "insufficient_funds",
        "from_account",
        {"available": 0, "needed": 1, "index": 0},
    )


def test_posted_at_rises_with_every_posting_of_an_account(stage: Stage) -> None:
    for _ in range(30):
        post(actor=stage.alice.actor, orders=[stage.order(1)])
    with tenancy.scope(stage.event.tenant):
        stamps = list(
            Entry.objects.filter(account=stage.alice.account)
            .order_by("seq")
            .values_list("posted_at", flat=True)
        )
    assert len(set(stamps)) == 31
    assert stamps == sorted(stamps)


def test_issuance_is_spread_over_sixteen_shards_that_add_up(stage: Stage) -> None:
    people = [stage.event.person(f"Person {number}") for number in range(16)]
    posted = stage.mint(*((person, 10_00 + place) for place, person in enumerate(people)))
    assert [leg.balance_after for leg in posted.credits] == [10_00 + place for place in range(16)]
    with tenancy.scope(stage.event.tenant):
        shards = dict(Balance.objects.filter(account__number=MINT).values_list("shard", "amount"))
    assert sorted(shards) == list(range(16))
    used = {person.account.pk % 16 for person in people}
    assert {shard for shard, amount in shards.items() if amount < 0} >= used
    # 200.00 of the cast, 16 x 10.00, and 0 + 1 + ... + 15.
    assert sum(shards.values()) == -(200_00 + 160_00 + 120)


def test_burnt_money_goes_back_to_issuance(stage: Stage) -> None:
    burn = stage.order(100_00, to_account=MINT)
    assert post(actor=stage.staff, orders=[burn], authority=Authority.GM).debits == (Leg(2, 0),)
    with tenancy.scope(stage.event.tenant):
        amounts = Balance.objects.filter(account__number=MINT).values_list("amount", flat=True)
        assert sum(amounts) == -100_00


def test_a_thousand_transfers_are_one_posting(stage: Stage) -> None:
    posted = post(actor=stage.alice.actor, orders=[stage.order(10) for _ in range(1000)])
    assert posted.debits == tuple(Leg(2 + n, 100_00 - 10 * (n + 1)) for n in range(1000))
    assert posted.credits == tuple(Leg(2 + n, 100_00 + 10 * (n + 1)) for n in range(1000))
    assert stage.spent("account", stage.alice.account.pk) == 100_00
    assert (stage.alice.balance(), stage.bob.balance()) == (0, 200_00)


@pytest.mark.parametrize("count", [0, 1001])
def test_no_posting_is_empty_or_larger_than_a_thousand(stage: Stage, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        post(actor=stage.alice.actor, orders=[stage.order(1)] * count)


def test_a_bad_five_hundredth_line_posts_nothing(stage: Stage) -> None:
    orders = [stage.order(1, reference=f"R-{n}") for n in range(1000)]
    orders[499] = stage.order(1, to_account=NOBODY)
    before = stage.books()
    with pytest.raises(DomainError) as caught:
        post(actor=stage.alice.actor, orders=orders, claim=Claim("bad-line", ANY_HASH))
    assert refused(caught.value) == ("unknown_account", "to_account", {"index": 499})
    assert stage.books() == before
    assert stored(stage) == {"bad-line": "unknown_account"}


# References.


def test_a_reference_is_used_once(stage: Stage) -> None:
    post(actor=stage.alice.actor, orders=[stage.order(1, reference="R-1")])
    with pytest.raises(DomainError) as caught:
        post(actor=stage.bob.actor, orders=[stage.order(1, **from_bob(stage), reference="R-1")])
    assert refused(caught.value) == ("reference_used", "reference", {})


def test_a_reference_stands_once_in_a_batch(stage: Stage) -> None:
    orders = [stage.order(1, reference=name) for name in ("R-1", None, "R-2", None, "R-1")]
    with pytest.raises(DomainError) as caught:
        post(actor=stage.alice.actor, orders=orders)
    assert refused(caught.value) == ("reference_used", "reference", {"index": 4})


def test_a_reference_of_a_refused_transfer_is_free(stage: Stage) -> None:
    with pytest.raises(DomainError, match="needs"):
        post(actor=stage.alice.actor, orders=[stage.order(100_01, reference="R-1")])
    post(actor=stage.alice.actor, orders=[stage.order(100_00, reference="R-1")])


# Idempotency keys.


def stored(stage: Stage) -> dict[str, str]:
    """The stored outcomes of idempotency keys."""
    with tenancy.scope(stage.event.tenant):
        return dict(IdempotencyKey.objects.exclude(principal__startswith="s:").values_list("key", "outcome"))


@pytest.mark.parametrize("door", [post, claim_then_post])
def test_the_same_request_posts_once_and_is_answered_again(stage: Stage, door: Any) -> None:
    claim = Claim("once", ANY_HASH)
    first = door(actor=stage.alice.actor, orders=[stage.order(1), stage.order(2)], claim=claim)
    before = stage.books()
    again = door(actor=stage.alice.actor, orders=[stage.order(1), stage.order(2)], claim=claim)
    assert (again.ids, again.replayed) == (first.ids, True)
    assert not first.replayed
    assert stage.books() == before
    assert stored(stage) == {"once": "posted"}


@pytest.mark.parametrize("door", [post, claim_then_post])
def test_the_key_with_another_request_is_refused(stage: Stage, door: Any) -> None:
    door(actor=stage.alice.actor, orders=[stage.order(1)], claim=Claim("once", ANY_HASH))
    before = stage.books()
    with pytest.raises(DomainError) as caught:
        door(actor=stage.alice.actor, orders=[stage.order(2)], claim=Claim("once", OTHER_HASH))
    assert refused(caught.value) == ("key_reused", None, {})
    assert stage.books() == before


@pytest.mark.parametrize("door", [post, claim_then_post])
def test_a_refusal_is_final_for_its_key(stage: Stage, door: Any) -> None:
    claim = Claim("dear", ANY_HASH)
    orders = [stage.order(1), stage.order(200_00)]
    facts = {"available": 99_99, "needed": 200_00, "index": 1}
    with pytest.raises(DomainError) as first:
        door(actor=stage.alice.actor, orders=orders, claim=claim)
    assert refused(first.value) == ("insufficient_funds", "from_account", facts)
    assert stored(stage) == {"dear": "insufficient_funds"}
    stage.mint((stage.alice, 500_00))
    before = stage.books()
    with pytest.raises(DomainError) as again:
        door(actor=stage.alice.actor, orders=orders, claim=claim)
    assert refused(again.value) == ("insufficient_funds", "from_account", facts | {"replayed": True})
    assert again.value.sentence == first.value.sentence
    assert stage.books() == before


def test_keys_of_two_people_are_two_keys(stage: Stage) -> None:
    claim = Claim("same", ANY_HASH)
    post(actor=stage.alice.actor, orders=[stage.order(1)], claim=claim)
    answered = post(actor=stage.bob.actor, orders=[stage.order(2, **from_bob(stage))], claim=claim)
    assert not answered.replayed


@pytest.mark.parametrize("door", [post, claim_then_post])
def test_a_pause_is_an_answer_too(stage: Stage, door: Any) -> None:
    pause_world(actor=stage.staff)
    claim = Claim("paused", ANY_HASH)
    with pytest.raises(DomainError) as first:
        door(actor=stage.alice.actor, orders=[stage.order()], claim=claim)
    resume_world(actor=stage.staff)
    with pytest.raises(DomainError) as again:
        door(actor=stage.alice.actor, orders=[stage.order()], claim=claim)
    assert refused(first.value) == ("world_paused", None, {})
    assert refused(again.value) == ("world_paused", None, {"replayed": True})
    assert stored(stage) == {"paused": "world_paused"}


@pytest.mark.parametrize("door", [post, claim_then_post])
def test_a_wrong_request_or_a_dead_key_leaves_the_idempotency_key_free(stage: Stage, door: Any) -> None:
    with pytest.raises(DomainError) as wrong:
        door(actor=stage.device, orders=[stage.order(0)], claim=Claim("again", ANY_HASH))
    assert wrong.value.code == "invalid_amount"
    stage.set_key(revoked_at=yesterday())
    with pytest.raises(DomainError) as revoked:
        door(actor=stage.device, orders=[stage.order()], claim=Claim("again", OTHER_HASH))
    assert revoked.value.code == "key_revoked"
    stage.set_key(revoked_at=None, expires_at=yesterday())
    with pytest.raises(DomainError) as expired:
        door(actor=stage.device, orders=[stage.order()], claim=Claim("again", ANY_HASH))
    assert expired.value.code == "key_expired"
    assert stored(stage) == {}
    stage.set_key(expires_at=None)
    assert not door(actor=stage.device, orders=[stage.order()], claim=Claim("again", OTHER_HASH)).replayed


# Outside of a unit.


def test_nothing_is_posted_outside_of_a_unit(fresh_database: object) -> None:
    stage = make_stage()
    with (
        tenancy.scope(stage.event.tenant),
        pytest.raises(RuntimeError, match="inside a unit"),
    ):
        posting.post(actor=stage.alice.actor, transfers=[stage.order()], authority=Authority.PLAYER)


def test_an_actor_of_another_event_cannot_post(stage: Stage) -> None:
    other = Tenant.objects.create(slug="elsewhere", name="Elsewhere")
    with tenancy.scope(other), pytest.raises(RuntimeError, match="another tenant"):
        posting.post(actor=stage.alice.actor, transfers=[stage.order()], authority=Authority.PLAYER)

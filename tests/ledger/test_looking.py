"""Looking before posting, and what follows from a transfer: the doors of a spin, with the same answers on both engines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import Tenant
from accounts.services.world import pause_world
from accounts.units import unit_of_work
from ledger import posting
from ledger.models import IdempotencyKey
from ledger.money import MAX_AMOUNT
from ledger.posting import Authority, Claim, Claimed, Leg, Order, Posting, Seen
from tests.ledger.stage import MINT, NOBODY, Stage, claim_then_post, post, refused, yesterday

A_CLAIM = Claim("look", b"a" * 32)


@unit_of_work
def look(
    *, actor: Actor, order: Order, claim: Claim | None = None, authority: Authority = Authority.PLAYER
) -> Seen | DomainError:
    """``posting.look`` as a unit of its own, with a key that was claimed before where one is given."""
    held = posting.claim(actor=actor, claim=claim) if claim is not None else None
    assert held is None or isinstance(held, Claimed)
    return posting.look(actor=actor, order=order, authority=authority, claimed=held)


@unit_of_work
def bet(
    *,
    actor: Actor,
    order: Order,
    follows: Order | None = None,
    claim: Claim = A_CLAIM,
    meanwhile: Callable[[], object] = lambda: None,
    remembers: bool = True,
) -> Posting | DomainError:
    """What a spin does; ``meanwhile`` happens between the look and the posting, which ``remembers`` that it has looked."""
    held = posting.claim(actor=actor, claim=claim)
    if not isinstance(held, Claimed):
        return posting.from_stored(actor=actor, stored=held, transfers=[order])
    seen = posting.look(actor=actor, order=order, authority=Authority.PLAYER, claimed=held)
    if isinstance(seen, DomainError):
        return seen
    meanwhile()
    return posting.post(
        actor=actor,
        transfers=[order],
        authority=Authority.PLAYER,
        idempotency_key=held,
        follows=follows,
        seen=seen if remembers else None,
    )


def prize(stage: Stage, amount: int = 30_00, **changes: Any) -> Order:
    """Bob, who took the bet, pays Alice."""
    back = {"from_account": stage.bob.number, "to_account": stage.alice.number}
    return stage.order(amount, **(back | changes))


def stored(stage: Stage) -> list[tuple[str, Any]]:
    """The outcomes that stand under keys."""
    with tenancy.scope(stage.event.tenant):
        return list(IdempotencyKey.objects.filter(key=A_CLAIM.key).values_list("outcome", "refs"))


# -- looking -----------------------------------------------------------------------------------------------------------


def test_looking_tells_both_balances_and_moves_nothing(stage: Stage) -> None:
    stage.set(stage.alice, floor=5_00)
    before = stage.books()
    seen = look(actor=stage.alice.actor, order=stage.order(10_00))
    today = stage.event.tenant.day_of(timezone.now())
    assert seen == Seen(100_00, 95_00, 100_00, 100_00, today)
    assert stage.books() == before


def test_an_account_without_a_floor_has_no_end(stage: Stage) -> None:
    seen = look(actor=stage.staff, order=stage.order(1, from_account=MINT), authority=Authority.GM)
    assert (seen.payer_available, seen.payee_available) == (None, 100_00)


REFUSED: dict[str, tuple[Callable[[Stage], object], dict[str, Any]]] = {
    "the world is paused": (lambda stage: pause_world(actor=stage.staff, reason="night"), {}),
    "no such payer": (lambda stage: None, {"from_account": NOBODY}),
    "no such payee": (lambda stage: None, {"to_account": NOBODY}),
    "a payer that is not theirs": (lambda stage: None, {"may_debit": False}),
    "another currency": (lambda stage: None, {"currency": "XX"}),
    "to oneself": (lambda stage: None, {"to_account": "alice"}),
    "nothing": (lambda stage: None, {"amount": 0}),
    "too much for any account": (lambda stage: None, {"amount": MAX_AMOUNT + 1}),
    "a closed payer": (lambda stage: stage.set(stage.alice, status="closed"), {}),
    "a closed payee": (lambda stage: stage.set(stage.bob, status="closed"), {}),
    "a frozen payer": (lambda stage: stage.set(stage.alice, status="frozen", freeze="debits"), {}),
    "a frozen payee": (lambda stage: stage.set(stage.bob, status="frozen", freeze="credits"), {}),
    "over the limit of a payment": (lambda stage: stage.set(stage.alice, limit_per_payment=9_99), {}),
    "over the limit of a day": (lambda stage: stage.set(stage.alice, limit_per_day=9_99), {}),
    "more than is there": (lambda stage: None, {"amount": 100_01}),
    "more than is there above the floor": (lambda stage: stage.set(stage.alice, floor=90_01), {}),
    "a reference that was used": (
        lambda stage: post(actor=stage.bob.actor, orders=[prize(stage, 1, reference="R-1")]),
        {"reference": "R-1"},
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_looking_refuses_what_posting_refuses_and_keeps_it_for_the_key(stage: Stage, why: str) -> None:
    arrange, changes = REFUSED[why]
    arrange(stage)
    if changes.get("to_account") == "alice":
        changes = {"to_account": stage.alice.number}
    order, before = stage.order(**{"amount": 10_00} | changes), stage.books()
    with pytest.raises(DomainError) as looked:
        look(actor=stage.alice.actor, order=order, claim=A_CLAIM)
    assert stage.books() == before
    kept = stored(stage)
    with pytest.raises(DomainError) as posted:
        post(actor=stage.alice.actor, orders=[order], claim=Claim("post", b"a" * 32))
    assert refused(looked.value) == refused(posted.value)
    if looked.value.code == "invalid_amount":
        assert kept == [], "a wrong request is no outcome"
        return
    assert [outcome for outcome, _refs in kept] == [looked.value.code]
    with pytest.raises(DomainError) as again:
        claim_then_post(actor=stage.alice.actor, orders=[order], claim=A_CLAIM)
    assert refused(again.value) == (*refused(looked.value)[:2], looked.value.facts | {"replayed": True})


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"revoked_at": yesterday()}, "key_revoked"), ({"limit_per_payment": 9_99}, "limit_exceeded")],
)
def test_looking_obeys_the_limits_of_a_device(stage: Stage, changes: dict[str, Any], code: str) -> None:
    stage.set_key(**changes)
    with pytest.raises(DomainError) as looked:
        look(actor=stage.device, order=stage.order(10_00), claim=A_CLAIM)
    assert looked.value.code == code
    assert len(stored(stage)) == (code == "limit_exceeded")


# -- what follows ------------------------------------------------------------------------------------------------------


def test_what_follows_is_posted_after_it_with_both_under_the_key(stage: Stage) -> None:
    order, win = stage.order(10_00, kind="casino_bet"), prize(stage, kind="casino_win")
    posted = bet(actor=stage.alice.actor, order=order, follows=win)
    assert (posted.ids, posted.replayed) == ((order.id, win.id), False)
    assert posted.debits == (Leg(2, 90_00), Leg(3, 80_00))
    assert posted.credits == (Leg(2, 110_00), Leg(3, 120_00))
    assert stored(stage) == [("posted", [str(order.id), str(win.id)])]
    again = bet(actor=stage.alice.actor, order=stage.order(10_00), follows=prize(stage))
    assert (again.ids, again.replayed) == ((order.id, win.id), True)
    with pytest.raises(DomainError) as other:
        bet(actor=stage.alice.actor, order=order, claim=Claim(A_CLAIM.key, b"b" * 32))
    assert other.value.code == "key_reused"
    assert (stage.alice.balance(), stage.bob.balance()) == (120_00, 80_00)


def test_it_may_pay_with_what_has_just_come_in(stage: Stage) -> None:
    posted = bet(actor=stage.alice.actor, order=stage.order(10_00), follows=prize(stage, 110_00))
    assert posted.debits[1] == Leg(3, 0)


def test_only_what_was_started_counts_against_limits(stage: Stage) -> None:
    stage.set(stage.alice, limit_per_day=10_00)
    stage.set(stage.bob, limit_per_payment=1, limit_per_day=1)
    bet(actor=stage.alice.actor, order=stage.order(10_00), follows=prize(stage))
    assert stage.spent("account", stage.alice.account.pk) == 10_00
    assert stage.spent("account", stage.bob.account.pk) == 0


def test_no_freeze_holds_back_what_follows(stage: Stage) -> None:
    stage.set(stage.alice, status="frozen", freeze="credits")
    stage.set(stage.bob, status="frozen", freeze="debits")
    posted = bet(actor=stage.alice.actor, order=stage.order(10_00), follows=prize(stage))
    assert posted.credits[1] == Leg(3, 120_00)


@pytest.mark.parametrize("why", ["closed", "too much"])
def test_what_cannot_follow_undoes_everything(stage: Stage, why: str) -> None:
    """Nobody asks for it who has looked; if somebody does, nothing of it stands."""
    if why == "closed":
        stage.set(stage.carol, status="closed")
        follows = prize(stage, to_account=stage.carol.number)
    else:
        follows = prize(stage, 110_01)
    before = stage.books()
    with pytest.raises((DatabaseError, RuntimeError), match="what follows from a transfer was refused"):
        bet(actor=stage.alice.actor, order=stage.order(10_00), follows=follows)
    assert stage.books() == before
    assert stored(stage) == []


def test_nothing_follows_from_what_is_refused(stage: Stage) -> None:
    before = stage.books()
    with pytest.raises(DomainError) as caught:
        bet(actor=stage.alice.actor, order=stage.order(100_01), follows=prize(stage))
    assert caught.value.code == "insufficient_funds"
    assert stage.books() == before


# -- between the look and the posting ----------------------------------------------------------------------------------


def pause(stage: Stage) -> Callable[[], object]:
    """What another connection's pause looks like to a transaction that goes on."""
    return lambda: Tenant.objects.filter(pk=stage.event.tenant.pk).update(paused_at=timezone.now())


def test_a_pause_comes_too_late_for_what_was_looked_at(stage: Stage) -> None:
    posted = bet(
        actor=stage.alice.actor, order=stage.order(10_00), follows=prize(stage), meanwhile=pause(stage)
    )
    assert posted.credits[1] == Leg(3, 120_00)
    with pytest.raises(DomainError) as next_one:
        bet(actor=stage.alice.actor, order=stage.order(10_00), claim=Claim("next", b"a" * 32))
    assert next_one.value.code == "world_paused"


def test_a_posting_that_does_not_say_that_it_looked_is_refused(stage: Stage) -> None:
    with pytest.raises(DomainError) as caught:
        bet(actor=stage.alice.actor, order=stage.order(10_00), meanwhile=pause(stage), remembers=False)
    assert caught.value.code == "world_paused"
    assert [outcome for outcome, _refs in stored(stage)] == ["world_paused"]


def test_the_day_that_was_looked_at_counts(stage: Stage) -> None:
    """Midnight may pass while a spin waits for the house."""
    stage.set(stage.alice, limit_per_day=10_00)

    @unit_of_work
    def over_midnight(*, actor: Actor) -> Posting | DomainError:
        order = stage.order(10_00)
        seen = posting.look(actor=actor, order=order, authority=Authority.PLAYER)
        assert isinstance(seen, Seen)
        looked = Seen(1, 1, 1, 1, seen.day - dt.timedelta(days=1))
        return posting.post(actor=actor, transfers=[order], authority=Authority.PLAYER, seen=looked)

    over_midnight(actor=stage.alice.actor)
    assert post(actor=stage.alice.actor, orders=[stage.order(10_00)])

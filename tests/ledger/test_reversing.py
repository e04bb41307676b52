"""Reversing everything since a moment, through the service: what is previewed, what is done, and what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts import roles, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, Denied, DomainError, Invalid, NotFound, Reused, Unprocessable
from accounts.models import AuditEvent, Notification
from accounts.services.world import pause_world
from accounts.units import unit_of_work
from ledger import selectors
from ledger.models import Balance, Transfer
from ledger.posting import Claim
from ledger.selectors import Reversal, Subject
from ledger.services import accounts as account_services
from ledger.services import gm
from ledger.services.reversal import Reversed, reverse
from ledger.services.transfers import Payment, refund, terminal_payment, transfer
from tests.cast import Person, make_event
from tests.ledger.stage import MINT, Stage, post


@pytest.fixture
def since(stage: Stage) -> dt.datetime:
    """A moment after which the test begins."""
    return timezone.now()


def pay(payer: Person, payee: Person, amount: int, memo: str = "") -> Transfer:
    payment = Payment(to_account=payee.number, amount=amount, memo=memo)
    return transfer(actor=payer.actor, payment=payment).transfer


def charge(stage: Stage, payer: Person, amount: int) -> Transfer:
    return terminal_payment(
        actor=stage.device, from_account=payer.number, to_account=stage.bob.number, amount=amount
    ).transfer


def preview(stage: Stage, subject: Subject, since: dt.datetime, **more: Any) -> Reversal:
    with tenancy.scope(stage.event.tenant):
        return selectors.reversal(stage.staff, subject, since=since, **more)


def confirm(stage: Stage, plan: Reversal, **changes: Any) -> Reversed:
    """Agree to a preview."""
    chosen: dict[str, Any] = {"actor": stage.staff, "reason": "theft", "digest": plan.digest} | changes
    return reverse(subject=plan.subject, since=plan.since, until=plan.until, **chosen)


def takes(plan: Reversal) -> list[tuple[int, int, str | None]]:
    """Amount, take and why of each line."""
    return [(line.transfer.amount, line.take, line.why) for line in plan.lines]


def trail(stage: Stage, action: str) -> list[AuditEvent]:
    with tenancy.scope(stage.event.tenant):
        return list(AuditEvent.objects.filter(action=action).order_by("id"))


# -- What comes back ---------------------------------------------------------------------------------------------------


def test_what_an_account_sent_since_then_comes_back_and_nothing_else(stage: Stage) -> None:
    pay(stage.alice, stage.bob, 1_00)
    since = timezone.now()
    pay(stage.alice, stage.bob, 20_00)
    pay(stage.alice, stage.carol, 30_00)
    pay(stage.bob, stage.alice, 4_00)
    plan = preview(stage, stage.alice.account, since)
    assert takes(plan) == [(30_00, 30_00, None), (20_00, 20_00, None)]
    [total] = plan.totals
    assert (total.sent, total.given_back, total.take, total.lost) == (50_00, 0, 50_00, 0)
    [change] = plan.changes
    assert (change.account, change.now, change.then) == (stage.alice.account, 53_00, 103_00)
    done = confirm(stage, plan)
    assert (done.count, [amount for _currency, amount in done.sums], done.replayed) == (2, [50_00], False)
    assert [person.balance() for person in (stage.alice, stage.bob, stage.carol)] == [103_00, 97_00, 0]


def test_each_is_a_refund_of_its_transfer_with_the_reason_in_both_histories(
    stage: Stage, since: dt.datetime
) -> None:
    paid = pay(stage.alice, stage.carol, 30_00)
    confirm(stage, preview(stage, stage.alice.account, since), reason="stolen phone")
    with tenancy.scope(stage.event.tenant):
        back = Transfer.objects.get(refunds=paid.pk)
    assert (back.kind, back.memo, back.amount) == ("refund", "stolen phone", 30_00)
    assert stage.refunded(paid.pk) == (30_00, 30_00)


def test_spent_money_given_back_parts_and_a_frozen_receiver(stage: Stage, since: dt.datetime) -> None:
    to_bob = pay(stage.alice, stage.bob, 20_00)
    pay(stage.alice, stage.carol, 30_00)
    refund(actor=stage.bob.actor, transfer_id=to_bob.pk, amount=5_00)
    pay(stage.carol, stage.bob, 25_00)
    account_services.freeze(actor=stage.staff, account=stage.carol.number)
    plan = preview(stage, stage.alice.account, since)
    assert takes(plan) == [(30_00, 5_00, "short"), (20_00, 15_00, "given_back")]
    assert [line.is_frozen for line in plan.lines] == [True, False]
    [total] = plan.totals
    assert (total.sent, total.given_back, total.take, total.lost) == (50_00, 5_00, 20_00, 25_00)
    confirm(stage, plan)
    assert (stage.alice.balance(), stage.carol.balance()) == (75_00, 0)


def test_what_is_held_or_below_the_floor_is_not_taken(stage: Stage, since: dt.datetime) -> None:
    pay(stage.alice, stage.carol, 30_00)
    stage.set(stage.carol, floor=12_00)
    assert takes(preview(stage, stage.alice.account, since)) == [(30_00, 18_00, "short")]


def test_a_debt_is_paid_first_by_what_comes_back(stage: Stage, since: dt.datetime) -> None:
    pay(stage.alice, stage.carol, 30_00)
    gm.adjust(actor=stage.staff, account=stage.alice.number, amount=-90_00, reason="fine", force=True)
    confirm(stage, preview(stage, stage.alice.account, since))
    assert stage.alice.balance() == 10_00


def test_closed_accounts_neither_give_nor_get(stage: Stage, since: dt.datetime) -> None:
    pay(stage.alice, stage.bob, 20_00)
    pay(stage.alice, stage.carol, 30_00)
    stage.set(stage.bob, status=Balance.Status.CLOSED)
    assert takes(preview(stage, stage.alice.account, since)) == [
        (30_00, 30_00, None),
        (20_00, 0, "payee_closed"),
    ]
    stage.set(stage.alice, status=Balance.Status.CLOSED)
    plan = preview(stage, stage.alice.account, since)
    assert [line.why for line in plan.lines] == ["payer_closed", "payer_closed"]
    with pytest.raises(Conflict) as nothing:
        confirm(stage, plan)
    assert nothing.value.code == "nothing_to_reverse"


def test_refunds_and_what_went_to_the_bank_stay_where_they_are(stage: Stage, since: dt.datetime) -> None:
    paid = pay(stage.bob, stage.alice, 7_00)
    refund(actor=stage.alice.actor, transfer_id=paid.pk)
    gm.adjust(actor=stage.staff, account=stage.alice.number, amount=-1_00, reason="fine")
    plan = preview(stage, stage.alice.account, since)
    assert takes(plan) == [(1_00, 0, "bank"), (7_00, 0, "refund")]
    assert plan.totals[0].lost == 8_00


def test_the_bank_itself_cannot_be_reversed(stage: Stage, since: dt.datetime) -> None:
    with pytest.raises(Conflict) as refused:
        preview(stage, stage.account_of(MINT), since)
    assert refused.value.code == "bank_account"


def test_an_end_can_be_set_and_is_included(stage: Stage, since: dt.datetime) -> None:
    first = pay(stage.alice, stage.bob, 1_00)
    pay(stage.alice, stage.bob, 2_00)
    plan = preview(stage, stage.alice.account, since, until=first.posted_at)
    assert takes(plan) == [(1_00, 1_00, None)]
    confirm(stage, plan)
    assert stage.alice.balance() == 98_00


# -- People and keys ---------------------------------------------------------------------------------------------------


def test_a_person_sent_what_left_all_accounts_but_not_what_went_between_them(
    stage: Stage, since: dt.datetime
) -> None:
    savings = open_savings(stage, stage.alice)
    transfer(actor=stage.alice.actor, payment=Payment(to_account=savings.number, amount=40_00))
    pay(stage.alice, stage.bob, 10_00)
    from_savings = Payment(to_account=stage.carol.number, amount=15_00, from_account=savings.number)
    transfer(actor=stage.alice.actor, payment=from_savings)
    plan = preview(stage, stage.alice.user, since)
    assert takes(plan) == [(15_00, 15_00, None), (10_00, 10_00, None)]
    assert [(change.account.number, change.now, change.then) for change in plan.changes] == [
        (stage.alice.number, 50_00, 60_00),
        (savings.number, 25_00, 40_00),
    ]
    confirm(stage, plan)
    assert stage.alice.balance() == 60_00


def test_a_chain_through_a_till_that_somebody_works_at_comes_back_whole(
    stage: Stage, since: dt.datetime
) -> None:
    hire(stage, stage.carol, stage.alice)
    pay(stage.alice, stage.carol, 60_00)
    onward = Payment(to_account=stage.bob.number, amount=60_00, from_account=stage.carol.number)
    transfer(actor=stage.alice.actor, payment=onward)
    plan = preview(stage, stage.alice.user, since)
    assert takes(plan) == [(60_00, 60_00, None), (60_00, 60_00, None)]
    confirm(stage, plan)
    assert [person.balance() for person in (stage.alice, stage.bob, stage.carol)] == [100_00, 100_00, 0]


def test_what_others_do_with_that_till_is_theirs(stage: Stage, since: dt.datetime) -> None:
    hire(stage, stage.carol, stage.alice)
    pay(stage.alice, stage.carol, 60_00)
    pay(stage.carol, stage.bob, 10_00)
    assert takes(preview(stage, stage.alice.user, since)) == [(60_00, 50_00, "short")]


def test_what_a_key_took_comes_back_to_everybody_it_took_from(stage: Stage, since: dt.datetime) -> None:
    stage.mint((stage.carol, 10_00))
    first = charge(stage, stage.alice, 30_00)
    charge(stage, stage.carol, 10_00)
    pay(stage.alice, stage.bob, 1_00)
    refund(actor=stage.device, transfer_id=first.pk, amount=2_00)
    plan = preview(stage, stage.till.key, since)
    assert takes(plan) == [(10_00, 10_00, None), (30_00, 28_00, "given_back")]
    [change] = plan.changes
    assert (change.account, change.then) == (stage.bob.account, 101_00)
    confirm(stage, plan)
    assert [person.balance() for person in (stage.alice, stage.carol)] == [99_00, 10_00]


def test_what_a_till_no_longer_has_is_missing_from_the_oldest_payments(
    stage: Stage, since: dt.datetime
) -> None:
    stage.mint((stage.carol, 30_00))
    charge(stage, stage.alice, 30_00)
    charge(stage, stage.carol, 30_00)
    gm.adjust(actor=stage.staff, account=stage.bob.number, amount=-120_00, reason="spent")
    plan = preview(stage, stage.till.key, since)
    assert takes(plan) == [(30_00, 30_00, None), (30_00, 10_00, "short")]


# -- Exactly what was previewed, or nothing ----------------------------------------------------------------------------

MOVES: dict[str, Callable[[Stage, Transfer], Any]] = {
    "something more was sent": lambda stage, paid: pay(stage.alice, stage.bob, 1),
    "a part was given back": lambda stage, paid: refund(
        actor=stage.carol.actor, transfer_id=paid.pk, amount=1
    ),
    "the receiver spent some": lambda stage, paid: pay(stage.carol, stage.bob, 1),
    "the receiver was closed": lambda stage, paid: stage.set(stage.carol, status=Balance.Status.CLOSED),
    "somebody else reversed it": lambda stage, paid: confirm(
        stage, preview(stage, stage.alice.account, paid.posted_at)
    ),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_when_the_world_has_moved_nothing_is_done(
    stage: Stage, since: dt.datetime, move: Callable[[Stage, Transfer], Any]
) -> None:
    paid = pay(stage.alice, stage.carol, 30_00)
    plan = preview(stage, stage.alice.account, since)
    move(stage, paid)
    books = stage.books()
    claim = Claim("form", b"1" * 32)
    with pytest.raises(Conflict) as changed:
        confirm(stage, plan, claim=claim)
    assert changed.value.code == "preview_changed"
    assert stage.books() == books
    assert trail(stage, "account.reverse")[-1].status == "preview_changed"
    # The key was not used up, and the new preview can be agreed to.
    again = preview(stage, stage.alice.account, since)
    if again.taking:
        assert not confirm(stage, again, claim=claim).replayed


@pytest.mark.parametrize(
    "harmless",
    [
        lambda stage: pay(stage.bob, stage.alice, 1_00),
        lambda stage: pay(stage.bob, stage.carol, 1_00),
        lambda stage: account_services.freeze(actor=stage.staff, account=stage.carol.number),
    ],
)
def test_what_changes_nothing_about_it_does_not_stop_it(
    stage: Stage, since: dt.datetime, harmless: Callable[[Stage], Any]
) -> None:
    pay(stage.alice, stage.carol, 30_00)
    plan = preview(stage, stage.alice.account, since)
    harmless(stage)
    assert confirm(stage, plan).count == 1


def test_a_form_sent_twice_does_it_once(stage: Stage, since: dt.datetime) -> None:
    pay(stage.alice, stage.carol, 30_00)
    pay(stage.alice, stage.bob, 20_00)
    plan, claim = preview(stage, stage.alice.account, since), Claim("form", b"1" * 32)
    first = confirm(stage, plan, claim=claim)
    books = stage.books()
    second = confirm(stage, plan, claim=claim)
    assert (second.count, second.sums, second.replayed) == (first.count, first.sums, True)
    assert stage.books() == books
    assert len(trail(stage, "account.reverse")) == 1
    with pytest.raises(Reused):
        confirm(stage, plan, claim=Claim("form", b"2" * 32))


def test_a_thousand_lines_are_one_posting_and_one_more_is_refused(stage: Stage, since: dt.datetime) -> None:
    stage.mint((stage.alice, 10_00))
    post(actor=stage.alice.actor, orders=[stage.order(1) for _ in range(1000)])
    plan = preview(stage, stage.alice.account, since)
    assert plan.totals[0].take == 10_00
    middle = plan.lines[0].transfer.posted_at
    one_more = pay(stage.alice, stage.bob, 1)
    with pytest.raises(Unprocessable) as refused:
        preview(stage, stage.alice.account, since)
    assert refused.value.code == "too_many_lines"
    # Piece by piece: the later part, then the earlier one.
    assert confirm(stage, preview(stage, stage.alice.account, one_more.posted_at)).count == 1
    assert confirm(stage, preview(stage, stage.alice.account, since, until=middle)).count == 1000
    assert stage.alice.balance() == 110_00


# -- Who may, and who hears of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", roles.ROLES)
def test_only_game_masters_see_the_preview_and_may_confirm_it(
    stage: Stage, since: dt.datetime, role: str
) -> None:
    pay(stage.alice, stage.carol, 30_00)
    plan = preview(stage, stage.alice.account, since)
    user = stage.carol.user
    user.role = role
    actor = Actor(tenant=stage.event.tenant, user=user)
    if role in {roles.GM, roles.OPERATOR, roles.SUPER_ADMIN}:
        assert confirm(stage, plan, actor=actor).count == 1
        return
    with pytest.raises(Denied):
        confirm(stage, plan, actor=actor)
    with pytest.raises(Denied), tenancy.scope(stage.event.tenant):
        selectors.reversal(actor, stage.alice.account, since=since)
    assert stage.carol.balance() == 30_00


def test_a_device_may_not(stage: Stage, since: dt.datetime) -> None:
    charge(stage, stage.alice, 1_00)
    with pytest.raises(Denied):
        confirm(stage, preview(stage, stage.till.key, since), actor=stage.device)


def test_a_pause_does_not_stop_it(stage: Stage, since: dt.datetime) -> None:
    pay(stage.alice, stage.carol, 30_00)
    pause_world(actor=stage.staff)
    assert confirm(stage, preview(stage, stage.alice.account, since)).count == 1


@pytest.mark.parametrize(
    ("reason", "code"), [("", "reason_required"), (" ", "reason_required"), ("a\nb", "invalid_memo")]
)
def test_a_reason_is_required(stage: Stage, since: dt.datetime, reason: str, code: str) -> None:
    pay(stage.alice, stage.carol, 30_00)
    with pytest.raises(Invalid) as refused:
        confirm(stage, preview(stage, stage.alice.account, since), reason=reason)
    assert refused.value.code == code


def test_a_moment_to_come_is_refused(stage: Stage) -> None:
    with pytest.raises(DomainError) as refused:
        preview(stage, stage.alice.account, timezone.now() + dt.timedelta(hours=1))
    assert refused.value.code == "future_moment"


def test_the_trail_has_one_line_and_both_sides_are_told_once(stage: Stage, since: dt.datetime) -> None:
    for amount in (10_00, 20_00):
        pay(stage.alice, stage.carol, amount)
    confirm(stage, preview(stage, stage.alice.account, since))
    [line] = trail(stage, "account.reverse")
    assert line.target == f"ledger.account:{stage.alice.number}"
    assert line.metadata == {
        "since": since.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "until": "",
        "transfers": 2,
        "total": 30_00,
        "account": stage.alice.number,
        "reason": "theft",
    }
    with tenancy.scope(stage.event.tenant):
        told = set(Notification.objects.values_list("user__character_name", "kind", "text"))
    assert told == {
        ("Alice", "transfer.refunded", "The game masters gave you ₵30.00 back that Alice had sent."),
        ("Carol", "transfer.reversed", "The game masters took ₵30.00 back that Alice had sent you."),
    }


def test_a_name_with_a_percent_sign_is_told_as_it_is(stage: Stage, since: dt.datetime) -> None:
    till = stage.event.till(stage.bob, name="100% till", scopes=("credit", "debit:any"))
    device = Actor(tenant=stage.event.tenant, key=till.key)
    terminal_payment(actor=device, from_account=stage.alice.number, to_account=stage.bob.number, amount=1_00)
    confirm(stage, preview(stage, till.key, since))
    [line] = trail(stage, "key.reverse")
    assert line.target == f"accounts.key:{till.key.prefix}"
    with tenancy.scope(stage.event.tenant):
        texts = Notification.objects.filter(kind__in=["transfer.refunded", "transfer.reversed"])
        assert set(texts.values_list("text", flat=True)) == {
            "The game masters gave you ₵1.00 back that 100% till had taken.",
            "The game masters took ₵1.00 back that 100% till had taken for you.",
        }


def test_another_events_game_master_previews_nothing_of_this_one(stage: Stage, since: dt.datetime) -> None:
    pay(stage.alice, stage.carol, 30_00)
    plan = preview(stage, stage.alice.account, since)
    elsewhere = make_event("elsewhere").server
    with pytest.raises(NotFound):
        confirm(stage, plan, actor=elsewhere)
    assert stage.carol.balance() == 30_00


@unit_of_work
def _open_savings(*, actor: Actor, person: Person) -> Any:
    return account_services.open_account(
        actor=actor, holder=person.account.holder, currency=person.account.currency
    )


def open_savings(stage: Stage, person: Person) -> Any:
    return _open_savings(actor=stage.staff, person=person)


@unit_of_work
def _hire(*, actor: Actor, account: Any, user: Any) -> None:
    account_services.add_staff(actor=actor, account=account, user=user)


def hire(stage: Stage, owner: Person, helper: Person) -> None:
    """Let ``helper`` work with ``owner``'s account."""
    _hire(actor=stage.staff, account=owner.account, user=helper.user)

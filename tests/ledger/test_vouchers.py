"""Vouchers: made and printed by game masters, redeemed once each, taken back; guessing is not worth while."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import roles, tenancy
from accounts.errors import DomainError
from accounts.models import AuditEvent
from accounts.services.world import pause_world, resume_world
from ledger import numbers, selectors, voucher_codes
from ledger.models import Transfer, Voucher, VoucherBatch
from ledger.posting import Claim
from ledger.services import vouchers
from ledger.services.accounts import freeze, unfreeze
from ledger.services.transfers import Payment, refund, transfer
from tests.cast import Person, World
from tests.ledger.asking import pay, refusal

_KEYS = itertools.count(1)
WORTH = 20_00


def claim(key: str = "") -> Claim:
    return Claim(key or f"voucher-{next(_KEYS)}", b"0" * 32)


def make(gm: Person, *, count: int = 3, **more: Any) -> VoucherBatch:
    chosen: dict[str, Any] = {"label": "found loot", "worth": WORTH, "lives": dt.timedelta(days=1)} | more
    return vouchers.make_batch(actor=gm.actor, count=count, **chosen).batch


def codes_of(gm: Person, batch: VoucherBatch) -> list[str]:
    return [one.code for one in vouchers.print_batch(actor=gm.actor, batch=batch.pk)]


@pytest.fixture
def batch(world: World) -> VoucherBatch:
    return make(world.gm)


@pytest.fixture
def code(world: World, batch: VoucherBatch) -> str:
    return codes_of(world.gm, batch)[0]


def redeem(person: Person, code: str, **more: Any) -> Any:
    return vouchers.redeem(actor=person.actor, code=code, **({"claim": claim()} | more))


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as caught:
        act()
    return caught.value.code


def run_out(batch: VoucherBatch) -> None:
    with tenancy.scope(batch.tenant):
        VoucherBatch.objects.filter(pk=batch.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))


# -- Codes -------------------------------------------------------------------------------------------------------------


@given(st.text("0123456789abcdef", min_size=1), st.integers(1, 500), st.data())
def test_one_wrong_sign_or_two_exchanged_are_noticed(seed: str, number: int, data: Any) -> None:
    code = voucher_codes.code_of(seed, number)
    assert voucher_codes.is_valid(code)
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([c for c in numbers.ALPHABET if c != code[place]]))
    assert not voucher_codes.is_valid(code[:place] + other + code[place + 1 :])
    second = data.draw(st.integers(0, len(code) - 1))
    signs = list(code)
    signs[place], signs[second] = signs[second], signs[place]
    assert voucher_codes.is_valid("".join(signs)) is (code[place] == code[second])
    typed = voucher_codes.spaced(code).lower().replace("1", "l").replace("0", "o")
    assert voucher_codes.normalize(f" {typed} ") == code


def test_the_codes_of_a_batch_differ_and_follow_from_its_secret_alone(world: World) -> None:
    batch = make(world.gm, count=500)
    first = codes_of(world.gm, batch)
    assert len(set(first)) == 500
    assert codes_of(world.gm, batch) == first
    with tenancy.scope(batch.tenant):
        rows = [*VoucherBatch.objects.values(), *Voucher.objects.values()]
    text = repr(rows)
    assert not [code for code in first if code in text or voucher_codes.spaced(code) in text]


# -- Redeeming ---------------------------------------------------------------------------------------------------------


def test_a_voucher_mints_its_worth_for_whoever_has_the_code(world: World, code: str) -> None:
    got = redeem(world.bob, voucher_codes.spaced(code).lower())
    assert (got.new_balance, world.bob.balance()) == (WORTH, WORTH)
    row = got.transfer
    assert (row.kind, row.amount, row.memo, row.actor_id) == (
        Transfer.Kind.VOUCHER, WORTH, "found loot", world.bob.user.pk,
    )  # fmt: skip
    assert row.from_account.number == "NC-MINT-0000"
    with tenancy.scope(world.arcadia.tenant):
        assert Voucher.objects.get(transfer=row).state == Voucher.State.REDEEMED
        line = selectors.history([world.bob.account], limit=1).lines[0]
    assert line.type == "voucher"


def test_it_pays_once_and_says_who_was_first(world: World, code: str) -> None:
    got = redeem(world.bob, code)
    with pytest.raises(DomainError, match="You have redeemed") as again:
        redeem(world.bob, code)
    assert again.value.facts == {"transfer": str(got.transfer.pk)}
    with pytest.raises(DomainError, match="Somebody else") as other:
        redeem(world.alice, code)
    assert (other.value.code, other.value.facts) == ("voucher_used", {})
    assert (world.bob.balance(), world.alice.balance()) == (WORTH, 100_00)


def test_the_same_request_sent_again_is_answered_again(world: World, code: str) -> None:
    key = claim()
    first, second = (redeem(world.bob, code, claim=key) for _ in range(2))
    assert (first.replayed, second.replayed) == (False, True)
    assert (second.transfer.pk, second.new_balance) == (first.transfer.pk, WORTH)
    other = Claim(key.key, b"1" * 32)
    assert refused(lambda: redeem(world.bob, code, claim=other)) == "key_reused"
    assert world.bob.balance() == WORTH


def test_what_is_over_pays_nothing(world: World, batch: VoucherBatch) -> None:
    first, second, _third = codes_of(world.gm, batch)
    redeem(world.bob, first)
    assert vouchers.void_batch(actor=world.gm.actor, batch=batch.pk, reason="lost") == 2
    assert vouchers.void_batch(actor=world.gm.actor, batch=batch.pk, reason="lost") == 0
    assert refused(lambda: redeem(world.bob, second)) == "voucher_voided"
    assert refused(lambda: redeem(world.bob, first)) == "voucher_used"
    assert refused(lambda: codes_of(world.gm, batch)) == "no_vouchers_left"
    old = make(world.gm)
    late = codes_of(world.gm, old)[0]
    run_out(old)
    assert refused(lambda: redeem(world.bob, late)) == "voucher_expired"
    assert refused(lambda: codes_of(world.gm, old)) == "no_vouchers_left"
    assert world.bob.balance() == WORTH
    with tenancy.scope(batch.tenant):
        noted = AuditEvent.objects.filter(action__startswith="voucher.").order_by("id")
        assert [line.action for line in noted] == [
            "voucher.make", "voucher.print", "voucher.void", "voucher.make", "voucher.print",
        ]  # fmt: skip


def test_freeze_and_pause_bind_and_the_voucher_stays_good(world: World, code: str) -> None:
    pause_world(actor=world.gm.actor, reason="storm")
    assert refused(lambda: redeem(world.bob, code)) == "world_paused"
    resume_world(actor=world.gm.actor, reason="")
    freeze(actor=world.gm.actor, account=world.bob.number, reason="brawl")
    key = claim()
    assert refused(lambda: redeem(world.bob, code, claim=key)) == "account_frozen"
    unfreeze(actor=world.gm.actor, account=world.bob.number)
    assert refused(lambda: redeem(world.bob, code, claim=key)) == "account_frozen", "final for its key"
    assert redeem(world.bob, code).new_balance == WORTH


def test_it_counts_against_nobodys_limits_and_can_be_given_back(world: World, code: str) -> None:
    got = redeem(world.bob, code)
    back = refund(actor=world.bob.actor, transfer_id=got.transfer.pk)
    assert (back.transfer.to_account.number, world.bob.balance()) == ("NC-MINT-0000", 0)
    assert refused(lambda: redeem(world.bob, code)) == "voucher_used"


def test_into_which_account(world: World, code: str) -> None:
    assert refused(lambda: redeem(world.bob, code, to_account=world.alice.number)) == "unknown_account"
    assert refused(lambda: redeem(world.gm, code, to_account=world.alice.number)) == "unknown_account"
    assert redeem(world.bob, code, to_account=world.bob.number).new_balance == WORTH


def test_another_events_voucher_is_unknown(world: World, code: str) -> None:
    assert refused(lambda: redeem(world.charlie, code)) == "unknown_voucher"
    assert refused(lambda: codes_of(world.charlies_gm, make(world.gm))) == "unknown_voucher_batch"


# -- Who may make them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [role for role in roles.ROLES if not roles.allows(role, "ledger.vouchers")])
def test_others_than_game_masters_make_and_print_none(world: World, batch: VoucherBatch, role: str) -> None:
    somebody = world.arcadia.person("Somebody", role=role)
    for act in (
        lambda: make(somebody),
        lambda: codes_of(somebody, batch),
        lambda: vouchers.void_batch(actor=somebody.actor, batch=batch.pk, reason="x"),
    ):
        assert refused(act) == "not_allowed"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"count": 0}, "invalid_vouchers"),
        ({"count": 501}, "invalid_vouchers"),
        ({"worth": 0}, "invalid_amount"),
        ({"worth": 2**53 - 1, "count": 2}, "invalid_vouchers"),
        ({"lives": dt.timedelta()}, "invalid_vouchers"),
        ({"lives": dt.timedelta(days=400)}, "invalid_vouchers"),
        ({"label": " "}, "invalid_vouchers"),
        ({"label": "x" * 61}, "invalid_vouchers"),
        ({"label": "two\nlines"}, "invalid_memo"),
    ],
)
def test_what_cannot_be_made(world: World, wrong: dict[str, Any], code: str) -> None:
    assert refused(lambda: make(world.gm, **wrong)) == code


def test_a_batch_is_made_once_for_its_key(world: World) -> None:
    key = claim()
    first, second = (make(world.gm, claim=key) for _ in range(2))
    assert first.pk == second.pk
    with tenancy.scope(world.arcadia.tenant):
        assert Voucher.objects.count() == 3


@pytest.mark.parametrize(
    "lie", [{"state": "redeemed"}, {"state": "lent"}, {"state": "open", "transfer": True}]
)
def test_the_database_refuses_a_state_without_its_transfer(
    world: World, batch: VoucherBatch, lie: dict[str, Any]
) -> None:
    paid = transfer(actor=world.alice.actor, payment=Payment(world.bob.number, 1)).transfer
    changed = lie | ({"transfer": paid} if "transfer" in lie else {})
    with tenancy.scope(batch.tenant), pytest.raises(IntegrityError), transaction.atomic():
        Voucher.objects.filter(batch=batch).update(**changed)


def test_two_vouchers_have_neither_one_code_nor_one_number(world: World, batch: VoucherBatch) -> None:
    with tenancy.scope(batch.tenant):
        there = Voucher.objects.filter(batch=batch)[0]
        for same in ({"number": there.number, "digest": b"7" * 32}, {"number": 99, "digest": there.digest}):
            with pytest.raises(DatabaseError), transaction.atomic():
                Voucher.objects.create(batch=batch, **same)


# -- The API -----------------------------------------------------------------------------------------------------------


def test_over_http(world: World, code: str) -> None:
    phone = world.bob.phone()
    answer = pay(phone, "vouchers/redeem", key="tap", code=code)
    again = pay(phone, "vouchers/redeem", key="tap", code=code)
    assert (answer.status_code, again.status_code) == (201, 201)
    assert answer.json()["transfer"]["type"] == "voucher"
    assert (answer.json()["new_balance"], answer.json()["new_balance_display"]) == (WORTH, "₵20.00")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == answer.json()
    assert refusal(pay(phone, "vouchers/redeem", code=code)) == (409, "voucher_used")
    assert refusal(pay(phone, "vouchers/redeem", key=None, code=code)) == (400, "idempotency_key_required")
    assert refusal(pay(world.till.device(), "vouchers/redeem", code=code))[0] == 403


def test_whoever_guesses_has_to_wait_and_typing_mistakes_are_free(world: World, code: str) -> None:
    phone = world.bob.phone()
    mistyped = code[:-1] + ("0" if code[-1] != "0" else "1")
    for _ in range(12):
        assert refusal(pay(phone, "vouchers/redeem", code=mistyped)) == (400, "bad_voucher_code")
    guesses = [voucher_codes.code_of("a guess", number) for number in range(10)]
    for guess in guesses:
        assert refusal(pay(phone, "vouchers/redeem", code=guess)) == (404, "unknown_voucher")
    blocked = pay(phone, "vouchers/redeem", code=code)
    assert refusal(blocked) == (429, "rate_limited")
    assert int(blocked.headers["Retry-After"]) > 0
    assert redeem(world.alice, code).new_balance == 120_00, "others are not held up"

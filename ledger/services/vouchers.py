"""Vouchers: made by game masters, printed, redeemed once each by whoever has the code, taken back."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Final

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, crypto, limits, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid, NotFound
from accounts.units import RunAgain, unit_of_work
from ledger import money, posting, selectors, voucher_codes
from ledger.models import Currency, Transfer, Voucher, VoucherBatch
from ledger.models.vouchers import BATCH_MAX, LABEL_MAX
from ledger.money import MAX_AMOUNT
from ledger.posting import Authority, Claim, Order, Stored
from ledger.services.transfers import check_amount, check_memo

PERMISSION: Final = "ledger.vouchers"
LIVES_MAX: Final = dt.timedelta(days=366)
_WRONG: Final = "wrong_voucher"


@dataclass(frozen=True, slots=True)
class Made:
    """A batch, and whether this is an earlier answer again."""

    batch: VoucherBatch
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class PrintedVoucher:
    """A voucher that can still be redeemed, with its code. Its repr shows no secret."""

    number: int
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The transfer that a voucher has become, the balance after it (minor units), and whether this is an earlier answer again."""

    transfer: Transfer
    new_balance: int
    replayed: bool = False


# -- What game masters do ----------------------------------------------------------------------------------------------


@unit_of_work
def make_batch(
    *,
    actor: Actor,
    label: str,
    worth: int,
    count: int,
    lives: dt.timedelta,
    currency: Currency | None = None,
    claim: Claim | None = None,
) -> Made | DomainError:
    """Make ``count`` vouchers (1 to 500) of ``worth`` (minor units of ``currency``, None: the first) each, good for ``lives``.

    Once for each ``claim``. ``label`` is what they are for; whoever redeems one reads it. Raises ``Denied``, ``Invalid``
    (``invalid_amount``, ``invalid_memo``, ``invalid_vouchers``), ``Reused``.
    """
    actor.require(PERMISSION)
    _check(label, worth, count, lives)
    claimed = posting.claim(actor=actor, claim=claim) if claim is not None else None
    if isinstance(claimed, Stored):
        if not claimed.same:
            raise posting.key_reused()
        return Made(VoucherBatch.objects.select_related("currency").get(pk=claimed.refs[0]), replayed=True)
    batch = VoucherBatch(
        label=label,
        currency=currency or selectors.first_currency(),
        worth=worth,
        count=count,
        created_by=actor.user,
        expires_at=timezone.now() + lives,
    )
    seed = voucher_codes.new_seed()
    crypto.seal_into(batch, "seed", seed)
    batch.save(force_insert=True)
    try:
        Voucher.objects.bulk_create(
            Voucher(
                batch=batch,
                number=number,
                digest=selectors.digest_of(voucher_codes.code_of(seed, number)),
            )
            for number in range(1, count + 1)
        )
    except IntegrityError as error:
        # Two vouchers of one code, once in some million events: another seed has others.
        raise RunAgain from error
    audit.record(
        actor=actor,
        action="voucher.make",
        target=target(batch),
        label=label,
        vouchers=count,
        worth=_shown(batch, worth),
        altogether=_shown(batch, worth * count),
        until=batch.expires_at.isoformat(timespec="minutes"),
    )
    if claimed is not None:
        posting.settle(actor=actor, claimed=claimed, outcome="vouchers_made", refs=[str(batch.pk)])
    return Made(batch)


def _check(label: str, worth: int, count: int, lives: dt.timedelta) -> None:
    check_memo(label)
    check_amount(worth, field="worth")
    is_sound = 1 <= count <= BATCH_MAX and dt.timedelta() < lives <= LIVES_MAX
    if not (is_sound and 1 <= len(label.strip()) <= LABEL_MAX and worth * count <= MAX_AMOUNT):
        raise Invalid(
            "invalid_vouchers",
            _(
                "Choose 1 to 500 vouchers, at most a year, and say in at most 60 characters what they are for; all together "
                "may not be worth more than an account can hold."
            ),
        )


@unit_of_work
def print_batch(*, actor: Actor, batch: uuid.UUID) -> list[PrintedVoucher] | DomainError:
    """The codes of the vouchers that are still open, for the printer; in the trail, each time.

    Raises ``Denied``, ``NotFound`` (``unknown_voucher_batch``), ``Conflict`` (``no_vouchers_left``).
    """
    actor.require(PERMISSION)
    found = _batch(batch)
    is_over = found.voided_at is not None or found.expires_at <= timezone.now()
    numbers = (
        []
        if is_over
        else list(
            Voucher.objects.filter(batch=found, state=Voucher.State.OPEN)
            .order_by("number")
            .values_list("number", flat=True)
        )
    )
    if not numbers:
        raise Conflict(
            "no_vouchers_left", _("None of these vouchers can be redeemed any more. Make new ones.")
        )
    seed = crypto.open_from(found, "seed")
    audit.record(actor=actor, action="voucher.print", target=target(found), vouchers=len(numbers))
    return [PrintedVoucher(number, voucher_codes.code_of(seed, number)) for number in numbers]


@unit_of_work
def void_batch(*, actor: Actor, batch: uuid.UUID, reason: str) -> int | DomainError:
    """Take back every voucher of the batch that nobody has redeemed; returns how many. Its codes cannot be printed any more.

    Raises ``Denied``, ``NotFound`` (``unknown_voucher_batch``), ``Invalid`` (``invalid_memo``, ``reason_required``).
    """
    actor.require(PERMISSION)
    check_memo(reason)
    if not reason.strip():
        raise Invalid("reason_required", _("Say why: the reason stands in the trail."), field="reason")
    found = _batch(batch, locked=True)
    # By number, as everybody who locks several of them would; whoever redeems one holds only that one.
    still_open = Voucher.objects.filter(batch=found, state=Voucher.State.OPEN).order_by("number")
    rows = [row.pk for row in still_open.select_for_update(no_key=True)]
    voided: int = Voucher.objects.filter(pk__in=rows, state=Voucher.State.OPEN).update(
        state=Voucher.State.VOIDED
    )
    if found.voided_at is None:
        found.voided_at, found.seed = timezone.now(), b""
        found.save(update_fields=["voided_at", "seed"])
        audit.record(actor=actor, action="voucher.void", target=target(found), vouchers=voided, reason=reason)
    return voided


def target(batch: VoucherBatch) -> str:
    """How the trail names a batch."""
    return f"ledger.vouchers:{batch.pk}"


def _batch(pk: uuid.UUID, *, locked: bool = False) -> VoucherBatch:
    rows = VoucherBatch.objects.select_related("currency")
    rows = rows.select_for_update(no_key=True, of=("self",)) if locked else rows
    found: VoucherBatch | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("unknown_voucher_batch", _("There are no such vouchers here."))
    return found


def _shown(batch: VoucherBatch, amount: int) -> str:
    return money.display(amount, symbol=batch.currency.symbol, exponent=batch.currency.exponent)


# -- What players do ---------------------------------------------------------------------------------------------------


def look_up(*, actor: Actor, code: str) -> Voucher:
    """The voucher with this code, for somebody who has signed in. Reads only, but wrong codes count: nobody may try them out.

    Raises ``Denied``, ``Invalid`` (``bad_voucher_code``), ``NotFound`` (``unknown_voucher``), ``TooMany``.
    """
    actor.require("ledger.pay")
    who = f"{actor.tenant.pk}:{actor.principal}"
    limits.peek(_WRONG, who)
    try:
        with tenancy.scope(actor.tenant):
            return selectors.voucher_with(code)
    except NotFound:
        limits.count(_WRONG, who)
        raise


def why_not(voucher: Voucher, actor: Actor) -> DomainError | None:
    """Why ``voucher`` cannot be redeemed, with what to do then; None when it can.

    Whoever has redeemed it finds the transfer in ``facts``.
    """
    state = voucher.state_at(timezone.now())
    if state == Voucher.State.REDEEMED:
        redeemed = voucher.transfer
        if redeemed is not None and redeemed.actor_id == actor.user_id:
            return Conflict(
                "voucher_used",
                _("You have redeemed this voucher already; it was not paid a second time."),
                facts={"transfer": str(redeemed.pk)},
            )
        return Conflict(
            "voucher_used",
            _("Somebody else has redeemed this voucher already; each pays once. Ask whoever gave it to you."),
        )
    if state == Voucher.State.VOIDED:
        return Conflict(
            "voucher_voided", _("The game masters have taken this voucher back. Ask them for another one.")
        )
    if state == Voucher.State.EXPIRED:
        return Conflict("voucher_expired", _("This voucher is too old. Ask a game master for another one."))
    return None


def redeem(*, actor: Actor, code: str, to_account: str | None = None, claim: Claim | None = None) -> Redeemed:
    """Pay what the voucher with this code is worth into an account of the actor's (None: the first that fits), once for ever.

    Raises what ``look_up`` raises, ``NotFound`` (``no_account``, ``unknown_account``), ``Conflict`` (``voucher_used``,
    ``voucher_voided``, ``voucher_expired``, ``wrong_currency``), and every refusal of ``ledger.posting``.
    """
    voucher = look_up(actor=actor, code=code)
    return _redeem(actor=actor, voucher=voucher.pk, to_account=to_account, claim=claim)


@unit_of_work
def _redeem(
    *, actor: Actor, voucher: uuid.UUID, to_account: str | None, claim: Claim | None
) -> Redeemed | DomainError:
    found = Voucher.objects.select_related("batch__currency").get(pk=voucher)
    batch: VoucherBatch = found.batch
    account = selectors.account_to_redeem_into(actor, to_account, batch.currency)
    order = Order(
        from_account=selectors.issuance(batch.currency).number,
        to_account=account.number,
        amount=batch.worth,
        kind=Transfer.Kind.VOUCHER,
        memo=batch.label,
        # The database itself lets it stand on one transfer only, whatever became of the lock.
        reference=reference_of(found.pk),
    )
    claimed = posting.claim(actor=actor, claim=claim) if claim is not None else None
    if isinstance(claimed, Stored):
        outcome = posting.from_stored(actor=actor, stored=claimed, transfers=[order])
        return outcome if isinstance(outcome, DomainError) else _redeemed(outcome)
    locked = _locked(voucher)
    locked.batch = batch
    refusal = why_not(locked, actor)
    if refusal is not None:
        raise refusal
    posted = posting.post(actor=actor, transfers=[order], authority=Authority.REFUND, idempotency_key=claimed)
    if isinstance(posted, DomainError):
        return posted
    Voucher.objects.filter(pk=voucher).update(state=Voucher.State.REDEEMED, transfer=order.id)
    return _redeemed(posted)


def _locked(voucher: uuid.UUID) -> Voucher:
    """The row, locked until the commit: of two who come with one code the second waits here, and then sees that it is used."""
    row: Voucher = Voucher.objects.select_for_update(no_key=True).get(pk=voucher)
    return row


def _redeemed(posted: posting.Posting) -> Redeemed:
    [transfer] = selectors.transfers_by_ids(posted.ids)
    balance = (
        selectors.posted_legs(transfer)[transfer.to_account_id].balance_after
        if posted.replayed
        else posted.credits[0].balance_after
    )
    return Redeemed(transfer, balance, posted.replayed)


def reference_of(voucher: uuid.UUID) -> str:
    """The reference of the transfer that redeems a voucher."""
    return f"voucher:{voucher}"

"""Movements of game masters: adjusting with a reason, and paying many people in one run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts import audit, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid, NotFound
from accounts.models import Faction
from accounts.units import RunAgain, unit_of_work
from ledger import numbers, posting, selectors
from ledger.models import Account, Balance, Transfer
from ledger.money import is_amount
from ledger.posting import MAX_BATCH, Authority, Claim, Order
from ledger.services.accounts import target
from ledger.services.transfers import Paid, check_memo, paid_of

RUN_MAX = 10_000


@unit_of_work
def adjust(
    *, actor: Actor, account: str, amount: int, reason: str, force: bool = False, claim: Claim | None = None
) -> Paid | DomainError:
    """Issue ``amount`` (minor units) to ``account``, or burn it when negative; ``new_balance`` is that account's.

    A reason is required. ``force`` lets the balance fall below its floor: the floor is lowered first, in the same transaction
    and on the trail. Raises ``Denied``, ``NotFound``, ``Invalid`` (``reason_required``, ``invalid_amount``) and the refusals of
    ``ledger.posting`` that bind game masters.
    """
    actor.require("ledger.adjust")
    check_memo(reason)
    if not reason.strip():
        raise Invalid(
            "reason_required", _("Say why: the reason stands in the books for ever."), field="reason"
        )
    if not is_amount(abs(amount) if type(amount) is int else amount):
        raise Invalid(
            "invalid_amount", _("An amount is a whole number of minor units, and not zero."), field="amount"
        )
    found = selectors.account_for(actor, account)
    mint = selectors.issuance(found.currency)
    payer, payee = (mint, found) if amount > 0 else (found, mint)
    order = Order(
        from_account=payer.number,
        to_account=payee.number,
        amount=abs(amount),
        kind=Transfer.Kind.ADMIN,
        memo=reason,
    )
    held: Claim | posting.Claimed | None = claim
    if claim is not None and force:
        # The key comes before the balance rows in the lock order, and lowering the floor locks one.
        held_or_stored = posting.claim(actor=actor, claim=claim)
        if isinstance(held_or_stored, posting.Stored):
            replayed = posting.from_stored(actor=actor, stored=held_or_stored, transfers=[order])
            return (
                replayed
                if isinstance(replayed, DomainError)
                else _adjusted(actor, replayed, order, found, mint)
            )
        held = held_or_stored
    lowered = _lower_floor(actor, found, mint, -amount) if force and amount < 0 else None
    posted = posting.post(actor=actor, transfers=[order], authority=Authority.GM, idempotency_key=held)
    if isinstance(posted, DomainError):
        if lowered is not None:
            posting.set_state(actor=actor, account=found, floor=lowered.before)
        audit.record(
            actor=actor, action="account.adjust", target=target(found), status=posted.code, amount=amount
        )
        return posted
    if lowered is not None:
        audit.record(
            actor=actor,
            action="account.floor",
            target=target(found),
            before=lowered.before,
            after=lowered.after,
        )
    return _adjusted(actor, posted, order, found, mint)


@dataclass(frozen=True, slots=True)
class _Lowered:
    before: int
    after: int


def _adjusted(actor: Actor, posted: posting.Posting, order: Order, found: Account, mint: Account) -> Paid:
    both = {account.number: account for account in (found, mint)}
    [paid] = paid_of(posted, [order], selectors.Sides({}, both), actor)
    if posted.replayed:
        balance = selectors.posted_legs(paid.transfer)[found.pk].balance_after
    else:
        leg = posted.credits[0] if order.to_account == found.number else posted.debits[0]
        balance = leg.balance_after
    return Paid(paid.transfer, balance, posted.replayed)


def _lower_floor(actor: Actor, account: Account, mint: Account, amount: int) -> _Lowered | None:
    """Make room for ``amount`` under the account's floor, where that is needed."""
    # Both sides at once, in the lock order: the posting that follows will want the mint's row, too.
    locked = posting.lock(actor=actor, accounts=[account, mint])
    row: Balance = next(row for row in locked if row.account_id == account.pk)
    room_needed = row.amount - row.held - amount
    if row.floor is None or room_needed >= row.floor:
        return None
    posting.set_state(actor=actor, account=account, floor=room_needed)
    return _Lowered(row.floor, room_needed)


@dataclass(frozen=True, slots=True)
class PayLine:
    """One person's pay: account number and amount in minor units."""

    account: str
    amount: int
    memo: str = ""


@dataclass(frozen=True, slots=True)
class PayRun:
    """What a run has come to: lines that this call has ``paid``, lines ``paid_before``, and the ``total`` of both (minor units).

    ``refused`` stopped it, at the line with index ``refused_line``: of that line's chunk this call has paid nobody.
    """

    paid: int
    paid_before: int
    total: int
    refused: DomainError | None = None
    refused_line: int | None = None


def plan_faction(*, actor: Actor, faction: Faction, amount: int, memo: str = "") -> list[PayLine]:
    """Who would be paid what: every active member's primary account. Writes nothing. Raises ``Denied``, ``Invalid``."""
    actor.require("ledger.payroll")
    if not is_amount(amount):
        raise Invalid(
            "invalid_amount", _("An amount is a whole number of minor units, and not zero."), field="amount"
        )
    members = selectors.accounts_of_faction(faction).filter(
        is_primary=True, holder__user__isnull=False, holder__user__is_active=True
    )
    return [PayLine(account.number, amount, memo) for account in members]


def pay_run(
    *,
    actor: Actor,
    lines: Sequence[PayLine],
    run: str,
    reason: str,
    from_account: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> PayRun:
    """Pay 1 to 10,000 accounts, newly issued or from ``from_account``, in chunks of 1000 that are each all or nothing.

    Each line carries a reference made from ``run`` and the account, which is unique for ever. So the same run called again, by
    whomever and with whatever list, pays whoever is missing and nobody twice. Where a line was paid with another amount or from
    another payer, nobody is paid (``run_differs``). Stops at the first refused chunk and says which line it was. Raises
    ``Denied``, ``NotFound``, ``Invalid`` (``invalid_run``, ``reason_required``, ``invalid_memo``).
    """
    actor.require("ledger.payroll")
    if not 1 <= len(lines) <= RUN_MAX or not 1 <= len(run) <= 100:
        raise Invalid("invalid_run", _("A pay run has a name and 1 to 10,000 lines."))
    if not reason.strip():
        raise Invalid(
            "reason_required", _("Say why: the reason stands in the books for ever."), field="reason"
        )
    for memo in {reason, *(line.memo for line in lines)}:
        check_memo(memo)
    due = _due(lines, run=run, reason=reason)
    with tenancy.scope(actor.tenant):
        source = _payroll_source(actor, from_account)
        # All of it is looked at before the first payment: a run on other terms is refused whole.
        differing = _differing(_settled(due), due, source)
    if differing is not None:
        return _stopped(actor, due, 0, differing)
    paid = 0
    for chunk in _chunks(due):
        try:
            paid += _pay_chunk(actor=actor, lines=chunk, source=source, run=run, reason=reason)
        except DomainError as refused:
            refused.facts.setdefault("place", chunk[0].place)
            return _stopped(actor, due, paid, refused)
        if progress is not None:
            progress(len(chunk))
    return PayRun(paid, len(due) - paid, sum(line.amount for line in due))


def _stopped(actor: Actor, due: Sequence[_Due], paid: int, refused: DomainError) -> PayRun:
    """How far the whole run has come; ``refused.facts`` has the place where it stopped."""
    with tenancy.scope(actor.tenant):
        settled = _settled(due)
    place = int(refused.facts["place"])
    if refused.code == "run_differs":
        refused = _run_differs(place, paid=len(settled), count=len(due))
    return PayRun(paid, len(settled) - paid, sum(row.amount for row in settled.values()), refused, place)


@dataclass(frozen=True, slots=True)
class _Due:
    """A line of a run: its place there, and the reference under which it is paid once for ever."""

    place: int
    payee: str
    amount: int
    memo: str
    reference: str


def reference_in(run: str, account: str) -> str:
    """The reference under which ``account`` (a number) is paid in ``run``, once for ever."""
    return f"run:{uuid.uuid5(uuid.NAMESPACE_OID, run).hex}:{account}"[:64]


def references_of(run: str) -> tuple[str, str]:
    """The first and the last of all references that ``run`` can have, whatever order the database keeps them in."""
    return reference_in(run, "NC-0000-0000"), reference_in(run, "NC-ZZZZ-ZZZZ")


def settled_in(run: str, accounts: Sequence[str]) -> dict[str, Transfer]:
    """What ``run`` has paid to these account numbers before, by number."""
    numbered = {reference_in(run, account): account for account in accounts}
    references = list(numbered)
    found = {}
    for start in range(0, len(references), MAX_BATCH):
        for row in selectors.transfers_by_references(references[start : start + MAX_BATCH]):
            found[numbered[str(row.reference)]] = row
    return found


def has_begun(run: str) -> bool:
    """Whether ``run`` has paid anybody."""
    return selectors.is_any_reference_within(*references_of(run))


def _due(lines: Sequence[PayLine], *, run: str, reason: str) -> list[_Due]:
    """Raises ``Invalid`` (``invalid_run``) where an account stands twice: only one of its lines could ever be paid."""
    due = {}
    for place, line in enumerate(lines):
        payee = numbers.normalize(line.account)
        if payee in due:
            raise Invalid(
                "invalid_run",
                _("%(number)s stands in this run twice; a run pays nobody twice.") % {"number": payee},
            )
        due[payee] = _Due(place, payee, line.amount, line.memo or reason, reference_in(run, payee))
    return list(due.values())


@unit_of_work
def _pay_chunk(
    *, actor: Actor, lines: Sequence[_Due], source: Account, run: str, reason: str
) -> int | DomainError:
    """Pay those of one chunk who were not paid in this run before, and return how many.

    A refusal is committed as a line of the trail, and as nothing else.
    """
    settled = _settled(lines)
    if (differing := _differing(settled, lines, source)) is not None:
        return differing
    missing = [line for line in lines if line.reference not in settled]
    if not missing:
        return 0
    orders = [
        Order(
            from_account=source.number,
            to_account=line.payee,
            amount=line.amount,
            kind=Transfer.Kind.PAYROLL,
            memo=line.memo,
            reference=line.reference,
        )
        for line in missing
    ]
    posted = posting.post(actor=actor, authority=Authority.GM, transfers=orders)
    if isinstance(posted, DomainError) and posted.code == "reference_used":
        # Somebody paid one of them in the same run just now.
        raise RunAgain
    audit.record(
        actor=actor,
        action="payroll.pay",
        target=target(source),
        status=posted.code if isinstance(posted, DomainError) else "ok",
        run=run,
        lines=len(missing),
        total=sum(line.amount for line in missing),
        reason=reason,
    )
    if isinstance(posted, DomainError):
        posted.facts["place"] = missing[int(posted.facts.get("index", 0))].place
        return posted
    return len(missing)


def _settled(lines: Sequence[_Due]) -> dict[str, Transfer]:
    """What was paid of ``lines`` before, by reference."""
    return {
        str(row.reference): row
        for chunk in _chunks(lines)
        for row in selectors.transfers_by_references([line.reference for line in chunk])
    }


def _differing(settled: Mapping[str, Transfer], lines: Sequence[_Due], source: Account) -> Conflict | None:
    """The refusal when one of ``lines`` was paid with another amount, or by another payer than ``source``."""
    for line in lines:
        row = settled.get(line.reference)
        if row is not None and (row.amount, row.from_account_id) != (line.amount, source.pk):
            return _run_differs(line.place, paid=len(settled), count=len(lines))
    return None


def _run_differs(place: int, *, paid: int, count: int) -> Conflict:
    return Conflict(
        "run_differs",
        _(
            "This run has paid %(paid)d of these %(count)d accounts before, but with other amounts or from another payer. A new "
            "run would pay those %(paid)d again. Repeat this one as it was begun: whoever is missing is paid, and nobody twice."
        )
        % {"paid": paid, "count": count},
        facts={"place": place},
    )


def _payroll_source(actor: Actor, number: str | None) -> Account:
    if number is None:
        return selectors.issuance(selectors.first_currency())
    source = selectors.account_for(actor, number)
    if source.kind == Account.Kind.SYSTEM and not source.number.startswith("NC-MINT-"):
        raise NotFound(
            "unknown_account", _("There is no account %(number)s. Check the number.") % {"number": number}
        )
    return source


def _chunks(lines: Sequence[_Due]) -> Iterator[Sequence[_Due]]:
    for start in range(0, len(lines), MAX_BATCH):
        yield lines[start : start + MAX_BATCH]

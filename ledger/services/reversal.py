"""Taking back everything that somebody sent: exactly what was previewed, all of it at once, or nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts import audit, languages, notify
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid
from accounts.models import ApiKey, User
from accounts.services import keys, people
from accounts.units import unit_of_work
from ledger import posting, selectors
from ledger.models import Account, Currency, Transfer
from ledger.posting import Authority, Claim, Claimed, Order, Stored
from ledger.selectors import Reversal, ReversalLine, Subject
from ledger.services import accounts
from ledger.services.transfers import check_memo, shown


@dataclass(frozen=True, slots=True)
class Reversed:
    """What came back: ``count`` movements, the sum of each currency (minor units); ``replayed``: that was before."""

    count: int
    sums: list[tuple[Currency, int]]
    replayed: bool = False


@unit_of_work
def reverse(
    *,
    actor: Actor,
    subject: Subject,
    since: dt.datetime,
    until: dt.datetime | None = None,
    digest: str,
    reason: str,
    claim: Claim | None = None,
) -> Reversed | DomainError:
    """Give back what ``subject`` (an account, person or device key) sent since then, as far as it can be taken back.

    ``digest`` is that of the preview (``selectors.reversal``) that somebody has agreed to. It is made again under the locks that
    the refunds need; when it has come out differently nothing is done (``Conflict``, ``preview_changed``). The reason stands in
    both histories. Raises ``Denied``, ``Invalid`` (``reason_required``, ``invalid_memo``), ``Conflict`` (``nothing_to_reverse``)
    and what ``selectors.reversal`` raises.
    """
    actor.require("ledger.reverse")
    check_memo(reason)
    if not reason.strip():
        raise Invalid(
            "reason_required", _("Say why: the reason stands in the books for ever."), field="reason"
        )
    claimed = posting.claim(actor=actor, claim=claim) if claim is not None else None
    if isinstance(claimed, Stored):
        return _reversed_before(actor, claimed)
    plan = selectors.reversal(actor, subject, since=since, until=until)
    if plan.digest == digest:
        posting.lock_refunds(actor=actor, transfers=[line.transfer.pk for line in plan.taking])
        posting.lock(actor=actor, accounts=plan.accounts)
        plan = selectors.reversal(actor, subject, since=since, until=until)
    refusal = _refusal(plan, digest)
    if refusal is not None:
        return _refused(actor, plan, refusal, claimed)
    posted = posting.post(
        actor=actor,
        transfers=[_giving_back(line, reason) for line in plan.taking],
        authority=Authority.GM,
        idempotency_key=claimed,
    )
    if isinstance(posted, DomainError):
        return _refused(actor, plan, posted, claimed)
    for total in plan.totals:
        if total.take:
            _note(actor, plan, total.currency, total=total.take, reason=reason)
    _tell(plan)
    sums = [(total.currency, total.take) for total in plan.totals if total.take]
    return Reversed(len(posted.ids), sums)


def _refusal(plan: Reversal, digest: str) -> DomainError | None:
    if plan.digest != digest:
        return Conflict(
            "preview_changed",
            _(
                "Something has moved since this was shown, so nothing was done. Look at how it stands now, and confirm that."
            ),
        )
    if not plan.taking:
        return Conflict("nothing_to_reverse", _("Nothing of it can be taken back. Nothing was done."))
    return None


def _refused(actor: Actor, plan: Reversal, refusal: DomainError, claimed: Claimed | None) -> DomainError:
    """The refusal, noted in the trail. The key is given back: whoever confirms again is asking anew."""
    if claimed is not None:
        posting.release(actor=actor, claimed=claimed)
    audit.record(actor=actor, action=_action(plan.subject), target=_target(plan.subject), status=refusal.code)
    return refusal


def _reversed_before(actor: Actor, stored: Stored) -> Reversed | DomainError:
    if not stored.same:
        return posting.key_reused()
    before = selectors.transfers_by_ids([uuid.UUID(ref) for ref in stored.refs])
    return Reversed(len(before), _sums(before), replayed=True)


def _sums(transfers: Sequence[Transfer]) -> list[tuple[Currency, int]]:
    sums: dict[Currency, int] = {}
    for transfer in transfers:
        sums[transfer.currency] = sums.get(transfer.currency, 0) + transfer.amount
    return list(sums.items())


def _giving_back(line: ReversalLine, reason: str) -> Order:
    original = line.transfer
    return Order(
        from_account=original.to_account.number,
        to_account=original.from_account.number,
        amount=line.take,
        kind=Transfer.Kind.REFUND,
        memo=reason,
        refunds=original.pk,
    )


# -- who hears of it ---------------------------------------------------------------------------------------------------


def _note(actor: Actor, plan: Reversal, currency: Currency, *, total: int, reason: str) -> None:
    """One line for each currency: the trail says amounts in that of one account."""
    lines = [line for line in plan.taking if line.transfer.currency_id == currency.pk]
    audit.record(
        actor=actor,
        action=_action(plan.subject),
        target=_target(plan.subject),
        since=plan.since.astimezone(dt.UTC).isoformat(timespec="seconds"),
        until=plan.until.astimezone(dt.UTC).isoformat(timespec="seconds") if plan.until else "",
        transfers=len(lines),
        total=total,
        account=lines[0].transfer.from_account.number,
        reason=reason,
    )


def _tell(plan: Reversal) -> None:
    """A line in the inbox of everybody on either side, one for each account."""
    given: dict[Account, int] = {}
    taken: dict[Account, int] = {}
    for line in plan.taking:
        payer, payee = line.transfer.from_account, line.transfer.to_account
        given[payer] = given.get(payer, 0) + line.take
        taken[payee] = taken.get(payee, 0) + line.take
    with languages.of_the_event():
        back, away = _sentences(plan.subject)
    _publish(given, kind="transfer.refunded", sentence=back)
    _publish(taken, kind="transfer.reversed", sentence=away)


def _publish(sums: dict[Account, int], *, kind: str, sentence: str) -> None:
    notify.publish_all(
        (
            (account.holder.user, sentence % {"amount": shown(account, amount)}, {"account": account.number})
            for account, amount in sums.items()
            if account.holder.user is not None
        ),
        kind=kind,
    )


def _sentences(subject: Subject) -> tuple[str, str]:
    """What those are told who get money back, and those from whom it was taken; the amount is still to be filled in."""
    if isinstance(subject, ApiKey):
        back = _("The game masters gave you %(amount)s back that %(who)s had taken.")
        away = _("The game masters took %(amount)s back that %(who)s had taken for you.")
        name = subject.name
    else:
        back = _("The game masters gave you %(amount)s back that %(who)s had sent.")
        away = _("The game masters took %(amount)s back that %(who)s had sent you.")
        name = subject.character_name if isinstance(subject, User) else subject.holder.name
    # A name may hold a percent sign of its own.
    who = {"who": str(name).replace("%", "%%"), "amount": "%(amount)s"}
    return back % who, away % who


def _action(subject: Subject) -> str:
    """How the trail names it."""
    if isinstance(subject, ApiKey):
        return "key.reverse"
    return "user.reverse" if isinstance(subject, User) else "account.reverse"


def _target(subject: Subject) -> str:
    if isinstance(subject, ApiKey):
        return keys.target(subject)
    return people.target(subject) if isinstance(subject, User) else accounts.target(subject)

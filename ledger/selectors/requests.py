"""Payment requests: whoever knows the code or the id may look at one, since neither can be guessed.

One that asks a named person is for that person, for whoever works with the account that asks, and for game masters alone.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import Denied, NotFound
from ledger import codes, numbers
from ledger.models import Account, PaymentRequest
from ledger.selectors.accounts import accounts_of, primary_account


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as somebody sees it now: who has paid is for both sides and for game masters."""

    request: PaymentRequest
    state: str
    is_payee: bool
    is_payer: bool
    shows_payer: bool


def request_for(actor: Actor, reference: str) -> PaymentRequest:
    """The request with this id or code, for people of the event. Raises ``NotFound`` (``unknown_request``)."""
    if actor.user is None:
        raise _unknown()
    request = _found(_meant(reference))
    if request.payer_id in {None, actor.user_id} or actor.may("ledger.view_all"):
        return request
    if not accounts_of(actor).filter(pk=request.account_id).exists():
        raise _unknown()
    return request


def request_to_own(actor: Actor, reference: str) -> PaymentRequest:
    """The request with this id or code, for people who work with the account that asks. Raises ``NotFound``."""
    return _found(_meant(reference) & Q(account__in=accounts_of(actor).order_by().values("pk")))


def seen(actor: Actor, request: PaymentRequest) -> SeenRequest:
    """``request`` as ``actor`` may see it."""
    paid = request.transfer
    sides = {request.account_id} | ({paid.from_account_id} if paid else set())
    mine = set(accounts_of(actor).filter(pk__in=sides).order_by().values_list("pk", flat=True))
    is_payee, is_payer = request.account_id in mine, paid is not None and paid.from_account_id in mine
    return SeenRequest(
        request=request,
        state=request.state_at(timezone.now()),
        is_payee=is_payee,
        is_payer=is_payer,
        shows_payer=paid is not None and (is_payee or is_payer or actor.may("ledger.view_all")),
    )


def seen_unpaid(request: PaymentRequest, *, is_payee: bool) -> SeenRequest:
    """``request``, which nobody has paid, as one of its two sides sees it; asks the database nothing."""
    return SeenRequest(request, request.state_at(timezone.now()), is_payee, is_payer=False, shows_payer=False)


def waiting(account: Account, *, limit: int) -> list[PaymentRequest]:
    """The requests of ``account`` (already allowed to the reader) that can still be paid, newest first."""
    still_open = PaymentRequest.objects.filter(
        account=account, payer=None, state=PaymentRequest.State.OPEN, expires_at__gt=timezone.now()
    )
    return list(still_open.select_related("created_by").order_by("-id")[:limit])


def asked_of(actor: Actor) -> QuerySet[PaymentRequest]:
    """What named the actor and waits for an answer, newest first."""
    waiting_for_me = PaymentRequest.objects.filter(
        payer=actor.user_id, state=PaymentRequest.State.OPEN, expires_at__gt=timezone.now()
    )
    return waiting_for_me.select_related("account__holder", "account__currency", "payer", "created_by")


def asked_by(actor: Actor, *, limit: int) -> list[PaymentRequest]:
    """What the actor's accounts have asked named people for, newest first."""
    mine = PaymentRequest.objects.filter(
        account__in=accounts_of(actor).order_by().values("pk"), payer__isnull=False
    )
    rows = mine.select_related("account__holder", "account__currency", "payer", "created_by")
    return list(rows.order_by("-id")[:limit])


def unanswered(actor: Actor, payers: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many requests of the actor's each of ``payers`` (user ids) has not answered yet."""
    still_open = PaymentRequest.objects.filter(
        payer__in=list(payers),
        created_by=actor.user_id,
        state=PaymentRequest.State.OPEN,
        expires_at__gt=timezone.now(),
    )
    return dict(still_open.order_by().values_list("payer").annotate(Count("pk")))


def asked_since(actor: Actor, payers: Iterable[uuid.UUID], moment: dt.datetime) -> dict[uuid.UUID, int]:
    """How often the actor has asked each of ``payers`` (user ids) since ``moment``, whatever came of it."""
    made = PaymentRequest.objects.filter(
        payer__in=list(payers), created_by=actor.user_id, created_at__gte=moment
    )
    return dict(made.order_by().values_list("payer").annotate(Count("pk")))


def account_to_ask_into(actor: Actor, number: str | None) -> Account:
    """An account of the actor's, or that they work with; None is the primary one. Raises ``NotFound``."""
    if number is None:
        return primary_account(actor)
    found = accounts_of(actor).filter(number=numbers.normalize(number)).first()
    if found is None:
        raise _not_mine(number)
    return found


def tills_of(actor: Actor) -> list[Account]:
    """The merchant accounts that the actor owns or works with, oldest first."""
    return list(accounts_of(actor).filter(is_merchant=True))


def till_for(actor: Actor, number: str | None) -> Account:
    """One of them; None stands for the first. Raises ``NotFound`` (``unknown_account``), ``Denied`` (``not_a_merchant``)."""
    mine = accounts_of(actor)
    if number is not None:
        found = mine.filter(number=numbers.normalize(number)).first()
        if found is None:
            raise _not_mine(number)
    else:
        found = mine.filter(is_merchant=True).first()
    if found is None or not found.is_merchant:
        raise Denied("not_a_merchant", _("This is no merchant's account. Ask a game master to make it one."))
    return found


def _meant(reference: str) -> Q:
    try:
        return Q(pk=uuid.UUID(reference))
    except ValueError:
        return Q(code=codes.normalize(reference))


def _found(wanted: Q) -> PaymentRequest:
    found = PaymentRequest.objects.select_related(
        "account__holder", "account__currency", "transfer__from_account__holder", "created_by", "payer"
    ).filter(wanted)
    request = found.first()
    if request is None:
        raise _unknown()
    return request


def _not_mine(number: str) -> NotFound:
    return NotFound(
        "unknown_account",
        _("There is no account %(number)s among yours. Check the number.") % {"number": number[:20]},
    )


def _unknown() -> NotFound:
    return NotFound(
        "unknown_request", _("There is nothing to pay under this code. Scan it again, or ask for a new one.")
    )

"""What the payer sees who has scanned a code: who asks, what for, how much; confirmed once, then green."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from ledger import codes, selectors
from ledger.api.endpoint import counted
from ledger.forms import key_or_new, new_key
from ledger.idempotency import claim_for
from ledger.models import PaymentRequest
from ledger.selectors import Standing
from ledger.services import requests

# After these nobody knows yet whether it was done, or nothing was stored: the same key asks again.
_KEY_STAYS: Final = {"in_flight", "busy", "rate_limited"}
# What the page says of itself, without a refusal.
_STATES: Final = {"request_paid", "request_cancelled", "request_expired", "request_declined"}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page(typed=("from_account", "key"))
def asked(request: BankRequest, actor: Actor, code: str) -> HttpResponse:
    """The question; posted, the payment."""
    found = selectors.request_for(actor, code)
    if request.method == "POST":
        return _pay(request, actor, found)
    return _page(request, actor, found, key=key_or_new(request.GET.get("key", "")))


def _pay(request: BankRequest, actor: Actor, found: PaymentRequest) -> HttpResponse:
    chosen = request.POST.get("from_account") or None
    key = key_or_new(request.POST.get("key", ""))
    claim = claim_for(key, method="POST", path=request.path, body={"from": chosen})
    try:
        with counted(actor, claim) as spending:
            paid = requests.pay(actor=actor, request=str(found.pk), from_account=chosen, claim=claim)
            if paid.replayed:
                spending.give_back()
    except DomainError as refusal:
        return _refused(request, actor, found, refusal, key)
    if paid.replayed:
        messages.info(request, _("This had already gone through; it was not done a second time."))
    return redirect("bank:request", found.code)


def _refused(
    request: BankRequest, actor: Actor, found: PaymentRequest, refusal: DomainError, key: str
) -> HttpResponse:
    """The page as it is now, with the reason where the page does not say it anyway."""
    if refusal.code in _STATES:
        found = selectors.request_for(actor, found.code)
    sentence = "" if refusal.code in _STATES - {"request_paid"} else refusal.sentence
    if refusal.code == "request_paid" and selectors.seen(actor, found).is_payer:
        sentence = _("You had paid this already; it was not taken a second time.")
    key = key if refusal.code in _KEY_STAYS else new_key()
    response = _page(request, actor, found, key=key, refusal=sentence, status=refusal.status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _page(
    request: BankRequest,
    actor: Actor,
    found: PaymentRequest,
    *,
    key: str,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    seen = selectors.seen(actor, found)
    context: dict[str, Any] = {
        "asked": found,
        "seen": seen,
        "spaced": codes.spaced(found.code),
        "key": key,
        "refusal": refusal,
        "may_answer": found.payer_id in {None, actor.user_id},
    }
    if seen.state == PaymentRequest.State.OPEN and context["may_answer"]:
        context |= _ways_to_pay(request, actor, found)
    return render(request, "ledger/asked.html", context, status=status)


def _ways_to_pay(request: BankRequest, actor: Actor, found: PaymentRequest) -> dict[str, Any]:
    """The accounts that the money may come from, and what would be left in the only one."""
    mine = selectors.accounts_of(actor).filter(currency=found.account.currency_id)
    # One's own first: nobody pays out of the till by not looking.
    payable = sorted(
        (one for one in mine if one.pk != found.account_id),
        key=lambda one: (one.holder.user_id != actor.user_id, not one.is_primary, one.pk),
    )
    standings: list[Standing] = selectors.standings(payable)
    enough = [standing for standing in standings if standing.available >= found.amount]
    return {
        "standings": standings,
        "enough": enough,
        "chosen": request.POST.get("from_account", request.GET.get("from_account", "")),
        "left": standings[0].available - found.amount if len(standings) == 1 else None,
    }

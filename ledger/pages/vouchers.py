"""Redeeming a voucher: type its code or scan it, see what it is worth, press once."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from ledger import selectors, voucher_codes
from ledger.api.endpoint import counted
from ledger.forms import VoucherForm, key_or_new, new_key
from ledger.idempotency import claim_for
from ledger.models import Voucher
from ledger.services import vouchers

# After these nobody knows yet whether it was done, or nothing was stored: the same key asks again.
_KEY_STAYS: Final = {"in_flight", "busy", "rate_limited"}


@require_safe
@signed_in_page()
def enter(request: BankRequest, actor: Actor) -> HttpResponse:
    """The field for a code; what is typed leads to the voucher's own page."""
    if "code" not in request.GET:
        return render(request, "ledger/vouchers.html", {"form": VoucherForm()})
    form = VoucherForm(request.GET)
    if not form.is_valid():
        return render(request, "ledger/vouchers.html", {"form": form}, status=400)
    return redirect("bank:voucher", form.cleaned_data["code"])


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page(typed=("to_account", "key"))
def voucher(request: BankRequest, actor: Actor, code: str) -> HttpResponse:
    """What it is worth; posted, it is redeemed."""
    try:
        found = vouchers.look_up(actor=actor, code=code)
    except DomainError as refusal:
        return _nothing(request, code, refusal)
    if request.method == "POST":
        return _redeem(request, actor, found, code)
    refused = vouchers.why_not(found, actor)
    key = key_or_new(request.GET.get("key", ""))
    return _page(request, actor, found, code, key=key, refusal=refused)


def _redeem(request: BankRequest, actor: Actor, found: Voucher, code: str) -> HttpResponse:
    chosen = request.POST.get("to_account") or None
    key = key_or_new(request.POST.get("key", ""))
    claim = claim_for(key, method="POST", path=request.path, body={"to": chosen})
    try:
        with counted(actor, claim) as spending:
            redeemed = vouchers.redeem(actor=actor, code=code, to_account=chosen, claim=claim)
            if redeemed.replayed:
                spending.give_back()
    except DomainError as refusal:
        key = key if refusal.code in _KEY_STAYS else new_key()
        return _page(request, actor, found, code, key=key, refusal=refusal, status=refusal.status)
    if redeemed.replayed:
        messages.info(request, _("This had already gone through; it was not done a second time."))
    else:
        messages.success(request, _("Redeemed. The money is in your account now."))
    return redirect("bank:receipt", redeemed.transfer.pk)


def _nothing(request: BankRequest, code: str, refusal: DomainError) -> HttpResponse:
    """No such voucher: the field again, with what was in the address."""
    form = VoucherForm(initial={"code": code[: VoucherForm.CODE_TYPED_MAX]})
    context = {"form": form, "refusal": refusal.sentence}
    response = render(request, "ledger/vouchers.html", context, status=refusal.status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _page(
    request: BankRequest,
    actor: Actor,
    found: Voucher,
    code: str,
    *,
    key: str,
    refusal: DomainError | None,
    status: int = 200,
) -> HttpResponse:
    batch = found.batch
    own = selectors.accounts_for_voucher(actor, batch.currency)
    over = {"voucher_used", "voucher_voided", "voucher_expired"}
    receipt = refusal.facts.get("transfer") if refusal else None
    context: dict[str, Any] = {
        "batch": batch,
        "spaced": voucher_codes.spaced(voucher_codes.normalize(code)),
        "accounts": own,
        "chosen": request.POST.get("to_account", request.GET.get("to_account", "")),
        "key": key,
        "refusal": refusal.sentence if refusal else "",
        "is_over": refusal is not None and refusal.code in over,
        "receipt": reverse("bank:receipt", args=[receipt]) if receipt else "",
    }
    response = render(request, "ledger/voucher.html", context, status=status)
    if refusal is not None and refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response

"""QR codes to show, to print and to scan."""

from __future__ import annotations

import uuid
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.actors import Actor
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from ledger import codes, qr, selectors, voucher_codes
from ledger.forms import ScanForm

_SVG: Final = "image/svg+xml"


@require_safe
@signed_in_page()
def mine(request: BankRequest, actor: Actor) -> HttpResponse:
    """The QR of each account: who scans it pays into it."""
    shown = [(account, _pay_link(request, account.number)) for account in selectors.accounts_of(actor)]
    return render(request, "ledger/qr.html", {"shown": shown})


@require_safe
@signed_in_page()
def poster(request: BankRequest, actor: Actor, number: str) -> HttpResponse:
    """One sheet to hang up: whose account it is, and its QR."""
    account = selectors.account_for(actor, number)
    return render(
        request, "ledger/poster.html", {"account": account, "link": _pay_link(request, account.number)}
    )


@require_safe
@signed_in_page()
def account_qr(request: BankRequest, actor: Actor, number: str) -> HttpResponse:
    """The address of an account's payment form, as a QR."""
    account = selectors.account_for(actor, number)
    return HttpResponse(qr.svg(_pay_link(request, account.number)), content_type=_SVG)


@require_safe
@signed_in_page()
def request_qr(request: BankRequest, actor: Actor, code: str) -> HttpResponse:
    """The address of the page on which a request is paid, as a QR."""
    found = selectors.request_for(actor, code)
    link = request.build_absolute_uri(reverse("bank:request", args=[found.code]))
    return HttpResponse(qr.svg(link), content_type=_SVG)


@require_safe
@signed_in_page()
def receipt_qr(request: BankRequest, actor: Actor, transfer_id: uuid.UUID) -> HttpResponse:
    """The address of a receipt, as a QR: the other side opens it on a phone of its own, and nobody else can."""
    found = selectors.receipt_for(actor, transfer_id)
    link = request.build_absolute_uri(reverse("bank:receipt", args=[found.transfer.pk]))
    return HttpResponse(qr.svg(link), content_type=_SVG)


@require_safe
@signed_in_page()
def scan(request: BankRequest, actor: Actor) -> HttpResponse:
    """The camera where the browser has one, and a field for what stands under the code everywhere."""
    if "number" not in request.GET:
        return render(request, "ledger/scan.html", {"form": ScanForm()})
    form = ScanForm(request.GET)
    if not form.is_valid():
        return render(request, "ledger/scan.html", {"form": form}, status=400)
    typed = form.cleaned_data["number"]
    if code := codes.normalize(typed):
        return redirect("bank:request", code)
    if voucher_codes.normalize(typed):
        return redirect("bank:voucher", typed)
    return redirect("bank:pay", typed)


def _pay_link(request: HttpRequest, number: str) -> str:
    return request.build_absolute_uri(reverse("bank:pay", args=[number]))

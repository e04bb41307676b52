"""The Charge page: a phone as a till. An amount, a QR that the payer scans, green when it is paid; and the day's takings."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actors import Actor
from accounts.errors import Denied, DomainError
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from ledger import codes, selectors
from ledger.forms import ChargeForm, key_or_new, new_key
from ledger.idempotency import claim_for
from ledger.models import Account
from ledger.pages import cursors
from ledger.services import requests

WAITING_SHOWN: Final = 5
TAKINGS_A_PAGE: Final = 50
# After these nobody knows yet whether it was done, or nothing was stored: the same key asks again.
_KEY_STAYS: Final = {"in_flight", "busy", "rate_limited"}
_FIELDS: Final = ("account", "amount", "memo", "key")
_WALK: Final = "ledger.takings"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page(typed=_FIELDS)
def charge(request: BankRequest, actor: Actor) -> HttpResponse:
    """The amount; posted, the code that the payer scans."""
    tills = _tills(actor)
    if request.method != "POST":
        filled = {name: request.GET[name] for name in _FIELDS if name in request.GET}
        filled["key"] = key_or_new(filled.get("key", ""))
        return _form_page(request, ChargeForm(initial=filled, accounts=tills))
    form = ChargeForm(request.POST, accounts=tills)
    if not form.is_valid():
        return _form_page(request, form, status=400)
    asked, till = form.cleaned_data, form.into
    body = {"account": till.number, "amount": asked["amount"], "memo": asked["memo"]}
    claim = claim_for(asked["key"], method="POST", path=request.path, body=body)
    try:
        made = requests.ask(
            actor=actor, account=till.number, amount=asked["amount"], memo=asked["memo"], claim=claim
        )
    except DomainError as refusal:
        return _refused(request, form, refusal)
    return redirect("bank:charging", made.request.code)


def _tills(actor: Actor) -> list[Account]:
    """Raises ``Denied`` (``not_a_merchant``)."""
    tills = selectors.tills_of(actor)
    if not tills:
        raise Denied(
            "not_a_merchant",
            _(
                "None of your accounts is a till. Ask a game master to make one a merchant's, or to let you work at one."
            ),
        )
    return tills


def _form_page(request: BankRequest, form: ChargeForm, *, status: int = 200) -> HttpResponse:
    waiting = [one for till in form.accounts.values() for one in selectors.waiting(till, limit=WAITING_SHOWN)]
    context = {"form": form, "till": next(iter(form.accounts.values())), "waiting": waiting}
    return render(request, "ledger/charge.html", context, status=status)


def _refused(request: BankRequest, form: ChargeForm, refusal: DomainError) -> HttpResponse:
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)
    if refusal.code not in _KEY_STAYS:
        form.data = dict(form.data.items()) | {"key": new_key()}
    return _form_page(request, form, status=refusal.status)


@require_safe
@signed_in_page()
def charging(request: BankRequest, actor: Actor, code: str) -> HttpResponse:
    """The code to be scanned, big; then green, or why it is over."""
    found = selectors.seen(actor, selectors.request_to_own(actor, code))
    asked = found.request
    if asked.payer_id is not None:
        return redirect("bank:request", asked.code)
    context = {
        "asked": asked,
        "state": found.state,
        "spaced": codes.spaced(asked.code),
        "link": request.build_absolute_uri(reverse("bank:request", args=[asked.code])),
        "again": urlencode({"account": asked.account.number}),
    }
    return render(request, "ledger/charging.html", context)


@require_POST
@signed_in_page(back_to="/bank/charge")
def cancel(request: BankRequest, actor: Actor, code: str) -> HttpResponse:
    """Take it back; what has been paid in the meantime shows as paid."""
    try:
        taken_back = requests.cancel(actor=actor, request=code)
    except DomainError as refusal:
        if refusal.code != "request_paid":
            raise
        messages.info(request, refusal.sentence)
        return redirect("bank:charging", codes.normalize(code) or code)
    messages.success(request, _("Taken back: nobody can pay it any more."))
    return redirect(f"{reverse('bank:charge')}?{urlencode({'account': taken_back.account.number})}")


@require_safe
@signed_in_page()
def takings(request: BankRequest, actor: Actor) -> HttpResponse:
    """What a till has taken on a day of the event, each payment with the way to give it back."""
    tills = _tills(actor)
    wanted = request.GET.get("account")
    till = next((one for one in tills if one.number == wanted), tills[0])
    if wanted and till.number != wanted:
        till = selectors.till_for(actor, wanted)
    today = actor.tenant.day_of(timezone.now())
    day = min(_day(request.GET.get("day", "")) or today, today)
    found = selectors.takings(
        till,
        tenant=actor.tenant,
        day=day,
        cursor=cursors.read(request.GET.get("older", ""), walk=_WALK),
        limit=TAKINGS_A_PAGE,
    )
    context: dict[str, Any] = {
        "till": till,
        "others": [one for one in tills if one.pk != till.pk],
        "found": found,
        "is_today": day == today,
        "before": _page_of(till, day=day - dt.timedelta(days=1)),
        "after": _page_of(till, day=day + dt.timedelta(days=1)) if day < today else "",
        "older": _page_of(till, day=day, older=found.next) if found.next else "",
    }
    return render(request, "ledger/takings.html", context)


def _day(typed: str) -> dt.date | None:
    """Raises ``Http404`` for a day that is none, or lies outside of what a calendar can count."""
    if not typed:
        return None
    try:
        day = dt.date.fromisoformat(typed)
    except ValueError:
        raise Http404 from None
    if not 2000 <= day.year <= 9000:
        raise Http404
    return day


def _page_of(till: Account, *, day: dt.date, older: selectors.Cursor | None = None) -> str:
    query = {"account": till.number, "day": day.isoformat()}
    if older is not None:
        query["older"] = cursors.written(older, walk=_WALK)
    return f"{reverse('bank:takings')}?{urlencode(query)}"

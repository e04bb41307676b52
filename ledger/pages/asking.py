"""Asking people by name: the form, who would be asked for what, and what became of it on both sides."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from ledger import selectors
from ledger.api.endpoint import counted
from ledger.forms import AskForm, key_or_new, new_key
from ledger.idempotency import claim_for
from ledger.services import asking, requests

SHOWN: Final = 30
# After these nobody knows yet whether it was done, or nothing was stored: the same key asks again.
_KEY_STAYS: Final = {"in_flight", "busy", "rate_limited"}
_FIELDS: Final = ("account", "payers", "amount", "with_me", "memo", "key")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page(typed=_FIELDS)
def ask(request: BankRequest, actor: Actor) -> HttpResponse:
    """The form; posted, who would be asked for what; with ``step=ask`` they are."""
    accounts = list(selectors.accounts_of(actor))
    if not accounts:
        return redirect("bank:home")
    if request.method != "POST":
        filled = {name: request.GET[name] for name in _FIELDS if name in request.GET}
        filled["key"] = key_or_new(filled.get("key", ""))
        return _form_page(request, AskForm(initial=filled, accounts=accounts))
    form = AskForm(request.POST, accounts=accounts)
    if not form.is_valid():
        return _form_page(request, form, status=400)
    if request.POST.get("step") == "ask":
        return _ask(request, actor, form)
    if request.POST.get("step") == "change":
        return _form_page(request, form)
    return _plan(request, actor, form)


def _plan(request: BankRequest, actor: Actor, form: AskForm) -> HttpResponse:
    typed = form.cleaned_data
    try:
        bill = asking.plan(
            actor=actor,
            payers=typed["payers"],
            amount=typed["amount"],
            with_me=typed["with_me"],
            account=form.into.number,
        )
    except DomainError as refusal:
        return _refused(request, form, refusal)
    return render(request, "ledger/asking.html", {"form": form, "bill": bill, "memo": typed["memo"]})


def _ask(request: BankRequest, actor: Actor, form: AskForm) -> HttpResponse:
    typed, into = form.cleaned_data, form.into
    body = {name: typed[name] for name in ("payers", "amount", "with_me", "memo")} | {"into": into.number}
    claim = claim_for(typed["key"], method="POST", path=request.path, body=body)
    try:
        with counted(actor, claim, cost=max(1, len(typed["payers"]))) as spending:
            asked = asking.ask_people(
                actor=actor,
                payers=typed["payers"],
                amount=typed["amount"],
                memo=typed["memo"],
                with_me=typed["with_me"],
                account=into.number,
                claim=claim,
            )
            if asked.replayed:
                spending.give_back()
    except DomainError as refusal:
        return _refused(request, form, refusal)
    if asked.replayed:
        messages.info(request, _("This had already gone through; it was not done a second time."))
    else:
        count = len(asked.requests)
        sentence = ngettext("%(count)d person was asked.", "%(count)d people were asked.", count)
        messages.success(request, sentence % {"count": count})
    return redirect("bank:asked")


def _refused(request: BankRequest, form: AskForm, refusal: DomainError) -> HttpResponse:
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)
    if refusal.code not in _KEY_STAYS:
        form.data = dict(form.data.items()) | {"key": new_key()}
    response = _form_page(request, form, status=refusal.status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _form_page(request: BankRequest, form: AskForm, *, status: int = 200) -> HttpResponse:
    return render(request, "ledger/ask.html", {"form": form}, status=status)


@require_safe
@signed_in_page()
def lists(request: BankRequest, actor: Actor) -> HttpResponse:
    """What waits for the person's answer, and what became of what the person has asked for."""
    context: dict[str, Any] = {
        "asked_of_me": list(selectors.asked_of(actor)[:SHOWN]),
        "asked_by_me": [
            selectors.seen_unpaid(one, is_payee=True) for one in selectors.asked_by(actor, limit=SHOWN)
        ],
    }
    return render(request, "ledger/asked_list.html", context)


@require_POST
@signed_in_page(back_to="/bank/asked")
def decline(request: BankRequest, actor: Actor, code: str) -> HttpResponse:
    """Say no to one that names the person; what was paid in the meantime shows as paid."""
    try:
        asked = requests.decline(actor=actor, request=code)
    except DomainError as refusal:
        if refusal.code != "request_paid":
            raise
        messages.info(request, refusal.sentence)
        return redirect("bank:request", code)
    if asked.state == asked.State.DECLINED:
        messages.success(request, _("Declined. %(name)s is told.") % {"name": asked.account.holder.name})
    return redirect("bank:asked")


@require_POST
@signed_in_page(back_to="/bank/asked")
def take_back(request: BankRequest, actor: Actor, code: str) -> HttpResponse:
    """Ask for it no longer."""
    try:
        requests.cancel(actor=actor, request=code)
    except DomainError as refusal:
        if refusal.code != "request_paid":
            raise
        messages.info(request, refusal.sentence)
    else:
        messages.success(request, _("Taken back: nobody can pay it any more."))
    return redirect("bank:asked")

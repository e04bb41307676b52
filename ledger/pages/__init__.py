"""The bank as a player sees it: the balance, sending in three steps (form, confirmation, receipt), the history, refunds."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import names
from accounts import selectors as people
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from accounts.services import notifications
from ledger import money, numbers, selectors
from ledger.api.endpoint import counted
from ledger.forms import HistoryForm, RefundForm, SendForm, key_or_new, new_key
from ledger.idempotency import claim_for
from ledger.models import Account, Transfer
from ledger.pages import cursors
from ledger.selectors import Standing
from ledger.services import transfers
from ledger.services.transfers import Paid, Payment

LINES_AT_HOME: Final = 8
NEWS_AT_HOME: Final = 3
ASKED_AT_HOME: Final = 5
LINES_A_PAGE: Final = 25
PAYEES_AT_HAND: Final = 4
# After these nobody knows yet whether it was done, or nothing was stored: the same key asks again.
_KEY_STAYS: Final = {"in_flight", "busy", "rate_limited"}
_WALK: Final = "ledger.history"
_SURE_SALT: Final = "ledger.send"
_SEND_FIELDS: Final = ("from_account", "to", "amount", "memo", "key")


# -- Home --------------------------------------------------------------------------------------------------------------


@require_safe
@signed_in_page()
def home(request: BankRequest, actor: Actor) -> HttpResponse:
    """What the person was told, what is in the accounts, and what happened last."""
    accounts = list(selectors.accounts_of(actor))
    latest = selectors.history(accounts, limit=LINES_AT_HOME) if accounts else selectors.History([])
    unread = people.unread_of(actor, limit=NEWS_AT_HOME + 1)
    context = {
        "news": unread[:NEWS_AT_HOME],
        "more_news": len(unread) > NEWS_AT_HOME,
        "asked_of_me": list(selectors.asked_of(actor)[:ASKED_AT_HOME]),
        "standings": selectors.standings(accounts),
        "pay_link": request.build_absolute_uri(reverse("bank:pay", args=[accounts[0].number]))
        if accounts
        else "",
        "till": any(account.is_merchant for account in accounts),
        "lines": latest.lines,
        "several": len(accounts) > 1,
        "more": latest.next is not None,
    }
    return render(request, "ledger/home.html", context)


@require_POST
@signed_in_page(back_to="/bank")
def seen(request: BankRequest, actor: Actor) -> HttpResponse:
    """The news that stood on the page are no news any more."""
    notifications.mark_seen(actor=actor, ids=_ids(request.POST.getlist("seen")[:NEWS_AT_HOME]))
    return redirect("bank:home")


def _ids(sent: Sequence[str]) -> list[uuid.UUID]:
    """What are ids among ``sent``."""
    found = []
    for text in sent:
        with suppress(ValueError):
            found.append(uuid.UUID(text))
    return found


# -- Sending -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page(typed=_SEND_FIELDS)
def send(request: BankRequest, actor: Actor) -> HttpResponse:
    """The form; posted it leads to the confirmation, and with ``step=pay`` it pays."""
    standings = selectors.standings(list(selectors.accounts_of(actor)))
    if not standings:
        return redirect("bank:home")
    if request.method != "POST":
        sure = _sure(actor, request.GET.get("sure", ""))
        page = _confirmation(request, actor, standings, sure) if sure else None
        return page or _empty_form(request, actor, standings)
    form = SendForm(request.POST, standings=standings)
    if not form.is_valid():
        return _send_page(request, form, status=400)
    if request.POST.get("step") == "pay":
        return _pay(request, actor, form)
    return _check(request, actor, form)


@require_safe
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """What an account's link and QR lead to: the form with the payee filled in."""
    query = request.GET.copy()
    query["to"] = numbers.normalize(number)
    return redirect(f"{reverse('bank:send')}?{query.urlencode()}")


def _empty_form(request: HttpRequest, actor: Actor, standings: Sequence[Standing]) -> HttpResponse:
    """The form as it is first shown, with what the address says already in it."""
    filled = {name: request.GET[name] for name in _SEND_FIELDS if name in request.GET}
    filled["key"] = key_or_new(filled.get("key", ""))
    form = SendForm(initial=filled, standings=standings)
    payee = None
    if "to" in filled and "\0" not in filled["to"]:
        payee, _others = _find_payee(actor, filled["to"][:64])
    return _send_page(request, form, payee=payee)


def _check(request: HttpRequest, actor: Actor, form: SendForm) -> HttpResponse:
    """On to the confirmation, an address of its own: back and reload lead there again, with the same key."""
    asked, payer = form.cleaned_data, form.payer.account
    payee, others = _find_payee(actor, asked["to"])
    if payee is None:
        form.add_error("to", _nobody(asked["to"], others))
        return _send_page(request, form, others=others, status=400)
    if asked["amount"] > form.payer.available:
        form.add_error("amount", _("That is more than there is. Write a smaller amount."))
        return _send_page(request, form, payee=payee, status=400)
    sure = {
        "from_account": payer.number,
        "to": payee.number,
        "amount": money.plain(asked["amount"], exponent=payer.currency.exponent),
        "memo": asked["memo"],
        "key": asked["key"],
    }
    # Signed, and for this person: nobody can put a ready confirmation into somebody's way.
    token = signing.dumps([str(actor.user_id), sure], salt=_SURE_SALT, compress=True)
    return redirect(f"{request.path}?{urlencode({'sure': token})}")


def _sure(actor: Actor, token: str) -> dict[str, str] | None:
    """What the person is to confirm, None when ``token`` was not made for them."""
    try:
        user_id, sure = signing.loads(token, salt=_SURE_SALT)
    except signing.BadSignature:
        return None
    return sure if user_id == str(actor.user_id) else None


def _confirmation(
    request: HttpRequest, actor: Actor, standings: Sequence[Standing], sure: dict[str, str]
) -> HttpResponse | None:
    """Who gets it, how much, and what is left then; None when the payer's account or the payee has gone."""
    payer = next(
        (standing for standing in standings if standing.account.number == sure["from_account"]), None
    )
    payee, _others = _find_payee(actor, sure["to"])
    if payer is None or payee is None:
        return None
    amount = money.parse(sure["amount"], exponent=payer.account.currency.exponent)
    context = {
        "sure": sure,
        "payer": payer.account,
        "payee": payee,
        "amount": amount,
        "left": payer.available - amount,
        "change": urlencode(sure),
    }
    return render(request, "ledger/confirm.html", context)


def _pay(request: HttpRequest, actor: Actor, form: SendForm) -> HttpResponse:
    """The payment; whatever refuses it, the form comes back with what was typed."""
    asked, payer = form.cleaned_data, form.payer.account
    payment = Payment(
        to_account=asked["to"], amount=asked["amount"], memo=asked["memo"], from_account=payer.number
    )
    body = {"to": payment.to_account, "amount": payment.amount, "memo": payment.memo, "from": payer.number}
    claim = claim_for(asked["key"], method="POST", path=request.path, body=body)
    try:
        with counted(actor, claim) as spending:
            paid = transfers.transfer(actor=actor, payment=payment, claim=claim)
            if paid.replayed:
                spending.give_back()
    except DomainError as refusal:
        return _refused(request, form, refusal, "ledger/send.html", {})
    return _receipt_of(request, paid, _("Paid. %(name)s has the money now."))


def _find_payee(actor: Actor, typed: str) -> tuple[Account | None, list[Account]]:
    """The account that ``typed`` names exactly; or None, and those it may mean."""
    found = selectors.payees(actor, typed)
    number, key = numbers.normalize(typed), names.key(typed)
    exact = [a for a in found if a.number == number or (a.holder.user and a.holder.user.name_key == key)]
    return (exact[0], []) if len(exact) == 1 else (None, exact or found)


def _nobody(typed: str, others: Sequence[Account]) -> str:
    if others:
        return _("Nobody here is called exactly that. Choose below, or ask for the account number.")
    return _("“%(typed)s” is no account number or character's name here. Ask the payee for the number.") % {
        "typed": typed
    }


def _send_page(
    request: HttpRequest,
    form: SendForm,
    *,
    payee: Account | None = None,
    others: Sequence[Account] = (),
    status: int = 200,
) -> HttpResponse:
    typed = {name: request.POST[name] for name in _SEND_FIELDS if request.POST.get(name)}
    choices = [(other, f"{request.path}?{urlencode({**typed, 'to': other.number})}") for other in others]
    before = selectors.paid_lately([standing.account for standing in form.standings.values()])
    context = {
        "form": form,
        "payee": payee,
        "choices": choices,
        "before": before,
        # Once something is typed they are only suggested in the field: a link would lose the rest.
        "links": before[:PAYEES_AT_HAND] if not form.is_bound and payee is None and not choices else [],
    }
    return render(request, "ledger/send.html", context, status=status)


# -- History and receipts ----------------------------------------------------------------------------------------------


@require_safe
@signed_in_page()
def history(request: BankRequest, actor: Actor) -> HttpResponse:
    """The entries of all accounts, newest first, as far as the filters want them."""
    accounts = list(selectors.accounts_of(actor))
    # An absent field is an empty one: a link may name one filter alone.
    form = HistoryForm(request.GET, accounts=accounts, tenant=actor.tenant)
    if not form.is_valid():
        return render(request, "ledger/history.html", {"form": form, "filtered": True}, status=400)
    chosen = [
        account for account in accounts if form.cleaned_data.get("account") in {None, "", account.number}
    ]
    found = selectors.history(
        chosen,
        filters=form.filters(),
        cursor=cursors.read(request.GET.get("after", ""), walk=_WALK),
        limit=LINES_A_PAGE,
    )
    context = {
        "form": form,
        "filtered": any(form.cleaned_data.values()),
        "lines": found.lines,
        "several": len(accounts) > 1,
        "older": _page_at(request, found.next) if found.next else None,
        "newest": _page_at(request, None) if "after" in request.GET else None,
    }
    return render(request, "ledger/history.html", context)


def _page_at(request: HttpRequest, cursor: selectors.Cursor | None) -> str:
    """The address of the page that begins at ``cursor``, with the same filters."""
    query = request.GET.copy()
    query.pop("after", None)
    if cursor is not None:
        query["after"] = cursors.written(cursor, walk=_WALK)
    return f"{request.path}?{query.urlencode()}"


@require_safe
@signed_in_page()
def receipt(request: BankRequest, actor: Actor, transfer_id: uuid.UUID) -> HttpResponse:
    """One transfer, for people on either side of it."""
    found = selectors.receipt_for(actor, transfer_id)
    transfer, left = found.transfer, found.refundable
    mine = set(selectors.accounts_of(actor).values_list("pk", flat=True))
    context = {
        "transfer": transfer,
        "is_payer": transfer.from_account_id in mine,
        "given_back": transfer.amount - left if transfer.kind != Transfer.Kind.REFUND else 0,
        "may_refund": left > 0 and transfer.to_account_id in mine,
    }
    return render(request, "ledger/receipt.html", context)


# -- Giving back -------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page(typed=("amount", "memo", "key"))
def refund(request: BankRequest, actor: Actor, transfer_id: uuid.UUID) -> HttpResponse:
    """Give back some or all of what was received."""
    found = selectors.receipt_for(actor, transfer_id)
    transfer, left = found.transfer, found.refundable
    context = {"transfer": transfer, "left": left}
    if request.method != "POST":
        filled = {name: request.GET[name] for name in ("amount", "memo") if name in request.GET}
        form = RefundForm(
            initial={
                "amount": money.plain(left, exponent=transfer.currency.exponent),
                **filled,
                "key": key_or_new(request.GET.get("key", "")),
            },
            currency=transfer.currency,
        )
        return render(request, "ledger/refund.html", context | {"form": form})
    form = RefundForm(request.POST, currency=transfer.currency)
    if not form.is_valid():
        return render(request, "ledger/refund.html", context | {"form": form}, status=400)
    asked = form.cleaned_data
    body = {"amount": asked["amount"], "memo": asked["memo"]}
    claim = claim_for(asked["key"], method="POST", path=request.path, body=body)
    try:
        with counted(actor, claim) as spending:
            paid = transfers.refund(
                actor=actor, transfer_id=transfer.pk, amount=asked["amount"], memo=asked["memo"], claim=claim
            )
            if paid.replayed:
                spending.give_back()
    except DomainError as refusal:
        return _refused(request, form, refusal, "ledger/refund.html", context)
    return _receipt_of(request, paid, _("Given back to %(name)s."))


# -- What both ways of moving money share ------------------------------------------------------------------------------


def _refused(
    request: HttpRequest, form: forms.Form, refusal: DomainError, template: str, context: dict[str, Any]
) -> HttpResponse:
    """The form with what was typed and the refusal's sentence; with a new key, when the old one is used up."""
    field = {"to_account": "to"}.get(refusal.field or "", refusal.field)
    sentence = refusal.sentence
    if refusal.code == "key_reused":
        sentence = _(
            "This form has already sent something else: look at your history. To pay as it says now, go on."
        )
    form.add_error(field if field in form.fields else None, sentence)
    if refusal.code not in _KEY_STAYS:
        form.data = dict(form.data.items()) | {"key": new_key()}
    response = render(request, template, context | {"form": form}, status=refusal.status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _receipt_of(request: HttpRequest, paid: Paid, done: str) -> HttpResponse:
    """To the receipt, saying what was done, or that it had been done before."""
    if paid.replayed:
        messages.info(request, _("This had already gone through; it was not done a second time."))
    else:
        messages.success(request, done % {"name": paid.transfer.to_account.holder.name})
    return redirect("bank:receipt", paid.transfer.pk)

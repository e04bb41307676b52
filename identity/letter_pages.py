"""The pages that links in letters lead to, and the one that asks for such a letter.

Looking at them uses nothing up: many an app fetches a link before anybody has touched it.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import limits, mail
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.requests import BankRequest
from accounts.services import email, login_codes
from accounts.services.password import reset_with_code
from identity.addresses import for_letters
from identity.forms import ChoosePasswordForm, ForgotForm
from identity.pages import form_page, refused, tenant_of
from identity.services import mailbox

_FORGOT, _RESET, _CONFIRM = "identity/forgot.html", "identity/reset.html", "identity/confirm_email.html"


@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: BankRequest) -> HttpResponse:
    """Asks for a letter with a link to a new password. The answer is the same whoever is meant."""
    facts: dict[str, Any] = {"mail_is_on": mail.is_on(), "is_done": "sent" in request.GET}
    if request.method != "POST" or not mail.is_on():
        return form_page(request, _FORGOT, ForgotForm(initial={"who": request.GET.get("who", "")}), **facts)
    form = ForgotForm(request.POST)
    if not form.is_valid():
        return form_page(request, _FORGOT, form, status=400, **facts)
    tenant = tenant_of(request)
    asked_at = request.build_absolute_uri("/").rstrip("/")
    try:
        mailbox.forgot(
            actor=Actor.visitor(tenant, request.origin),
            who=form.cleaned_data["who"],
            address=for_letters(tenant, asked_at),
        )
    except DomainError as refusal:
        return refused(request, _FORGOT, form, refusal, **facts)
    return redirect(f"{request.path}?sent=1")


@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: BankRequest, code: str) -> HttpResponse:
    """A new password for whoever holds the link; signing in with it is the next step."""
    visitor = Actor.visitor(tenant_of(request), request.origin)
    try:
        limits.hit("login_code", limits.network(request.origin.ip))
        row = login_codes.find(code, kinds=login_codes.BY_LETTER)
    except DomainError as refusal:
        return _over(request, refusal, reverse("people:forgot"))
    if (why_not := login_codes.why_not(row)) is not None:
        return _over(request, why_not, reverse("people:forgot"))
    if request.method != "POST":
        return form_page(request, _RESET, ChoosePasswordForm(), person=row.user)
    form = ChoosePasswordForm(request.POST)
    if not form.is_valid():
        return form_page(request, _RESET, form, person=row.user, status=400)
    try:
        user = reset_with_code(actor=visitor, code=code, new=form.cleaned_data["new_password"])
    except DomainError as refusal:
        if refusal.field not in form.fields and refusal.retry_after is None:
            return _over(request, refusal, reverse("people:forgot"))
        return refused(request, _RESET, form, refusal, person=row.user)
    messages.success(
        request, _("Your password is set, and all your devices are signed out. Sign in with it.")
    )
    return redirect(f"{reverse('people:login')}?{urlencode({'character_name': user.character_name})}")


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: BankRequest, token: str) -> HttpResponse:
    """Says that an address is one's own. Whoever reads the letter may, signed in or not."""
    try:
        asked = email.find(token)
        if request.method == "POST":
            visitor = Actor.visitor(tenant_of(request), request.origin)
            mailbox.confirm_address(actor=visitor, token=token)
    except DomainError as refusal:
        return _over(request, refusal, reverse("people:me"))
    is_done = request.method == "POST" or email.is_confirmed(asked.user, asked.address)
    return _page(request, _CONFIRM, asked=asked, is_done=is_done)


def _over(request: HttpRequest, refusal: DomainError, instead: str) -> HttpResponse:
    """A link that does not do anything (any more), and where to go instead."""
    response = _page(
        request, "identity/link_over.html", refusal=refusal.sentence, instead=instead, status=refusal.status
    )
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    response = render(request, template, context, status=status)
    patch_cache_control(response, private=True, no_store=True)
    return response

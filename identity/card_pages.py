"""The page that a login card or a code at the desk leads to.

Looking at it uses nothing up: many an app fetches a link before anybody has touched it.
"""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import limits, selectors
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import LoginCode, Tenant
from accounts.requests import BankRequest
from accounts.services import login_codes
from identity import devices
from identity.browsers import name_of
from identity.pages import CONSOLE, enter
from identity.services.cards import redeem_login_code
from identity.services.stay import Stay


@require_http_methods(["GET", "HEAD", "POST"])
def card(request: BankRequest, code: str) -> HttpResponse:
    """Ask whether to sign in as the one on the card; sign in when that was said."""
    if request.method == "POST":
        return _sign_in(request, code)
    device = devices.device_of(request)
    try:
        limits.hit("login_code", limits.network(request.origin.ip))
        row = login_codes.find(code)
        # Whoever goes back to it afterwards may press the button again and comes in.
        is_again = login_codes.session_of_repeat(row, device.id) is not None
        refusal = None if is_again else login_codes.why_not(row)
    except DomainError as error:
        return _refused(request, error)
    if refusal is not None:
        return _refused(request, refusal)
    response = _page(request, row=row)
    if not device.id:
        devices.remember(response, devices.Device.new())
    return response


def _sign_in(request: BankRequest, code: str) -> HttpResponse:
    remembers = bool(request.POST.get("remember"))
    try:
        signed_in = redeem_login_code(
            actor=Actor.visitor(cast(Tenant, request.tenant), request.origin),
            code=code,
            stay=Stay.REMEMBERED if remembers else Stay.PAGE,
            device=devices.device_of(request),
            device_name=name_of(request.origin.user_agent),
        )
    except DomainError as refusal:
        return _refused(request, refusal)
    actor = Actor(tenant=cast(Tenant, request.tenant), user=signed_in.user, session=signed_in.session)
    home = CONSOLE if signed_in.user.is_staff else reverse("bank:home")
    offers = selectors.may_choose_password(actor)
    return enter(
        request,
        signed_in,
        typed_password=False,
        goes_on=f"{reverse('people:password')}?{urlencode({'next': home})}" if offers else home,
    )


def _refused(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    response = _page(request, refusal=refusal, status=refusal.status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _page(
    request: HttpRequest,
    *,
    row: LoginCode | None = None,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "person": row.user if row else None,
        "refusal": refusal.sentence if refusal else "",
        "heading": _("This card does not open anything") if refusal else "",
        "may_try_again": refusal is not None and refusal.retry_after is not None,
    }
    response = render(request, "identity/card.html", context, status=status)
    patch_cache_control(response, private=True, no_store=True)
    return response

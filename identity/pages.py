"""Joining, signing in and out, as a player sees it."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import confirmation, selectors
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import Tenant
from accounts.pages import comes_back
from accounts.requests import BankRequest
from accounts.services import sessions
from identity import devices
from identity.browsers import name_of
from identity.forms import LoginForm, RegisterForm
from identity.services.registration import Registration
from identity.services.registration import register as register_player
from identity.services.sign_in import login as sign_in
from identity.services.stay import SignedIn, Stay

CONSOLE: Final = "/admin/"


# -- In and out --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def register(request: BankRequest) -> HttpResponse:
    """Joining, as far as the event lets people in."""
    if request.login_session and request.method != "POST":
        return HttpResponseRedirect(next_of(request) or settings.LOGIN_REDIRECT_URL)
    tenant = tenant_of(request)
    if tenant.registration == Tenant.Registration.CLOSED:
        return form_page(
            request, "identity/register.html", None, status=403 if request.method == "POST" else 200
        )
    typed = request.POST if request.method == "POST" else request.GET
    asks: dict[str, Any] = {
        "tenant": tenant,
        "factions": selectors.factions(),
        "invited": bool(typed.get("invite")),
    }
    if request.method != "POST":
        response = form_page(request, "identity/register.html", RegisterForm(initial=typed.dict(), **asks))
        device = devices.device_of(request)
        if not device.id:
            devices.remember(response, devices.Device.new())
        return response
    form = RegisterForm(request.POST, **asks)
    if not form.is_valid():
        return form_page(request, "identity/register.html", form, status=400)
    filled = form.cleaned_data
    wanted = Registration(
        **{
            name: filled.get(name, "")
            for name in ("character_name", "password", "faction", "invite", "event_code")
        }
    )
    try:
        signed_in = register_player(
            actor=Actor.visitor(tenant, request.origin),
            wanted=wanted,
            stay=Stay.PAGE,
            device=devices.device_of(request),
            device_name=name_of(request.origin.user_agent),
        )
    except DomainError as refusal:
        return refused(request, "identity/register.html", form, refusal)
    response = enter(request, signed_in)
    messages.success(
        request, _("Welcome, %(name)s. Your account is open.") % {"name": signed_in.user.character_name}
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def login(request: BankRequest) -> HttpResponse:
    """Signing in, and then going on where one was."""
    if request.login_session and request.method != "POST":
        return HttpResponseRedirect(next_of(request) or settings.LOGIN_REDIRECT_URL)
    if request.method != "POST":
        return form_page(request, "identity/login.html", LoginForm(initial=request.GET.dict()))
    form = LoginForm(request.POST)
    if not form.is_valid():
        return form_page(request, "identity/login.html", form, status=400)
    filled = form.cleaned_data
    try:
        signed_in = sign_in(
            actor=Actor.visitor(tenant_of(request), request.origin),
            character_name=filled["character_name"],
            password=filled["password"],
            stay=Stay.REMEMBERED if filled["remember"] else Stay.PAGE,
            device=devices.device_of(request),
            device_name=name_of(request.origin.user_agent),
        )
    except DomainError as refusal:
        return refused(request, "identity/login.html", form, refusal)
    return enter(request, signed_in)


register = comes_back(register, typed=("character_name", "faction", "event_code", "invite", "next"))
login = comes_back(login, typed=("character_name", "next"))


@require_POST
def logout(request: BankRequest) -> HttpResponse:
    """Signing out on this device; no error when the sign-in has ended by itself."""
    _leave(request)
    messages.info(request, _("You are signed out."))
    return redirect("landing")


def enter(
    request: BankRequest, signed_in: SignedIn, *, typed_password: bool = True, goes_on: str = ""
) -> HttpResponse:
    """Put the new sign-in into the cookie and go to ``goes_on``, or where the person wanted to be."""
    if not (request.login_session and request.login_session.pk == signed_in.session.pk):
        _leave(request)
    cookie = signed_in.page_cookie()
    request.session.update(cookie.contents)
    request.session.set_expiry(cookie.age_s)
    if typed_password:
        # A moment ago: the console need not ask for it at once.
        confirmation.remember(request.session, signed_in.session)
    rotate_token(request)
    home = CONSOLE if signed_in.user.is_staff else settings.LOGIN_REDIRECT_URL
    response = HttpResponseRedirect(goes_on or next_of(request) or home)
    devices.remember(response, signed_in.device)
    return response


def _leave(request: BankRequest) -> None:
    """End the sign-in that this browser holds, if any: nothing of an earlier visitor stays."""
    if request.login_session:
        sessions.logout(actor=request.actor())
    request.session.flush()


def next_of(request: HttpRequest) -> str:
    """Where to go afterwards: a path of this site, or "" when something else was asked for.

    Only what begins at the root: ``foo`` would be taken for the name of a view by ``redirect``, and is nobody's address.
    """
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = (
        wanted.startswith("/")
        and wanted.isprintable()
        and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    )
    return wanted if is_ours else ""


def tenant_of(request: BankRequest) -> Tenant:
    """The event of ``request``: one without does not reach a view."""
    return cast(Tenant, request.tenant)


# -- What the forms share ----------------------------------------------------------------------------------------------


def refused(
    request: HttpRequest, template: str, form: forms.Form, refusal: DomainError, **more: Any
) -> HttpResponse:
    """The form with what was typed, passwords aside, and the refusal's sentence."""
    add_refusal(form, refusal)
    response = form_page(request, template, form, status=refusal.status, **more)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def add_refusal(form: forms.Form, refusal: DomainError) -> None:
    """Put the refusal's sentence where it belongs in ``form``."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)


def form_page(
    request: HttpRequest, template: str, form: Any, *, status: int = 200, **more: Any
) -> HttpResponse:
    """A page with a form on it, which no browser keeps."""
    response = render(request, template, {"form": form, "goes_on": next_of(request), **more}, status=status)
    patch_cache_control(response, private=True, no_store=True)
    return response

"""Joining, signing in and out, and everything about one's own login, as a player sees it."""

from __future__ import annotations

import uuid
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
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import confirmation, selectors
from accounts.actors import Actor
from accounts.errors import DomainError, NotFound
from accounts.models import LoginSession, Tenant
from accounts.pages import comes_back, signed_in_page
from accounts.requests import BankRequest
from accounts.services import password as passwords
from accounts.services import people, sessions
from identity import devices
from identity.browsers import name_of
from identity.forms import LoginForm, PasswordForm, ProfileForm, RegisterForm
from identity.selectors import activity_of
from identity.services.registration import Registration
from identity.services.registration import register as register_player
from identity.services.sign_in import login as sign_in
from identity.services.stay import SignedIn, Stay

CONSOLE: Final = "/admin/"
EVENTS_A_PAGE: Final = 25


# -- In and out --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def register(request: BankRequest) -> HttpResponse:
    """Joining, as far as the event lets people in."""
    if request.login_session and request.method != "POST":
        return HttpResponseRedirect(_next_of(request) or settings.LOGIN_REDIRECT_URL)
    tenant = _tenant(request)
    if tenant.registration == Tenant.Registration.CLOSED:
        return _page(request, "identity/register.html", None, status=403 if request.method == "POST" else 200)
    typed = request.POST if request.method == "POST" else request.GET
    asks: dict[str, Any] = {
        "tenant": tenant,
        "factions": selectors.factions(),
        "invited": bool(typed.get("invite")),
    }
    if request.method != "POST":
        response = _page(request, "identity/register.html", RegisterForm(initial=typed.dict(), **asks))
        device = devices.device_of(request)
        if not device.id:
            devices.remember(response, devices.Device.new())
        return response
    form = RegisterForm(request.POST, **asks)
    if not form.is_valid():
        return _page(request, "identity/register.html", form, status=400)
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
        return _refused(request, "identity/register.html", form, refusal)
    response = _enter(request, signed_in)
    messages.success(
        request, _("Welcome, %(name)s. Your account is open.") % {"name": signed_in.user.character_name}
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def login(request: BankRequest) -> HttpResponse:
    """Signing in, and then going on where one was."""
    if request.login_session and request.method != "POST":
        return HttpResponseRedirect(_next_of(request) or settings.LOGIN_REDIRECT_URL)
    if request.method != "POST":
        return _page(request, "identity/login.html", LoginForm(initial=request.GET.dict()))
    form = LoginForm(request.POST)
    if not form.is_valid():
        return _page(request, "identity/login.html", form, status=400)
    filled = form.cleaned_data
    try:
        signed_in = sign_in(
            actor=Actor.visitor(_tenant(request), request.origin),
            character_name=filled["character_name"],
            password=filled["password"],
            stay=Stay.REMEMBERED if filled["remember"] else Stay.PAGE,
            device=devices.device_of(request),
            device_name=name_of(request.origin.user_agent),
        )
    except DomainError as refusal:
        return _refused(request, "identity/login.html", form, refusal)
    return _enter(request, signed_in)


register = comes_back(register, typed=("character_name", "faction", "event_code", "invite", "next"))
login = comes_back(login, typed=("character_name", "next"))


@require_POST
def logout(request: BankRequest) -> HttpResponse:
    """Signing out on this device; no error when the sign-in has ended by itself."""
    _leave(request)
    messages.info(request, _("You are signed out."))
    return redirect("landing")


def _enter(request: BankRequest, signed_in: SignedIn) -> HttpResponse:
    """Put the new sign-in into the cookie and go to where the person wanted to be."""
    _leave(request)
    cookie = signed_in.page_cookie()
    request.session.update(cookie.contents)
    request.session.set_expiry(cookie.age_s)
    # The password was typed a moment ago: the console need not ask for it at once.
    confirmation.remember(request.session, signed_in.session)
    rotate_token(request)
    home = CONSOLE if signed_in.user.is_staff else settings.LOGIN_REDIRECT_URL
    response = HttpResponseRedirect(_next_of(request) or home)
    devices.remember(response, signed_in.device)
    return response


def _leave(request: BankRequest) -> None:
    """End the sign-in that this browser holds, if any: nothing of an earlier visitor stays."""
    if request.login_session:
        sessions.logout(actor=request.actor())
    request.session.flush()


def _next_of(request: HttpRequest) -> str:
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


def _tenant(request: BankRequest) -> Tenant:
    # A request without one does not reach a view.
    return cast(Tenant, request.tenant)


# -- My login ----------------------------------------------------------------------------------------------------------


@require_safe
@signed_in_page()
def me(request: BankRequest, actor: Actor) -> HttpResponse:
    """The character, the devices it is signed in on, and the ways to change both."""
    return _me(request, actor)


@require_POST
@signed_in_page(back_to="/me")
def profile(request: BankRequest, actor: Actor) -> HttpResponse:
    """Another emoji or faction."""
    form = ProfileForm(request.POST, tenant=actor.tenant, factions=selectors.factions())
    if not form.is_valid():
        return _me(request, actor, form, status=400)
    filled = form.cleaned_data
    faction = filled.get("faction")
    try:
        people.edit_profile(
            actor=actor, emoji_text=filled["emoji"], faction=faction or None, leave_faction=faction == ""
        )
    except DomainError as refusal:
        _add(form, refusal)
        return _me(request, actor, form, status=refusal.status)
    messages.success(request, _("Saved."))
    return redirect("people:me")


@require_POST
@signed_in_page(back_to="/me")
def end_session(request: BankRequest, actor: Actor, session_id: uuid.UUID) -> HttpResponse:
    """Signing out one device, this one included."""
    if actor.session is not None and actor.session.pk == session_id:
        return logout(request)
    try:
        sessions.revoke_session(actor=actor, session_id=session_id)
    except NotFound as refusal:
        messages.info(request, refusal.sentence)
    else:
        messages.success(request, _("That device is signed out."))
    return redirect("people:me")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page()
def password(request: BankRequest, actor: Actor) -> HttpResponse:
    """Another password; every other device is signed out by it."""
    if request.method != "POST":
        return _page(request, "identity/password.html", PasswordForm())
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return _page(request, "identity/password.html", form, status=400)
    try:
        passwords.change_password(
            actor=actor, current=form.cleaned_data["current_password"], new=form.cleaned_data["new_password"]
        )
    except DomainError as refusal:
        return _refused(request, "identity/password.html", form, refusal)
    messages.success(request, _("Your password is changed, and your other devices are signed out."))
    return redirect("people:me")


@require_safe
@signed_in_page()
def activity(request: BankRequest, actor: Actor) -> HttpResponse:
    """What was done with one's own login and accounts, newest first."""
    trail = activity_of(actor, after=request.GET.get("after") or None, limit=EVENTS_A_PAGE)
    context = {
        "events": trail.events,
        "older": f"{request.path}?after={trail.next}" if trail.next else None,
        "newest": request.path if "after" in request.GET else None,
    }
    return render(request, "identity/activity.html", context)


def _me(
    request: BankRequest, actor: Actor, form: ProfileForm | None = None, *, status: int = 200
) -> HttpResponse:
    person = selectors.person_for(actor, cast(uuid.UUID, actor.user_id))
    faction = person.faction.name if person.faction else ""
    context = {
        "person": person,
        "sessions": _this_one_first(actor),
        "this_session": actor.session.pk if actor.session else None,
        "form": form
        or ProfileForm(
            initial={"emoji": person.emoji, "faction": faction},
            tenant=actor.tenant,
            factions=selectors.factions(),
        ),
    }
    return render(request, "identity/me.html", context, status=status)


def _this_one_first(actor: Actor) -> list[LoginSession]:
    found = selectors.sessions_of(actor).order_by("-last_used_at")
    return sorted(found, key=lambda session: session != actor.session)


# -- What the forms share ----------------------------------------------------------------------------------------------


def _refused(request: HttpRequest, template: str, form: forms.Form, refusal: DomainError) -> HttpResponse:
    """The form with what was typed, passwords aside, and the refusal's sentence."""
    _add(form, refusal)
    response = _page(request, template, form, status=refusal.status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _add(form: forms.Form, refusal: DomainError) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)


def _page(request: HttpRequest, template: str, form: Any, *, status: int = 200) -> HttpResponse:
    response = render(request, template, {"form": form, "goes_on": _next_of(request)}, status=status)
    patch_cache_control(response, private=True, no_store=True)
    return response

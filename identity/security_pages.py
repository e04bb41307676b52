"""Who gets in as oneself: devices, password, e-mail address, and what was done with the login."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import confirmation, mail, selectors
from accounts.actors import Actor
from accounts.errors import DomainError, NotFound
from accounts.models import LoginSession
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from accounts.services import email as emails
from accounts.services import password as passwords
from accounts.services import sessions
from identity.addresses import for_letters
from identity.forms import ChoosePasswordForm, EmailForm, PasswordForm
from identity.pages import form_page, logout, next_of, refused
from identity.selectors import activity_of
from identity.services.mailbox import ask_for_address, remove_address

EVENTS_A_PAGE: Final = 25
_PASSWORD, _EMAIL = "identity/password.html", "identity/email.html"


@require_safe
@signed_in_page()
def security(request: BankRequest, actor: Actor) -> HttpResponse:
    """Where one is signed in, and the ways to keep others out."""
    context = {
        "person": actor.user,
        "sessions": _this_one_first(actor),
        "this_session": actor.session.pk if actor.session else None,
    }
    return render(request, "identity/security.html", context)


@require_POST
@signed_in_page(back_to="/me/security")
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
    return redirect("people:security")


@require_POST
@signed_in_page(back_to="/me/security")
def end_others(request: BankRequest, actor: Actor) -> HttpResponse:
    """Signing out every device but this one."""
    ended = sessions.end_other_sessions(actor=actor)
    if ended:
        sentence = ngettext(
            "%(count)d other device is signed out.", "%(count)d other devices are signed out.", ended
        )
        messages.success(request, sentence % {"count": ended})
    else:
        messages.info(request, _("You were signed in nowhere else."))
    return redirect("people:security")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page()
def password(request: BankRequest, actor: Actor) -> HttpResponse:
    """Another password; every other device is signed out by it. Whoever came with a code chooses one without the old."""
    may_choose = selectors.may_choose_password(actor)
    form_class = ChoosePasswordForm if may_choose else PasswordForm
    if request.method != "POST":
        return form_page(request, _PASSWORD, form_class())
    form = form_class(request.POST)
    if not form.is_valid():
        return form_page(request, _PASSWORD, form, status=400)
    new = form.cleaned_data["new_password"]
    try:
        if may_choose:
            passwords.choose_password(actor=actor, new=new)
        else:
            passwords.change_password(actor=actor, current=form.cleaned_data["current_password"], new=new)
    except DomainError as refusal:
        return refused(request, _PASSWORD, form, refusal)
    if actor.session is not None:
        confirmation.remember(request.session, actor.session)
    messages.success(
        request,
        _("Your password is set.")
        if may_choose
        else _("Your password is changed, and your other devices are signed out."),
    )
    return HttpResponseRedirect(next_of(request) or reverse("people:me"))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page(typed=("email",))
def email(request: BankRequest, actor: Actor) -> HttpResponse:
    """An address of one's own, settled by the link in a letter; or none any more."""
    person = selectors.myself(actor)
    present = emails.address_of(person)
    facts: dict[str, Any] = {
        "present": present,
        "is_confirmed": bool(present and person.email_confirmed_at),
        "mail_is_on": mail.is_on(),
        "has_password": person.has_usable_password(),
    }
    if request.method != "POST":
        form = EmailForm(initial={"email": request.GET.get("email", present)})
        form.fields["email"].help_text = form.fields["email"].help_text if present else ""
        return form_page(request, _EMAIL, form, **facts)
    form = EmailForm(request.POST)
    if not form.is_valid():
        return form_page(request, _EMAIL, form, status=400, **facts)
    wanted, typed = form.cleaned_data["email"], form.cleaned_data["current_password"]
    try:
        if wanted:
            asked_at = request.build_absolute_uri("/").rstrip("/")
            ask_for_address(
                actor=actor, wanted=wanted, password=typed, address=for_letters(actor.tenant, asked_at)
            )
        else:
            remove_address(actor=actor, password=typed)
    except DomainError as refusal:
        return refused(request, _EMAIL, form, refusal, **facts)
    messages.success(
        request,
        _("A letter is on its way to %(email)s. Open the link in it within a day, and the address is yours.")
        % {"email": wanted}
        if wanted
        else _("Your e-mail address is gone."),
    )
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


def _this_one_first(actor: Actor) -> list[LoginSession]:
    found = selectors.sessions_of(actor).order_by("-last_used_at")
    return sorted(found, key=lambda session: session != actor.session)

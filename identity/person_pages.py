"""Who one is here: the profile with its picture, and what one was told."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import mail, selectors
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from accounts.services import email, notifications, people
from accounts.services.pictures import remove_picture, set_picture
from identity.forms import PictureForm, ProfileForm
from identity.pages import add_refusal
from identity.pictures import answer

NEWS_A_PAGE: Final = 25


# -- Profile -----------------------------------------------------------------------------------------------------------


@require_safe
@signed_in_page()
def me(request: BankRequest, actor: Actor) -> HttpResponse:
    """The character, and what may be changed about it."""
    return _me(request, actor)


@require_POST
@signed_in_page(back_to="/me")
def profile(request: BankRequest, actor: Actor) -> HttpResponse:
    """Another emoji or faction."""
    form = ProfileForm(request.POST, tenant=actor.tenant, factions=selectors.factions())
    if not form.is_valid():
        return _me(request, actor, form=form, status=400)
    filled = form.cleaned_data
    faction = filled.get("faction")
    try:
        people.edit_profile(
            actor=actor, emoji_text=filled["emoji"], faction=faction or None, leave_faction=faction == ""
        )
    except DomainError as refusal:
        add_refusal(form, refusal)
        return _me(request, actor, form=form, status=refusal.status)
    messages.success(request, _("Saved."))
    return redirect("people:me")


@require_POST
@signed_in_page(back_to="/me")
def own_picture(request: BankRequest, actor: Actor) -> HttpResponse:
    """A picture in place of the one until now, or none."""
    if "remove" in request.POST:
        remove_picture(actor=actor, person=selectors.myself(actor))
        messages.success(request, _("Your picture is gone."))
        return redirect("people:me")
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        return _me(request, actor, picture_form=form, status=400)
    try:
        set_picture(actor=actor, raw=form.cleaned_data["picture"].read())
    except DomainError as refusal:
        add_refusal(form, refusal)
        return _me(request, actor, picture_form=form, status=refusal.status)
    messages.success(request, _("That is your picture now."))
    return redirect("people:me")


@require_safe
def picture(request: BankRequest, picture_id: uuid.UUID) -> HttpResponse:
    """Somebody's picture, for people of the same event. Another picture has another address, so browsers may keep it a day."""
    return answer(selectors.picture_for(request.actor(), picture_id), request)


def _me(
    request: BankRequest,
    actor: Actor,
    *,
    form: ProfileForm | None = None,
    picture_form: PictureForm | None = None,
    status: int = 200,
) -> HttpResponse:
    person = selectors.myself(actor)
    faction = person.faction.name if person.faction else ""
    context = {
        "person": person,
        "email": email.address_of(person),
        "takes_email": mail.is_on() or person.email_index is not None,
        "picture_form": picture_form or PictureForm(),
        "form": form
        or ProfileForm(
            initial={"emoji": person.emoji, "faction": faction},
            tenant=actor.tenant,
            factions=selectors.factions(),
        ),
    }
    return render(request, "identity/me.html", context, status=status)


# -- News --------------------------------------------------------------------------------------------------------------


@require_safe
@signed_in_page()
def news(request: BankRequest, actor: Actor) -> HttpResponse:
    """Everything that the person was ever told, newest first. Looking at it marks nothing."""
    told = selectors.told_to(actor, after=request.GET.get("after"), limit=NEWS_A_PAGE + 1)
    shown = told[:NEWS_A_PAGE]
    context = {
        "told": shown,
        "any_new": any(one.read_at is None for one in shown),
        "older": f"{request.path}?after={shown[-1].pk}" if len(told) > NEWS_A_PAGE else None,
        "newest": request.path if "after" in request.GET else None,
    }
    return render(request, "identity/news.html", context)


@require_POST
@signed_in_page(back_to="/me/news")
def news_seen(request: BankRequest, actor: Actor) -> HttpResponse:
    """What stood on the page is seen; what came meanwhile is not."""
    ids = []
    for text in request.POST.getlist("seen")[:NEWS_A_PAGE]:
        with suppress(ValueError):
            ids.append(uuid.UUID(text))
    notifications.mark_seen(actor=actor, ids=ids)
    return redirect("people:news")

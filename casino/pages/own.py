"""What is the player's own: the rounds so far, and the limits that they set against themselves."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import Actor
from accounts.errors import DomainError, Invalid
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from casino import playing, selectors
from casino.pages.machine import sprite_of
from casino.pages.seat import Seat, take_seat
from casino.pages.shown import shown_round
from casino.services import limits
from ledger import money
from ledger.forms import amount_typed
from ledger.models import Currency

ROUNDS_A_PAGE: Final = 25
STORIES_SHOWN: Final = 20
_NAMES: Final = ("stake_max", "loss_per_day", "loss_per_session")
PAUSES: Final = (
    (1, gettext_lazy("1 hour")),
    (12, gettext_lazy("12 hours")),
    (24, gettext_lazy("1 day")),
    (72, gettext_lazy("3 days")),
    (168, gettext_lazy("1 week")),
    (720, gettext_lazy("30 days")),
    (8760, gettext_lazy("1 year")),
)


# -- Rounds ------------------------------------------------------------------------------------------------------------


@require_safe
@signed_in_page()
def rounds(request: BankRequest, actor: Actor) -> HttpResponse:
    """The player's rounds, newest first."""
    seat, found = take_seat(actor, timezone.now()), selectors.rounds_of(actor).select_related(None)
    after = request.GET.get("after", "")
    if after:
        if not (after.isascii() and after.isdigit() and len(after) < 10):
            raise Invalid(
                "bad_cursor", _("This page's address is not complete. Start again at the first page.")
            )
        found = found.filter(number__lt=int(after))
    rows = list(found.select_related("game")[: ROUNDS_A_PAGE + 1])
    shown = rows[:ROUNDS_A_PAGE]
    context = {
        "rows": [{"row": row, "title": selectors.title_of(row.game.name)} for row in shown],
        "seat": seat,
        "older": shown[-1].number if len(rows) > ROUNDS_A_PAGE else None,
        "newest": bool(after),
        # They are no draws, and do not stand among them.
        "stories": [] if after else _stories(actor),
    }
    return render(request, "casino/rounds.html", context)


def _stories(actor: Actor) -> list[dict[str, Any]]:
    given = selectors.stories_of(actor)[:STORIES_SHOWN]
    return [{"row": row, "title": selectors.title_of(row.game.name)} for row in given]


@require_safe
@signed_in_page()
def one_round(request: BankRequest, actor: Actor, round_id: uuid.UUID) -> HttpResponse:
    """One round with all that is needed to draw it again, as far as it may be told."""
    row = selectors.round_for(actor, round_id)
    seat, tells = take_seat(actor, timezone.now()), selectors.may_tell_selector(row)
    context = {
        "told": shown_round(row, seat.show),
        "row": row,
        "title": selectors.title_of(row.game.name),
        "sprite": sprite_of(row.game.name),
        "seat": seat,
        "net": row.win - row.stake,
        "tells_selector": tells,
        "server_seed": selectors.revealed_seed(row.seed_pair),
        "is_mine": row.user_id == actor.user_id,
    }
    return render(request, "casino/round.html", context)


# -- Limits ------------------------------------------------------------------------------------------------------------


class LimitsForm(forms.Form):
    """The player's own limits; an empty field is none."""

    stake_max = forms.CharField(label=gettext_lazy("Largest stake of a spin"), required=False, max_length=40)
    loss_per_session = forms.CharField(
        label=gettext_lazy("Largest loss in one sitting"), required=False, max_length=40
    )
    loss_per_day = forms.CharField(label=gettext_lazy("Largest loss in a day"), required=False, max_length=40)

    def __init__(self, *args: Any, currency: Currency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        for name in _NAMES:
            self.fields[name].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self) -> dict[str, Any]:
        """The amounts as minor units, None for an empty field."""
        cleaned = super().clean() or {}
        for name in _NAMES:
            typed = (cleaned.get(name) or "").strip()
            try:
                cleaned[name] = amount_typed(typed, self.currency) if typed else None
            except forms.ValidationError as wrong:
                self.add_error(name, wrong)
        return cleaned


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page(typed=_NAMES)
def own_limits(request: BankRequest, actor: Actor) -> HttpResponse:
    """What the player allows themselves; posted, from now on."""
    seat = take_seat(actor, timezone.now())
    if request.method != "POST":
        filled = _plain(seat) | {name: request.GET[name] for name in _NAMES if name in request.GET}
        return _limits_page(request, seat, LimitsForm(initial=filled, currency=seat.currency))
    form = LimitsForm(request.POST, currency=seat.currency)
    if not form.is_valid():
        return _limits_page(request, seat, form, status=400)
    try:
        row = limits.set_limits(
            actor=actor, limits=playing.Limits(**{name: form.cleaned_data[name] for name in _NAMES})
        )
    except DomainError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)
        return _limits_page(request, seat, form, status=refusal.status)
    if row.later_at is None:
        messages.success(request, _("Your limits hold from now on."))
    else:
        until = selectors.local_text(row.later_at, actor.tenant)
        messages.success(
            request,
            _("Kept. What is tighter holds now; what is looser holds from %(when)s.") % {"when": until},
        )
    return redirect("casino:limits")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page(typed=("hours",))
def pause(request: BankRequest, actor: Actor) -> HttpResponse:
    """Whether it is really meant; posted, the pause begins."""
    sent = request.POST.get("hours", request.GET.get("hours", ""))
    known = {str(hours): label for hours, label in PAUSES}
    if sent not in known:
        return redirect("casino:limits")
    lasts = dt.timedelta(hours=int(sent))
    if request.method != "POST":
        until = timezone.now() + lasts
        return render(request, "casino/pause.html", {"hours": sent, "label": known[sent], "until": until})
    try:
        row = limits.pause_playing(actor=actor, lasts=lasts)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
        return redirect("casino:limits")
    until_text = selectors.local_text(row.paused_until, actor.tenant) if row.paused_until else ""
    messages.success(request, _("The machines are closed to you until %(until)s.") % {"until": until_text})
    return redirect("casino:limits")


def _limits_page(request: BankRequest, seat: Seat, form: LimitsForm, *, status: int = 200) -> HttpResponse:
    asked = playing.at(selectors.asked_limits(seat.limit), seat.now)
    context = {
        "form": form,
        "seat": seat,
        "later": [
            (form.fields[name].label, getattr(asked.later, name))
            for name in _NAMES
            if asked.later_at is not None and getattr(asked.later, name) != getattr(asked.now, name)
        ],
        "later_at": asked.later_at,
        "pauses": PAUSES,
    }
    return render(request, "casino/limits.html", context, status=status)


def _plain(seat: Seat) -> dict[str, str]:
    """The limits of now as somebody would type them."""
    exponent = seat.currency.exponent
    held = {name: getattr(seat.limits, name) for name in _NAMES}
    return {name: money.plain(value, exponent=exponent) for name, value in held.items() if value is not None}

"""What makes the casino checkable, in plain words: the seals, the player's own seed, and the file that strangers check."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import limits
from accounts.actors import Actor
from accounts.errors import DomainError, Invalid
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from casino import selectors
from casino.fairness import CLIENT_SEED_MAX
from casino.models import Round, SeedPair
from casino.services import seeds

ROUNDS_MAX: Final = 10_000


class ClientSeedForm(forms.Form):
    """The player's own part of every draw."""

    client_seed = forms.CharField(
        label=gettext_lazy("Your seed"),
        help_text=gettext_lazy(
            "1 to 64 letters, digits or signs, but no colon. Write something that nobody can guess."
        ),
        max_length=CLIENT_SEED_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )


class NextSeedForm(forms.Form):
    """The player's part of the draws that follow a broken seal: chosen after the house has committed to its own."""

    next_seed = forms.CharField(
        label=gettext_lazy("Your seed from then on"),
        help_text=gettext_lazy("May stay empty: then the house proposes one, and you can change it."),
        max_length=CLIENT_SEED_MAX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """A pair that is over; ``server_seed`` is None while a sealed rig keeps it secret."""

    pair: SeedPair
    rounds: int
    server_seed: str | None


@require_safe
@signed_in_page()
def fairness(request: BankRequest, actor: Actor) -> HttpResponse:
    """The seals of now and what was told of those before."""
    return _page(request, actor, ClientSeedForm())


@require_POST
@signed_in_page(back_to="/casino/fairness")
def rotate(request: BankRequest, actor: Actor) -> HttpResponse:
    """Open the seal: the server seed so far is told, the next one takes its place."""
    form = NextSeedForm(request.POST)
    if not form.is_valid():
        return _page(request, actor, ClientSeedForm(), next_seed=form, status=400)
    _count(actor)
    try:
        retired, _pairs = seeds.rotate(actor=actor, client_seed=form.cleaned_data["next_seed"] or None)
    except Invalid as refusal:
        form.add_error("next_seed", refusal.sentence)
        return _page(request, actor, ClientSeedForm(), next_seed=form, status=400)
    if selectors.revealed_seed(retired) is None:
        messages.info(
            request,
            _(
                "The next seed is in use now. The old one drew rounds of a sealed rig and is told together with it."
            ),
        )
    else:
        messages.success(
            request, _("The seal is open: the old server seed is told below, and the next one is in use.")
        )
    return redirect("casino:fairness")


@require_POST
@signed_in_page(back_to="/casino/fairness")
def client_seed(request: BankRequest, actor: Actor) -> HttpResponse:
    """Play with another seed of one's own from now on."""
    form = ClientSeedForm(request.POST)
    if form.is_valid():
        _count(actor)
        try:
            seeds.choose_client_seed(actor=actor, client_seed=form.cleaned_data["client_seed"])
        except DomainError as refusal:
            form.add_error("client_seed", refusal.sentence)
        else:
            messages.success(request, _("Your seed is changed. Spins without a script use it from now on."))
            return redirect("casino:fairness")
    return _page(request, actor, form, status=400)


@require_safe
@signed_in_page()
def rounds_file(request: BankRequest, actor: Actor) -> HttpResponse:
    """The player's rounds as a file that needs nobody to check it."""
    pair = None
    try:
        pair = uuid.UUID(request.GET["pair"]) if "pair" in request.GET else None
    except ValueError:
        pair = uuid.UUID(int=0)
    # The texts of the versions come once, with the settings, and not with each round.
    rows = (
        selectors.rounds_of(actor)
        .select_related(None)
        .select_related("game", "configuration__rig", "seed_pair")
    )
    if pair is not None:
        rows = rows.filter(seed_pair=pair)
    text = json.dumps(selectors.rounds_file(list(rows[:ROUNDS_MAX])), ensure_ascii=True, indent=1)
    name = f"rounds-{timezone.now():%Y%m%d-%H%M%S}.json"
    return HttpResponse(
        text,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _count(actor: Actor) -> None:
    """Count a change of seeds. Raises ``TooMany`` (``rate_limited``)."""
    limits.hit("seeds", f"{actor.tenant.pk}:{actor.principal}")


def _page(
    request: BankRequest,
    actor: Actor,
    form: forms.Form,
    *,
    next_seed: NextSeedForm | None = None,
    status: int = 200,
) -> HttpResponse:
    pairs, user = seeds.open_pairs(actor=actor), selectors.player_of(actor)
    retired = selectors.retired_pairs(user)
    context: dict[str, Any] = {
        "pairs": pairs,
        "drawn": selectors.last_nonce(user, pairs.active),
        "told": _with_rounds(retired),
        "form": form,
        "next_seed": next_seed or NextSeedForm(),
        "has_rounds": selectors.last_round(user) is not None,
    }
    return render(request, "casino/fairness.html", context, status=status)


def _with_rounds(retired: Sequence[tuple[SeedPair, str | None]]) -> list[Told]:
    drawn = dict(
        Round.objects.filter(seed_pair__in=[pair.pk for pair, _seed in retired])
        .order_by()
        .values_list("seed_pair")
        .annotate(Count("pk"))
    )
    return [Told(pair, drawn.get(pair.pk, 0), seed) for pair, seed in retired]

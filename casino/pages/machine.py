"""A machine and its odds. The page works as a plain form; ``machine.mjs`` lets the reels turn in the same place."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import Actor
from accounts.errors import DomainError, NotFound
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from casino import selectors
from casino.pages import odds as words
from casino.pages import shown
from casino.pages.seat import Seat, stake_or_first, stakes_of, stopped_sentence, take_seat
from casino.selectors import Machine
from casino.services import seeds, spins
from ledger.api.endpoint import counted
from ledger.forms import key_or_new, new_key
from ledger.idempotency import claim_for

# After these nobody knows yet whether it was done, or nothing was stored: the same key asks again.
_KEY_STAYS: Final = {"in_flight", "busy", "rate_limited", "too_fast"}
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page(typed=("bet_amount", "key"))
def machine(request: BankRequest, actor: Actor, game: str) -> HttpResponse:
    """The machine; posted, one spin, which leads back here and shows the round."""
    now = timezone.now()
    found, seat = selectors.machine_named(game, actor.tenant, now), take_seat(actor, now)
    if request.method == "POST":
        return _spin(request, actor, found, seat)
    key = key_or_new(request.GET.get("key", ""))
    return _page(request, actor, found, seat, key=key, row=_round_asked_for(request, actor, found))


@require_safe
@signed_in_page()
def odds(request: BankRequest, actor: Actor, game: str) -> HttpResponse:
    """All prizes for a stake, the lines, and what to expect, in words."""
    now = timezone.now()
    found, seat = selectors.machine_named(game, actor.tenant, now), take_seat(actor, now)
    stake = stake_or_first(request.GET.get("bet_amount", ""), stakes_of(found, seat))
    context = {
        "machine": found,
        "seat": seat,
        "stake": stake,
        "stakes": stakes_of(found, seat),
        "sprite": sprite_of(found.game.name),
        "odds": words.odds_of(found, stake, seat.show),
    }
    return render(request, "casino/odds.html", context)


def sprite_of(game: str) -> str:
    """The file with a game's symbols."""
    return f"casino/{game}.svg"


def _spin(request: BankRequest, actor: Actor, found: Machine, seat: Seat) -> HttpResponse:
    sent, key = request.POST.get("bet_amount", ""), key_or_new(request.POST.get("key", ""))
    stake = int(sent) if re.fullmatch(r"[0-9]{1,15}", sent, re.ASCII) else 0
    config = request.POST.get("config", "")
    seen = config if _DIGEST.fullmatch(config) else None
    claim = claim_for(key, method="POST", path=request.path, body={"bet_amount": stake, "config": seen})
    try:
        with counted(actor, claim, what="spin") as spending:
            spun = spins.spin(actor=actor, game=found.game.name, stake=stake, claim=claim, configuration=seen)
            if spun.replayed:
                spending.give_back()
    except DomainError as refusal:
        return _refused(request, actor, found.game.name, refusal, key)
    if spun.replayed:
        messages.info(request, _("This spin had already been played; it was not played a second time."))
    return redirect(f"{request.path}?round={spun.round.pk}&bet_amount={stake}")


def _refused(request: BankRequest, actor: Actor, game: str, refusal: DomainError, key: str) -> HttpResponse:
    """The machine as it is now, with the refusal's sentence; with a new key when the old one is used up."""
    now = timezone.now()
    found, seat = selectors.machine_named(game, actor.tenant, now), take_seat(actor, now)
    key = key if refusal.code in _KEY_STAYS else new_key()
    response = _page(request, actor, found, seat, key=key, refusal=refusal.sentence, status=refusal.status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _page(
    request: BankRequest,
    actor: Actor,
    found: Machine,
    seat: Seat,
    *,
    key: str,
    row: Any = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    rules = found.rules
    founded = stakes_of(found, seat)
    told = shown.shown_round(row, seat.show) if row is not None else None
    sent = request.POST.get("bet_amount", request.GET.get("bet_amount", ""))
    context = {
        "machine": found,
        "seat": seat,
        "pairs": seeds.open_pairs(actor=actor) if seat.account is not None else None,
        "stakes": founded,
        "stake": stake_or_first(sent, founded),
        "stopped": stopped_sentence(found, seat),
        "key": key,
        "refusal": refusal,
        "told": told,
        "window": told.base if told else shown.waiting_spin(rules),
        "sprite": sprite_of(found.game.name),
        "endpoint": f"/api/v1/casino/{found.slug}/spin",
        "island": _for_the_island(found, seat),
    }
    return render(request, "casino/machine.html", context, status=status)


def _for_the_island(found: Machine, seat: Seat) -> dict[str, str]:
    """What the script needs besides the page itself, as JSON for its attributes."""
    rules = found.rules
    return {
        "names": json.dumps(
            {letter: shown.name_of(rules.game, letter) for letter in rules.symbols}, ensure_ascii=True
        ),
        "money": json.dumps(
            {"symbol": seat.currency.symbol, "exponent": seat.currency.exponent}, ensure_ascii=True
        ),
        "page": reverse("casino:machine", args=[found.slug]),
    }


def _round_asked_for(request: BankRequest, actor: Actor, found: Machine) -> Any:
    """The player's round that the address names, None without one. Raises ``NotFound``."""
    sent = request.GET.get("round")
    if not sent:
        return None
    try:
        row = selectors.round_for(actor, uuid.UUID(sent))
    except ValueError:
        row = None
    if row is None or row.user_id != actor.user_id or row.game_id != found.game.pk:
        raise NotFound("unknown_round", _("There is no such round."))
    return row

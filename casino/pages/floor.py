"""The floor: every machine with what it pays and whether it runs."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actors import Actor
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from casino import selectors
from casino.pages.machine import sprite_of
from casino.pages.seat import stopped_sentence, take_seat
from casino.pages.shown import waiting_spin
from casino.services import seeds


@require_safe
@signed_in_page()
def floor(request: BankRequest, actor: Actor) -> HttpResponse:
    """The machines, the seal of the house, and how the player sits."""
    now = timezone.now()
    seat, found = take_seat(actor, now), selectors.machines(actor.tenant, now)
    machines = [
        {
            "machine": one,
            "stopped": stopped_sentence(one, seat),
            "window": waiting_spin(one.rules),
            "sprite": sprite_of(one.game.name),
        }
        for one in found
    ]
    pairs = seeds.open_pairs(actor=actor) if found and seat.account is not None else None
    return render(request, "casino/floor.html", {"machines": machines, "seat": seat, "pairs": pairs})

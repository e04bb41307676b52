"""A round on the house, as its player sees it: what the machine showed by itself, and never as a draw."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actors import Actor
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from casino import selectors
from casino.pages.machine import sprite_of
from casino.pages.seat import take_seat
from casino.pages.shown import ShownSpin, spoken, window
from casino.services import stories


@require_safe
@signed_in_page()
def story(request: BankRequest, actor: Actor, story_id: uuid.UUID) -> HttpResponse:
    """One story round of the player's own; that it was looked at is noted."""
    stories.seen(actor=actor, story=story_id)
    row = selectors.story_for(actor, story_id)
    spin = selectors.shown_to_be(row)
    rules = selectors.certified_version(row.version).version.rules
    wins = {(reel, rules.lines[win.line][reel]) for win in spin.line_wins for reel in range(win.count)}
    context = {
        "row": row,
        "title": selectors.title_of(row.game.name),
        "sprite": sprite_of(row.game.name),
        # No line has paid anything: the prize is what the plot gave.
        "spin": ShownSpin(window(rules, spin.window, wins), (), "", spoken(rules.game, spin.window), 0),
        "what_it_was": selectors.what_it_was(row),
        "seat": take_seat(actor, timezone.now()),
    }
    return render(request, "casino/story.html", context)

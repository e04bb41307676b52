"""Counting how often somebody looked at the figures of a game."""

from __future__ import annotations

from django.db import IntegrityError
from django.db.models import F

from accounts.actors import Actor
from accounts.units import RunAgain, unit_of_work
from casino.models import FigureLook, Game


@unit_of_work
def note_looks(*, actor: Actor, seen: dict[int, int]) -> dict[int, FigureLook]:
    """Count a look at each game (by its id) that has more rounds than the last look saw; returns the counts.

    Raises ``Denied``.
    """
    actor.require("casino.view")
    kept = {row.game_id: row for row in FigureLook.objects.filter(game__in=seen)}
    for game in Game.objects.filter(pk__in=seen.keys() - kept.keys()):
        try:
            kept[game.pk] = FigureLook.objects.create(game=game)
        except IntegrityError as error:
            raise RunAgain from error
    for pk, rounds in seen.items():
        row = kept.get(pk)
        if row is not None and row.rounds < rounds:
            newer = FigureLook.objects.filter(pk=pk, rounds__lt=rounds)
            row.looks += newer.update(looks=F("looks") + 1, rounds=rounds)
    return kept

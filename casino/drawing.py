"""One round, drawn from its stream in the order that verifiers repeat. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from casino.fairness import Stream
from casino.mixing import Mix
from casino.reels import Played, Rules, StripSet, evaluate, free_spins_of, play


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the stream gave, and what it pays: ``played.line_bets`` is the whole prize."""

    stops: tuple[int, ...]
    selector: int
    strip_set: StripSet
    free_stops: tuple[tuple[int, ...], ...]
    played: Played


def draw_round(rules: Rules, mix: Mix, stream: Stream) -> Drawn:
    """Stops left to right, then the selector (always), then the stops of the free spins, one spin after the other."""
    stops = _stops(rules, stream)
    selector = stream.draw(mix.out_of)
    strip_set = mix.set_for(selector)
    scatters = evaluate(rules, strip_set.strips, stops).scatters
    free_stops = tuple(_stops(rules, stream) for _spin in range(free_spins_of(rules, scatters)))
    played = play(rules, strip_set.strips, stops, free_stops)
    return Drawn(stops, selector, strip_set, free_stops, played)


def _stops(rules: Rules, stream: Stream) -> tuple[int, ...]:
    return stream.draws([rules.stops] * rules.reels)

"""``manage.py simulate_games``: play a game very often without money, and compare with what its certificate says."""

from __future__ import annotations

import secrets
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.management.staff import progress_bar
from casino.band import ROUNDS_MAX, ROUNDS_MIN, band
from casino.certificate import MixedFigures, mixed
from casino.games import CERTIFIED, TITLES
from casino.mixing import payout
from casino.simulation import Tally, histogram, scores, simulate


class Command(BaseCommand):
    help = (
        "Play a game so many times, drawn and paid as real rounds are, and print what came back, how far that is from what it "
        "should be (z-scores: between -4 and 4 almost always), and a histogram. Touches no event and no money."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--game", choices=sorted(CERTIFIED), help="without it: each game")
        parser.add_argument("--rounds", type=int, default=1_000_000, metavar="N", help="default 1000000")
        parser.add_argument("--payout", default="96.00", metavar="PERCENT", help="default 96.00")
        parser.add_argument("--seed", help="the server seed; without one it is drawn and printed")

    def handle(self, *args: Any, **options: Any) -> None:
        p, rounds = _payout(options["payout"]), options["rounds"]
        if not ROUNDS_MIN <= rounds <= ROUNDS_MAX:
            raise CommandError(
                _("Rounds are %(least)d to %(most)d.") % {"least": ROUNDS_MIN, "most": ROUNDS_MAX}
            )
        seed = options["seed"] or secrets.token_hex(32)
        if not seed.isascii():
            raise CommandError(_("A seed is of ASCII characters."))
        for game in [options["game"]] if options["game"] else list(CERTIFIED):
            figures = mixed(CERTIFIED[game], p)
            with progress_bar(rounds, unit="rounds") as bar:
                tally = simulate(figures, rounds, seed, counted=bar.update)
            self.stdout.write(f"{TITLES[game]}, {options['payout']} %, {rounds:,} rounds, --seed {seed}\n")
            for line in [*_report(figures, tally), "", *histogram(tally), ""]:
                self.stdout.write(line)


def _report(figures: MixedFigures, tally: Tally) -> list[str]:
    """What was seen beside what is certified, a line each."""
    z = scores(figures, tally)
    low, high = band(figures, tally.rounds)
    lines = [
        _line(_("payout"), tally.rtp, figures.rtp, z.rtp),
        _line(_("rounds that pay"), Fraction(tally.hits, tally.rounds), figures.hit_frequency, z.hits),
    ]
    if z.features is not None:
        seen = Fraction(tally.features, tally.rounds)
        lines.append(_line(_("free spins"), seen, figures.feature_frequency, z.features))
    return [
        *lines,
        _("95 of 100 such runs pay between %(low)s and %(high)s %%.")
        % {"low": f"{Decimal(low) / 100:.2f}", "high": f"{Decimal(high) / 100:.2f}"},
        _("Largest round: %(seen)s bets; none can exceed %(bound)s.")
        % {"seen": Decimal(tally.most) / tally.bets, "bound": Decimal(figures.bound) / tally.bets},
    ]


def _line(name: str, seen: Fraction, expected: Fraction, z: float) -> str:
    def percent(share: Fraction) -> str:
        return f"{Decimal(share.numerator) / share.denominator:.4%}"

    told = _("expected %(share)s") % {"share": percent(expected)}
    return f"{name:>19} {percent(seen):>12}   {told}   z {z:+.2f}"


def _payout(typed: str) -> Fraction:
    """`96.00` -> 24/25. Raises ``CommandError``."""
    try:
        hundredths = Decimal(typed) * 100
        if hundredths != hundredths.to_integral_value():
            raise ValueError
        return payout(int(hundredths))
    except (InvalidOperation, ValueError, OverflowError):
        raise CommandError(_("The payout is a number from 50.00 to 150.00 with two decimals.")) from None

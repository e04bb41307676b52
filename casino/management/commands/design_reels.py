"""``manage.py design_reels``: look for a strip set with a wanted RTP, or repeat the searches that found the certified ones."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.management.staff import progress_bar
from casino.designing import ORDERS_MAX, SEARCHES, Found, NothingFound, Search, searched
from casino.games import CERTIFIED


class Command(BaseCommand):
    help = (
        "Look for strips of a game with an RTP in a range, by the rules every certified set keeps. The same arguments find the "
        "same strips everywhere. Prints them as JSON; nothing is written. With --repeat: run the searches again that found the "
        "certified sets, and compare."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--game", choices=sorted(CERTIFIED), required=True)
        parser.add_argument("--rtp", metavar="PERCENT", help="the middle of the wanted range, such as 67.5")
        parser.add_argument("--within", metavar="PERCENT", default="0.5", help="half its width (default 0.5)")
        parser.add_argument("--seed", default="1", help="a text; another one finds other strips (default 1)")
        parser.add_argument("--repeat", action="store_true", help="repeat the searches of the certified sets")

    def handle(self, *args: Any, **options: Any) -> None:
        game = options["game"]
        if options["repeat"]:
            for search in SEARCHES[game]:
                self._repeat(game, search)
            return
        if options["rtp"] is None:
            raise CommandError(_("Say which RTP is wanted, such as --rtp 67.5, or --repeat."))
        search = Search(_percent(options["rtp"]), _percent(options["within"]), options["seed"])
        self._show(game, self._search(game, search))

    def _search(self, game: str, search: Search) -> Found:
        with progress_bar(ORDERS_MAX, unit="orders") as bar:
            try:
                return searched(CERTIFIED[game].rules, search, tried=bar.update)
            except NothingFound as error:
                raise CommandError(str(error)) from error

    def _repeat(self, game: str, search: Search) -> None:
        found = self._search(game, search).strip_set
        if found not in CERTIFIED[game].sets:
            raise CommandError(
                _("The search for %(rtp)s per cent finds other strips than the certified ones.")
                % {"rtp": search.rtp}
            )
        self.stdout.write(_("%(game)s, set %(name)s: found again.") % {"game": game, "name": found.name})

    def _show(self, game: str, found: Found) -> None:
        one, lines = found.certificate, CERTIFIED[game].line_count
        strips = {
            "name": found.strip_set.name,
            "rtp": str(found.strip_set.rtp),
            "strips": found.strip_set.strips,
        }
        self.stdout.write(json.dumps(strips, indent=1))
        self.stderr.write(
            _(
                "RTP %(rtp)s, hits %(hits)s, sigma %(sigma)s bets, no round above %(bound)s bets; order %(order)d."
            )
            % {
                "rtp": f"{Decimal(one.rtp.numerator) / one.rtp.denominator:.4%}",
                "hits": f"{Decimal(one.hit_frequency.numerator) / one.hit_frequency.denominator:.2%}",
                "sigma": f"{one.sigma:.2f}",
                "bound": f"{Decimal(one.bound) / lines:.1f}",
                "order": found.orders,
            }
        )


def _percent(typed: str) -> Fraction:
    """`67.5` -> 135/2. Raises ``CommandError``."""
    try:
        number = Decimal(typed)
        if not (number.is_finite() and 0 < number <= 1000):
            raise InvalidOperation
    except InvalidOperation:
        raise CommandError(_("%s is not a number of per cent, such as 67.5.") % typed) from None
    return Fraction(number)

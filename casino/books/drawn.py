"""Every round drawn again, from its seeds, its configuration and its version, as a stranger would."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from fractions import Fraction

from django.utils.translation import gettext as _

from casino import mixing, reels
from casino.books.promises import Promises
from casino.drawing import draw_round
from casino.fairness import Stream
from casino.mixing import Mix
from casino.models import Round
from ledger.books import Difference


class Drawing:
    """Draws rounds again, on what ``promises`` say."""

    def __init__(self, promises: Promises) -> None:
        self._promises = promises
        self._mixes: dict[tuple[int, int], Mix | None] = {}
        # The place in each game's chain that the player has got to: nobody plays on an older one again.
        self._player: uuid.UUID | None = None
        self._reached: dict[int, int] = {}

    def compare(self, row: Round, server_seed: str | None) -> Iterator[Difference]:
        """What ``row`` says otherwise than its draw; without its seed, or a rig, only the prize is looked at."""
        name = f"casino_round {row.pk}"
        configuration = self._promises.configurations.get(row.configuration_id)
        if configuration is None:
            return
        if configuration.game_id != row.game_id:
            yield Difference("round_configuration", name, _("was played on another game's configuration"))
        elif configuration.seq < self._reached_by(row, configuration.seq):
            yield Difference(
                "round_configuration", name, _("was played on an older configuration than one before")
            )
        version = self._promises.rules.get(configuration.version_id)
        if version is None:
            return
        if row.stake % version.line_count or row.win != row.stake // version.line_count * row.line_bets:
            said = _(
                "won %(win)d; %(line_bets)d line bets of a stake of %(stake)d on %(lines)d lines are another sum"
            )
            values = {
                "win": row.win,
                "line_bets": row.line_bets,
                "stake": row.stake,
                "lines": version.line_count,
            }
            yield Difference("round_prize", name, said % values)
        if server_seed is None:
            return
        payout = self._promises.payout_at(configuration, row.played_at)
        if payout is None:
            return
        mix = self._mix(version, configuration.version_id, payout)
        if mix is None:
            yield Difference("round_draw", name, _("was played for a payout that its version does not reach"))
            return
        wrong = list(_unlike(row, version, mix, server_seed))
        if wrong:
            said = _("drawn again, it comes out otherwise: %s") % ", ".join(wrong)
            yield Difference("round_draw", name, said)

    def _reached_by(self, row: Round, seq: int) -> int:
        """The newest configuration that the player of ``row`` has played on in its game, this one included."""
        if row.user_id != self._player:
            self._player, self._reached = row.user_id, {}
        self._reached[row.game_id] = max(seq, self._reached.get(row.game_id, 0))
        return self._reached[row.game_id]

    def _mix(self, version: reels.GameVersion, version_id: int, payout: int) -> Mix | None:
        place = (version_id, payout)
        if place not in self._mixes:
            try:
                self._mixes[place] = mixing.mix(version, Fraction(payout, 10_000))
            except ValueError:
                self._mixes[place] = None
        return self._mixes[place]


def _unlike(row: Round, version: reels.GameVersion, mix: Mix, server_seed: str) -> Iterator[str]:
    """The columns of ``row`` that say otherwise than its stream."""
    drawn = draw_round(version.rules, mix, Stream(server_seed, row.client_seed, row.nonce))
    came = {
        "stops": list(drawn.stops),
        "selector": str(drawn.selector),
        "out_of": str(mix.out_of),
        "set_name": drawn.strip_set.name,
        "free_stops": [list(stops) for stops in drawn.free_stops],
        "line_bets": drawn.played.line_bets,
    }
    for column, value in came.items():
        if getattr(row, column) != value:
            yield column

"""How the games do, as panels: what came in and went out, and whether chance explains it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import tenancy
from accounts.actors import Actor
from accounts.console.parts import NOTHING, Cell, Fact, Panel, Table, link, moment
from casino import selectors
from casino.console import words
from casino.models import FigureLook, Game, Round
from casino.selectors import Live, Reckoning
from casino.selectors.figures import ALARM_AT, FALSE_ALARM_IN
from casino.services.looks import note_looks
from ledger.models import Currency

MANAGES: Final = "casino.manage"
# As on the front page: several who keep pressing reload cost no more than one, and counting takes a tenth of the time at most.
KEPT_S: Final = 3.0
RESTS_TIMES: Final = 9
# What takes less than this is not worth keeping.
QUICK_S: Final = 0.05
#: With fewer rounds the normal distribution says little about a slot machine.
FEW_ROUNDS: Final = 2_000
UNUSUAL_AT: Final = 2


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Sequence[Live]
    until: float
    rests_until: float
    newest: Any


_kept: dict[Any, _Kept] = {}
_turns: dict[Any, threading.Lock] = {}


def latest(*, sees_sealed: bool) -> Sequence[Live]:
    """Every game as it has done until now, or until a moment ago."""
    key = (tenancy.current().pk, sees_sealed)
    newest = _newest()
    with _turns.setdefault(key, threading.Lock()):
        kept, now = _kept.get(key), time.monotonic()
        if kept is not None and (now < kept.rests_until or (kept.newest == newest and now < kept.until)):
            return kept.found
        found = selectors.live(sees_sealed=sees_sealed)
        ended = time.monotonic()
        took = ended - now
        if took > QUICK_S:
            _kept[key] = _Kept(found, ended + KEPT_S, ended + RESTS_TIMES * took, newest)
        return found


def _newest() -> uuid.UUID | None:
    newest: uuid.UUID | None = Round.objects.order_by("-id").values_list("pk", flat=True).first()
    return newest


def looks_at(actor: Actor, found: Sequence[Live]) -> dict[int, FigureLook]:
    """Count this look at the figures, for those who see alarms."""
    return note_looks(actor=actor, seen={one.game.pk: one.reckoning.told for one in found})


# -- in words ----------------------------------------------------------------------------------------------------------


def chance_fact(live: Live) -> Fact:
    """The z-score and what it means."""
    label, z = _("Chance or not"), live.reckoning.z
    if z is None:
        return Fact(label, NOTHING)
    facts = {"z": words.signed(z)}
    if live.is_alarming:
        return Fact(label, _("ALARM: z = %(z)s. Chance hardly explains this.") % facts, "bad")
    if live.reckoning.is_far:
        return Fact(label, _("z = %(z)s: far out, but with these prizes chance still does that") % facts)
    if abs(z) > UNUSUAL_AT:
        return Fact(label, _("z = %(z)s: unusual, but no alarm") % facts)
    return Fact(label, _("z = %(z)s: well within chance") % facts, "good")


def chance_cell(live: Live) -> Cell:
    """The same in a column."""
    cell = z_cell(live.reckoning)
    return Cell(_("ALARM %(z)s") % {"z": cell.value}, "bad", is_amount=True) if live.is_alarming else cell


def z_cell(one: Reckoning) -> Cell:
    """A z-score in a column."""
    return Cell(NOTHING if one.z is None else words.signed(one.z), is_amount=True)


def ggr_cell(one: Reckoning, currency: Currency) -> Cell:
    """What the house has kept, in a column."""
    return Cell(words.money(one.ggr, currency, with_sign=True), "bad" if one.ggr < 0 else "", is_amount=True)


def band_of(one: Reckoning, currency: Currency) -> str:
    """Between which amounts 95 of 100 such evenings leave the house."""
    found = one.ggr_band
    if found is None:
        return NOTHING
    low, high = (words.money(end, currency, with_sign=True) for end in found)
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def looks_note(look: FigureLook | None) -> str:
    """How often somebody has looked, and what that means for an alarm."""
    if look is None or not look.looks:
        return ""
    facts = {"times": words.count(look.looks), "in": words.count(FALSE_ALARM_IN), "at": ALARM_AT}
    looked = ngettext("Looked at once so far.", "Looked at %(times)s times so far.", look.looks)
    means = _(
        "An alarm is a z beyond ±%(at)d that these prizes hardly ever give; one false alarm in about %(in)s looks is normal."
    )
    return f"{looked} {means}" % facts


def hidden_note(one: Reckoning) -> str:
    """That rounds of a sealed rig are left out of what should have been paid."""
    if not one.hidden:
        return ""
    said = _("%(count)s rounds of a sealed rig are left out of theory, deviation and z until it is revealed.")
    return said % {"count": words.count(one.hidden)}


def figures_panel(live: Live, look: FigureLook | None, currency: Currency, wins: Sequence[Round]) -> Panel:
    """One game's figures."""
    one = live.reckoning
    notes = [looks_note(look), hidden_note(one), _doubt(one, currency, wins)]
    return Panel(_("How it goes"), facts=_facts(live, currency), note=" ".join(filter(None, notes)))


def _facts(live: Live, currency: Currency) -> list[Fact]:
    one = live.reckoning
    if not one.rounds:
        return [Fact(_("Rounds"), _("none yet"))]
    return [
        chance_fact(live),
        Fact(
            _("House has kept (GGR)"),
            words.money(one.ggr, currency, with_sign=True),
            "bad" if one.ggr < 0 else "",
        ),
        Fact(_("In 95 of 100 such evenings"), band_of(one, currency)),
        Fact(_("Paid back so far"), words.per_cent(one.actual)),
        Fact(_("In theory"), words.per_cent(one.theory, 4)),
        Fact(_("Players have won beyond that"), words.money(one.deviation, currency, with_sign=True)),
        Fact(_("Staked"), words.money(one.staked, currency)),
        Fact(_("Won"), words.money(one.won, currency)),
        Fact(_("Rounds"), words.count(one.rounds)),
        Fact(_("Players"), words.count(live.players)),
    ]


def _doubt(one: Reckoning, currency: Currency, wins: Sequence[Round]) -> str:
    """What makes a z mean less: one great win, or few rounds."""
    sigma = one.sigma
    if one.is_far and sigma and wins and one.deviation > 0:
        without = (one.deviation - wins[0].win) / sigma
        if without < ALARM_AT:
            facts = {"win": words.money(wins[0].win, currency), "z": words.signed(without)}
            return _("Without its largest win of %(win)s it would be z = %(z)s.") % facts
    if 0 < one.rounds < FEW_ROUNDS:
        said = _("With fewer than %(few)s rounds one large win moves everything: the band and z are rough.")
        return said % {"few": words.count(FEW_ROUNDS)}
    return ""


def wins_panel(wins: Sequence[Round], currency: Currency) -> Panel:
    """The largest prizes of a game."""
    rows = [
        [
            Cell(link(round_url(row), moment(row.played_at))),
            Cell(row.user.character_name),
            Cell(words.money(row.stake, currency), is_amount=True),
            Cell(words.money(row.win, currency), is_amount=True),
            Cell(times_of(row), is_amount=True),
        ]
        for row in wins
    ]
    columns = [_("When"), _("Player"), _("Stake"), _("Won"), _("Times the stake")]
    return Panel(_("Biggest wins"), table=Table(columns, rows, empty=_("Nobody has won yet.")))


def times_of(row: Round) -> str:
    """A prize as a multiple of its stake."""
    return f"{words.decimal(Fraction(row.win, row.stake), 1)} ×" if row.win else NOTHING


def round_url(row: Round) -> str:
    """The address of a round's page."""
    return reverse("admin:casino_round_change", args=[row.pk])


def game_url(game: Game) -> str:
    """The address of a game's page."""
    return reverse("admin:casino_game_change", args=[game.pk])

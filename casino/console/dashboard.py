"""The casino on the first page of the console."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.console.parts import Cell, Fact, Panel, Table, link
from accounts.requests import BankRequest
from casino import selectors
from casino.console import live, words
from casino.console.cover import House, covers, house
from casino.console.house import floor_url
from ledger.models import Currency


def panel(request: BankRequest) -> Panel | None:
    """What the house has kept, and whether a game pays what it should; None where there is no casino, or nothing for them."""
    if not request.user.has_perm("casino.view"):
        return None
    found = house()
    if found is None:
        return None
    games = live.latest(sees_sealed=request.user.has_perm(live.MANAGES))
    looks = live.looks_at(request.actor(), games)
    most = max(looks.values(), key=lambda one: one.looks, default=None)
    table = Table(
        [
            _("Game"),
            _("Rounds"),
            _("House has kept"),
            _("In 95 of 100 such evenings"),
            _("Paid back"),
            _("In theory"),
            "z",
        ],
        [_line(one, found.currency) for one in games],
    )
    hidden = next((live.hidden_note(one.reckoning) for one in games if one.reckoning.hidden), "")
    notes = [live.looks_note(most), hidden]
    return Panel(_("Casino"), facts=_facts(found, games), table=table, note=" ".join(filter(None, notes)))


def _facts(found: House, games: Sequence[live.Live]) -> list[Fact]:
    alarms = [one for one in games if one.is_alarming]
    short = [selectors.title_of(one.game.name) for one in covers(found.available) if not one.is_full]
    names = ", ".join(selectors.title_of(one.game.name) for one in alarms)
    alarm = (
        Fact(_("Payouts"), _("ALARM: %(games)s") % {"games": names}, "bad")
        if alarms
        else Fact(_("Payouts"), _("as chance has it"), "good")
    )
    has = words.money(found.amount, found.currency)
    covering = (
        Fact(
            _("The house has"),
            link(
                floor_url(),
                _("%(amount)s: too little for all stakes of %(games)s")
                % {"amount": has, "games": ", ".join(short)},
            ),
            "bad",
        )
        if short
        else Fact(_("The house has"), link(floor_url(), has), "good")
    )
    return [covering, alarm]


def _line(one: live.Live, currency: Currency) -> list[Cell]:
    return [
        Cell(link(live.game_url(one.game), selectors.title_of(one.game.name))),
        Cell(words.count(one.reckoning.rounds), is_amount=True),
        live.ggr_cell(one.reckoning, currency),
        Cell(live.band_of(one.reckoning, currency), is_amount=True),
        Cell(words.per_cent(one.reckoning.actual), is_amount=True),
        Cell(words.per_cent(one.reckoning.theory), is_amount=True),
        live.chance_cell(one),
    ]

"""Rounds in the console, to be looked at: what was shown, what was paid, and everything that proves it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts import search
from accounts.console.lists import ListForm, Moment
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Cell, Fact, Panel, Table, extension_of, link, moment
from accounts.models import User
from accounts.requests import BankRequest
from casino import games, reels, selectors
from casino.console import live, words
from casino.models import Round
from ledger import selectors as bank
from ledger.console.money import shown
from ledger.models import Currency, Transfer

# A round's id has the moment at which it was written, which is a little after the one at which it was drawn.
_WRITTEN_WITHIN: Final = dt.timedelta(minutes=1)
_LAST_OF_MS: Final = (1 << 80) - 1


class RoundListForm(ListForm):
    """Rounds by player, game, time, and whether they won."""

    hint = gettext_lazy("The beginning of a player's name.")
    game = forms.ChoiceField(label=gettext_lazy("Game"), required=False)
    won = forms.BooleanField(label=gettext_lazy("Only those that won more than their stake"), required=False)
    since = Moment(label=pgettext_lazy("time", "From"))
    until = Moment(label=pgettext_lazy("time", "To"))
    player = forms.UUIDField(required=False, widget=forms.HiddenInput)
    field_order = ("q", "game", "since", "until", "won", "player")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["game"].choices = [("", _("all")), *games.TITLES.items()]  # type: ignore[attr-defined]

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.cleaned_data
        if asked["game"]:
            rows = rows.filter(game__name=asked["game"])
        if asked["won"]:
            rows = rows.filter(win__gt=F("stake"))
        if asked["player"]:
            rows = rows.filter(user=asked["player"])
        if asked["since"]:
            rows = rows.filter(pk__gte=_id_at(asked["since"]), played_at__gte=asked["since"])
        if asked["until"] and asked["until"].year < dt.MAXYEAR:
            last = _id_at(asked["until"] + _WRITTEN_WITHIN, last=True)
            rows = rows.filter(pk__lte=last, played_at__lte=asked["until"])
        return rows

    @property
    def said(self) -> str:
        player = self.cleaned_data.get("player") if self.is_bound and self.is_valid() else None
        user = User.objects.filter(pk=player).first() if player else None
        return _("Only rounds of %(name)s.") % {"name": user.character_name} if user else ""


def _id_at(when: dt.datetime, *, last: bool = False) -> uuid.UUID:
    """The first id, or the last one, that a row written at this moment can have."""
    milliseconds = max(int(when.timestamp() * 1000), 0)
    return uuid.UUID(int=milliseconds << 80 | (_LAST_OF_MS if last else 0))


class RoundPages(ConsoleAdmin):
    """Rounds, newest first. Nothing here changes one."""

    view_permission = "casino.view"
    singular, plural = gettext_lazy("Round"), gettext_lazy("Rounds")
    place = 41
    list_form = RoundListForm
    list_display = ("when", "player", "game_title", "stake_in_words", "win_in_words", "times", "nonce")
    empty_list = gettext_lazy("No such round.")

    def rows(self) -> QuerySet[Round]:
        return selectors.with_proof().select_related("user").defer("configuration__version__canonical")

    def found(self, text: str) -> Q:
        return Q(user__in=list(search.find(search.USER, text)))

    # -- columns -------------------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("When"))
    def when(self, row: Round) -> Any:
        return moment(row.played_at)

    @admin.display(description=gettext_lazy("Player"))
    def player(self, row: Round) -> Any:
        return link(reverse("admin:accounts_user_change", args=[row.user_id]), row.user.character_name)

    @admin.display(description=gettext_lazy("Game"))
    def game_title(self, row: Round) -> str:
        return selectors.title_of(row.game.name)

    @admin.display(description=gettext_lazy("Stake"))
    def stake_in_words(self, row: Round) -> Cell:
        return Cell(shown(row.stake, _currency_of(row)), is_amount=True)

    @admin.display(description=gettext_lazy("Won"))
    def win_in_words(self, row: Round) -> Cell:
        return Cell(shown(row.win, _currency_of(row)) if row.win else NOTHING, is_amount=True)

    @admin.display(description=gettext_lazy("Times the stake"))
    def times(self, row: Round) -> Cell:
        return Cell(live.times_of(row), is_amount=True)

    @admin.display(description=gettext_lazy("Nonce"))
    def nonce(self, row: Round) -> Cell:
        return Cell(str(row.nonce), tone="quiet", is_amount=True)

    def prepare(self, rows: list[Round]) -> None:
        currency = bank.first_currency() if rows else None
        for row in rows:
            row.currency_now = currency  # type: ignore[attr-defined]  # for the cells of this row

    def find(self, key: str) -> Round:
        row: Round = super().find(key)
        self.prepare([row])
        return row

    # -- the page ------------------------------------------------------------------------------------------------------

    def title_of(self, row: Round) -> str:
        return _("%(game)s: a round of %(name)s") % {
            "game": selectors.title_of(row.game.name),
            "name": row.user.character_name,
        }

    def figure_of(self, row: Round) -> Fact:
        return Fact(_("Won"), shown(row.win, _currency_of(row)))

    def facts(self, request: BankRequest, row: Round) -> list[Fact]:
        currency = _currency_of(row)
        facts = [
            Fact(_("When"), moment(row.played_at)),
            Fact(_("Player"), self.player(row)),
            Fact(_("Game"), link(live.game_url(row.game), selectors.title_of(row.game.name))),
            Fact(_("Stake"), link(_transfer_url(row.bet_transfer_id), shown(row.stake, currency))),
            Fact(
                _("Won"),
                link(_transfer_url(row.win_transfer_id), shown(row.win, currency))
                if row.win_transfer_id
                else _("nothing"),
            ),
            Fact(_("Times the stake"), live.times_of(row)),
            Fact(_("Round of this player"), words.count(row.number)),
            Fact(
                _("This sitting, so far"),
                _("%(rounds)s rounds, %(net)s")
                % {
                    "rounds": words.count(row.session_rounds),
                    "net": words.money(row.session_won - row.session_staked, currency, with_sign=True),
                },
            ),
            Fact(_("Number"), str(row.pk)),
        ]
        if request.user.has_perm("accounts.view_audit"):
            facts += [
                Fact(_("Address"), row.ip or NOTHING),
                Fact(_("Device"), row.device_id or NOTHING),
                Fact(_("Request"), row.request_id or NOTHING),
            ]
        return facts

    def panels(self, request: BankRequest, row: Round) -> list[Panel]:
        played = selectors.played(row)
        line_bet = row.stake // len(selectors.certified(row.configuration).version.rules.lines)
        free = [
            self._spin(row, spin, line_bet, _("Free spin %(number)d") % {"number": number})
            for number, spin in enumerate(played.free_spins, start=1)
        ]
        return [
            self._spin(row, played.base, line_bet, _("What the reels showed")),
            *free,
            self._proof(request, row),
        ]

    def _spin(self, row: Round, spin: reels.Spin, line_bet: int, title: str) -> Panel:
        """The window, and under it what of it paid."""
        names, currency = games.SYMBOL_NAMES[row.game.name], _currency_of(row)
        window = Table(
            [_("Reel %(number)d") % {"number": number} for number in range(1, len(spin.window[0]) + 1)],
            [[Cell(names.get(symbol, symbol)) for symbol in line] for line in spin.window],
        )
        paid = [
            Fact(
                _("Line %(number)d") % {"number": win.line + 1},
                _("%(count)d × %(symbol)s: %(prize)s")
                % {
                    "count": win.count,
                    "symbol": names.get(win.symbol, win.symbol),
                    "prize": shown(win.line_bets * line_bet, currency),
                },
                "good",
            )
            for win in spin.line_wins
        ]
        if spin.scatter_line_bets:
            prize = shown(spin.scatter_line_bets * line_bet, currency)
            paid.append(
                Fact(
                    _("Scatters"),
                    _("%(count)d: %(prize)s") % {"count": spin.scatters, "prize": prize},
                    "good",
                )
            )
        paid.append(Fact(_("In all"), shown(spin.line_bets * line_bet, currency)))
        return Panel(title, facts=paid, table=window)

    def _proof(self, request: BankRequest, row: Round) -> Panel:
        """What the round is checked with; while its rig is sealed, what would give the payout away is the game masters' alone."""
        pair, configuration = row.seed_pair, row.configuration
        facts = [
            Fact(_("Server seed's hash"), pair.server_seed_hash),
            Fact(_("Server seed"), words.seed_of(pair)),
            Fact(_("Client seed"), row.client_seed),
            Fact(_("Nonce"), str(row.nonce)),
            Fact(_("Configuration"), f"{configuration.seq} · {configuration.digest}"),
            Fact(_("It pays"), words.pays(configuration)),
            Fact(_("Stops"), _stops([row.stops])),
        ]
        is_told = selectors.may_tell_selector(row)
        if is_told or request.user.has_perm(live.MANAGES):
            facts += [
                Fact(
                    _("Selector"),
                    _("%(selector)s of %(out_of)s") % {"selector": row.selector, "out_of": row.out_of},
                ),
                Fact(_("Set"), row.set_name),
            ]
        else:
            facts.append(Fact(_("Selector"), _("told with the sealed rig")))
        if row.free_stops:
            facts.append(Fact(_("Stops of the free spins"), _stops(row.free_stops)))
        note = "" if is_told else _("A sealed rig drew this round: keep its selector and set to yourself.")
        return Panel(_("Proof"), facts=facts, note=note if request.user.has_perm(live.MANAGES) else "")


def _currency_of(row: Round) -> Currency:
    """What ``prepare`` has put there."""
    found: Currency = row.currency_now  # type: ignore[attr-defined]
    return found


def _stops(spins: Sequence[Sequence[int]]) -> str:
    return " · ".join(" ".join(map(str, stops)) for stops in spins)


def _transfer_url(pk: Any) -> str:
    return reverse("admin:ledger_transfer_change", args=[pk])


# -- on a transfer's page ----------------------------------------------------------------------------------------------


def round_panel(request: BankRequest, row: Transfer) -> Panel | None:
    """The round that a bet or a win belongs to."""
    if row.kind not in (Transfer.Kind.CASINO_BET, Transfer.Kind.CASINO_WIN):
        return None
    if not request.user.has_perm("casino.view"):
        return None
    column = "bet_transfer" if row.kind == Transfer.Kind.CASINO_BET else "win_transfer"
    found = Round.objects.select_related("game").filter(**{column: row.pk}).first()
    if found is None:
        return None
    text = _("Round %(number)s of this player in %(game)s")
    facts = {"number": words.count(found.number), "game": selectors.title_of(found.game.name)}
    return Panel(_("Casino"), facts=[Fact(_("Round"), link(live.round_url(found), text % facts))])


extension_of(Transfer).panels.append(round_panel)

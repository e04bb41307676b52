"""The casino's page and the page of each machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, cast

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import tenancy
from accounts.console.actions import ActionPage
from accounts.console.lists import address
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Button, Cell, Fact, Panel, Table, moment, yes_or_no
from accounts.console.parts import link as link_to
from accounts.console.trail import trail_of
from accounts.requests import BankRequest
from casino import selectors
from casino.console import cover, live, words
from casino.console.game_actions import ChangeGame, FreezeGame, SwitchGameOff, SwitchGameOn, UnfreezeGame
from casino.console.house import OpenCasino, float_button
from casino.console.luck import LuckPage
from casino.console.payout import SetPayout, exactly, prospect
from casino.models import Game, GameConfiguration
from casino.selectors import Live, Reckoning
from casino.services.configurations import target
from ledger import numbers
from ledger import selectors as bank
from ledger.models import Currency

LINKS_SHOWN: Final = 10


class GamePages(ConsoleAdmin):
    """The casino: its house, its machines, and how they do."""

    view_permission = "casino.view"
    singular, plural = gettext_lazy("Game"), gettext_lazy("Casino")
    place = 40
    ordering = ("-id",)
    console_actions: ClassVar[Sequence[type[ActionPage]]] = (
        SetPayout,
        ChangeGame,
        FreezeGame,
        UnfreezeGame,
        SwitchGameOff,
        SwitchGameOn,
    )

    def rows(self) -> QuerySet[Game]:
        return Game.objects.all()

    def get_urls(self) -> list[URLPattern]:
        luck = path(
            "<str:key>/luck/",
            self.admin_site.admin_view(LuckPage.as_view(pages=self)),
            name="casino_game_luck",
        )
        return [luck, *super().get_urls()]

    # -- the casino ----------------------------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The house and every machine on one page. Raises ``PermissionDenied``."""
        self._only_look(request)
        if request.GET.get("after"):
            # There is one page, and no place in it.
            raise Http404
        found = cover.house()
        return TemplateResponse(
            request,
            "admin/casino/floor.html",
            {
                **self.admin_site.each_context(request),
                "title": self.title,
                "list_url": self.list_url(),
                **(
                    {"opening": self._opening(request)}
                    if found is None
                    else self._floor(cast(BankRequest, request), found)
                ),
            },
        )

    def _opening(self, request: HttpRequest) -> list[Button]:
        if not request.user.has_perm(OpenCasino.permission):
            return []
        url = reverse("admin:accounts_tenant_open-casino", args=[tenancy.current().slug])
        return [Button(str(OpenCasino.label), url, "do")]

    def _floor(self, request: BankRequest, found: cover.House) -> dict[str, Any]:
        currency, prizes = found.currency, cover.house(numbers.PRIZES)
        games = live.latest(sees_sealed=request.user.has_perm(live.MANAGES))
        looks = live.looks_at(request.actor(), games)
        covered = {one.game.pk: one for one in cover.covers(found.available)}
        is_short = not all(one.is_full for one in covered.values())
        facts = [
            Fact(_("The house has"), self._account(found), "bad" if is_short else ""),
            *([Fact(_("For prizes of the story"), self._account(prizes))] if prizes else []),
        ]
        buttons = [float_button(numbers.HOUSE, _("Fund or draw off the house"))]
        if prizes:
            buttons.append(float_button(numbers.PRIZES, _("Fund or draw off the prizes")))
        return {
            "house": Panel(
                _("The house"), facts=facts, table=cover.cover_table(list(covered.values()), currency)
            ),
            "house_buttons": buttons if request.user.has_perm(live.MANAGES) else [],
            "games": Panel(
                _("Games"),
                table=Table(_columns(), [self._line(one, covered[one.game.pk], currency) for one in games]),
                note=" ".join(_notes(games, looks)),
            ),
            "links": [Button(_("All rounds"), reverse("admin:casino_round_changelist"))],
        }

    def _account(self, found: cover.House) -> Any:
        url = reverse("admin:ledger_account_change", args=[found.account.number])
        return link_to(url, words.money(found.amount, found.currency))

    def _line(self, one: Live, covered: cover.Cover, currency: Currency) -> list[Cell]:
        # The figures may be of a moment ago; whether it runs may not.
        fact = state_of(covered.game)
        return [
            Cell(link_to(self.url_of(one.game), selectors.title_of(one.game.name))),
            Cell(fact.value, tone="" if fact.tone == "good" else fact.tone),
            Cell(words.pays(covered.configuration)),
            Cell(words.count(one.reckoning.rounds), is_amount=True),
            live.ggr_cell(one.reckoning, currency),
            Cell(words.per_cent(one.reckoning.actual), is_amount=True),
            Cell(words.per_cent(one.reckoning.theory), is_amount=True),
            live.chance_cell(one),
        ]

    # -- a machine -----------------------------------------------------------------------------------------------------

    def title_of(self, row: Game) -> str:
        return selectors.title_of(row.name)

    def state_of(self, row: Game) -> Fact:
        return state_of(row)

    def figure_of(self, row: Game) -> Fact:
        return Fact(_("Pays"), words.pays(selectors.current_configuration(row)))

    def facts(self, request: BankRequest, row: Game) -> list[Fact]:
        found = cover.house()
        currency = bank.first_currency()
        configuration = selectors.current_configuration(row)
        facts = [
            Fact(_("Stakes"), words.stakes_of(row, currency)),
            Fact(_("Between two spins"), words.seconds(row.pace_ms)),
            Fact(_("Autoplay"), yes_or_no(row.autoplay)),
            Fact(_("Open"), words.hours_of(row)),
            Fact(_("Spins expected"), words.count(row.spins_expected)),
            Fact(_("Configuration"), words.short_hash(configuration.digest)),
        ]
        if row.frozen_reason:
            facts.insert(0, Fact(_("Players read"), row.frozen_reason, "bad"))
        if found is not None:
            covered = cover.cover(row, configuration, found.available)
            tone = "" if covered.is_full else "bad"
            facts.insert(0, Fact(_("Largest stake the house covers"), covered.in_words(currency), tone))
        return facts

    def panels(self, request: BankRequest, row: Game) -> list[Panel]:
        currency = bank.first_currency()
        sees_sealed = request.user.has_perm(live.MANAGES)
        found = [one for one in live.latest(sees_sealed=sees_sealed) if one.game.pk == row.pk]
        shown = found[0] if found else Live(row, Reckoning(), 0)
        look = live.looks_at(request.actor(), [shown]).get(row.pk)
        wins = selectors.biggest_wins(row)
        done_to_it = trail_of(request, target(row))
        return [
            live.figures_panel(shown, look, currency, wins),
            live.wins_panel(wins, currency),
            *self._promise(row),
            self._chain(request, row),
            *([done_to_it] if done_to_it else []),
        ]

    def buttons(self, request: BankRequest, row: Any) -> list[Button]:
        return [
            *super().buttons(request, row),
            Button(_("Its rounds"), address(reverse("admin:casino_round_changelist"), {"game": row.name})),
            Button(_("Players' luck"), reverse("admin:casino_game_luck", args=[row.pk])),
        ]

    def _promise(self, row: Game) -> list[Panel]:
        configuration = selectors.current_configuration(row)
        if configuration.payout is None:
            return []
        one = prospect(configuration, configuration.payout, row.spins_expected)
        if one is None:
            return []
        facts = [
            Fact(_("After %(spins)s spins") % {"spins": words.count(one.spins)}, one.spread),
            *exactly(one).facts,
        ]
        return [Panel(_("What it promises"), facts=facts)]

    def _chain(self, request: BankRequest, row: Game) -> Panel:
        """What it has paid since when; each link is hashed together with the one before."""
        older = request.GET.get("older", "")
        rows = GameConfiguration.objects.filter(game=row).select_related("rig", "created_by").order_by("-seq")
        if older:
            if not older.isascii() or not older.isdigit() or len(older) > 9:
                raise Http404
            rows = rows.filter(seq__lt=int(older))
        links = list(rows[: LINKS_SHOWN + 1])
        here = self.url_of(row)
        lines = [
            [
                Cell(str(one.seq), is_amount=True),
                Cell(moment(one.created_at)),
                Cell(one.created_by.character_name if one.created_by else _("server")),
                Cell(words.pays(one)),
                Cell(words.short_hash(one.digest), tone="quiet"),
                Cell(words.short_hash(one.prev_digest) if one.prev_digest else NOTHING, tone="quiet"),
            ]
            for one in links[:LINKS_SHOWN]
        ]
        table = Table(
            [_("No."), _("Since"), _("By"), _("Pays"), _("Hash"), _("Hash before")],
            lines,
            older=address(here, {}, older=str(links[LINKS_SHOWN - 1].seq))
            if len(links) > LINKS_SHOWN
            else "",
            newest=here if older else "",
        )
        note = _(
            "Players see the hash before they bet. Each holds the one before: nothing can be slipped in later."
        )
        return Panel(_("What it has paid since when"), table=table, note=note)


def state_of(game: Game) -> Fact:
    """Whether it takes bets, and if not, why."""
    label = _("State")
    if not game.enabled:
        return Fact(label, _("SWITCHED OFF"), "bad")
    if game.frozen_reason:
        return Fact(label, _("FROZEN for the plot"), "bad")
    if not selectors.is_open(game, tenancy.current(), timezone.now()):
        return Fact(label, _("closed now, open %(hours)s") % {"hours": words.hours_of(game)}, "bad")
    return Fact(label, _("open"), "good")


def _columns() -> list[str]:
    return [
        _("Game"),
        _("State"),
        _("Pays"),
        _("Rounds"),
        _("House has kept"),
        _("Paid back"),
        _("In theory"),
        "z",
    ]


def _notes(games: Sequence[Live], looks: dict[int, Any]) -> list[str]:
    most = max(looks.values(), key=lambda one: one.looks, default=None)
    hidden = next((live.hidden_note(one.reckoning) for one in games if one.reckoning.hidden), "")
    return [note for note in (live.looks_note(most), hidden) if note]

"""Rounds that the plot gives away, in the console: choosing the window and the prize, and telling what they were."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounts import names
from accounts.console import noted, trail
from accounts.console.actions import ActionPage, Change, Done, Effect
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Cell, Fact, Panel, Table, extension_of, link, moment
from accounts.console.trail import trail_of
from accounts.errors import Invalid
from accounts.models import Tenant, User
from accounts.requests import BankRequest
from casino import reels, selectors
from casino.console.cover import house
from casino.console.game_actions import GameAction
from casino.console.story_forms import GiveForm, symbol_text
from casino.models import Game, StoryRound
from casino.services import stories
from ledger import numbers
from ledger.console.money import shown
from ledger.idempotency import claim_for
from ledger.selectors import first_currency, payee_named


class GiveStory(GameAction):
    """Let a machine start by itself for somebody."""

    name = "story-round"
    label = gettext_lazy("Give a story round")
    noted_as = "casino.story"
    form_class = GiveForm
    asks_password = True

    def form_arguments(self) -> dict[str, Any]:
        configuration = selectors.current_configuration(self.row)
        return {"currency": first_currency(), "version": selectors.certified(configuration).version}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        asked = typed or {}
        account, prize = asked["player"], asked["prize"] or 0
        currency = account.currency
        facts = {
            "name": account.holder.name,
            "game": self.title,
            "prize": shown(prize, currency),
            "number": numbers.PRIZES,
        }
        version = self.form_arguments()["version"]
        spin = reels.evaluate(
            version.rules, version.set_named(asked["set_name"]).strips, cast(Sequence[int], asked["found"])
        )
        sentences = [
            _("%(name)s is told that %(game)s starts by itself. Nothing is staked and nothing is drawn.")
            % facts
        ]
        sentences.append(
            _("It pays %(prize)s from the account for prizes, %(number)s.") % facts
            if prize
            else _("It pays nothing.")
        )
        sentences.append(_told_when(asked["told"]) % facts)
        sentences.append(_("That a story round was given on this machine, everybody can see at once."))
        prizes, warnings = house(numbers.PRIZES), list(_warnings(version.rules, spin))
        there = prizes.available if prizes else 0
        changes = []
        if prize > there:
            said = _("There is only %(there)s in the account for prizes. Put money into it first.")
            warnings.insert(0, said % {"there": shown(there, currency)})
        elif prize:
            changes = [
                Change(_("For prizes of the story"), shown(there, currency), shown(there - prize, currency))
            ]
        return Effect(
            sentences,
            changes=changes,
            warnings=warnings,
            button=_("give the round"),
            panels=[window_panel(version.rules, spin)],
            is_possible=prize <= there,
        )

    def act(self, typed: dict[str, Any], key: str) -> Done:
        body = {
            name: str(typed[name]) for name in ("picture", "set_name", "found", "prize", "told", "reason")
        }
        body["player"] = typed["player"].number
        row = stories.give(
            actor=self.actor,
            player=typed["player"].holder.user,
            game=self.row.name,
            set_name=typed["set_name"],
            stops=list(typed["found"]),
            prize=typed["prize"] or 0,
            reason=typed["reason"],
            told=typed["told"] == "now",
            claim=claim_for(key, method="POST", path=self.request.path, body=body),
        )
        said = _("%(name)s was given the round.") % {"name": typed["player"].holder.name}
        return Done(said, reverse("admin:casino_storyround_change", args=[row.pk]))


class TellStories(ActionPage):
    """Tell everybody what the rounds on the house were."""

    name = "tell-stories"
    permission = stories.PERMISSION
    label = gettext_lazy("Tell what the rounds on the house were")
    noted_as = "casino.story_told"
    form_class = forms.Form
    in_one_step = True
    row: Tenant

    @classmethod
    def is_offered(cls, row: Tenant) -> bool:
        return StoryRound.objects.filter(told=False).exists()

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        waiting = StoryRound.objects.filter(told=False)
        facts = {"rounds": waiting.count(), "people": waiting.order_by().values("user").distinct().count()}
        return Effect(
            [
                _(
                    "Rounds on the house that were not told yet: %(rounds)d, of so many players: %(people)d. Each of them reads "
                    "which of their rounds the plot has given."
                )
                % facts
            ],
            warnings=[_("What was told stays told.")],
            is_possible=bool(facts["rounds"]),
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.is_offered(self.row) else _("Everything was told before. Nothing was done.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        count = stories.tell_all(actor=self.actor)
        said = ngettext("%(count)d round was told.", "%(count)d rounds were told.", count) % {"count": count}
        return Done(said, reverse("admin:casino_storyround_changelist"))


class StoryPages(ConsoleAdmin):
    """Story rounds, newest first. Which they were is for game masters; how many there are is public."""

    view_permission = stories.PERMISSION
    singular, plural = gettext_lazy("Story round"), gettext_lazy("Story rounds")
    place = 64
    ordering = ("-id",)
    list_display = ("given", "machine", "player", "prize_in_words", "why", "is_told", "by")
    empty_list = gettext_lazy("No story round was given yet. That is done on the page of a machine.")

    def rows(self) -> QuerySet[StoryRound]:
        return selectors.stories().select_related("transfer__currency")

    def found(self, text: str) -> Q:
        """By the player's name or number, and by the reason."""
        found = Q(reason__icontains=text)
        if (account := payee_named(text)) is not None and account.holder.user_id is not None:
            found |= Q(user=account.holder.user_id)
        with suppress(Invalid):
            found |= Q(user__name_key__startswith=names.key(names.clean(text)))
        return found

    # -- columns -------------------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("Given"))
    def given(self, row: StoryRound) -> Cell:
        return Cell(link(self.url_of(row), moment(row.created_at)))

    @admin.display(description=gettext_lazy("Machine"))
    def machine(self, row: StoryRound) -> str:
        return selectors.title_of(row.game.name)

    @admin.display(description=gettext_lazy("Player"))
    def player(self, row: StoryRound) -> Any:
        return _person(row.user)

    @admin.display(description=gettext_lazy("Prize"))
    def prize_in_words(self, row: StoryRound) -> Cell:
        return Cell(_prize(row) if row.prize else NOTHING, is_amount=True)

    @admin.display(description=gettext_lazy("Reason"))
    def why(self, row: StoryRound) -> str:
        return row.reason

    @admin.display(description=gettext_lazy("The player knows"))
    def is_told(self, row: StoryRound) -> str:
        return _("yes") if row.told else _("at the event's end")

    @admin.display(description=gettext_lazy("By"))
    def by(self, row: StoryRound) -> str:
        return row.created_by.character_name if row.created_by else _("staff at the machine")

    # -- the page ------------------------------------------------------------------------------------------------------

    def title_of(self, row: StoryRound) -> str:
        facts = {"game": selectors.title_of(row.game.name), "name": row.user.character_name}
        return _("%(game)s for %(name)s") % facts

    def state_of(self, row: StoryRound) -> Fact:
        return Fact(_("State"), _("told") if row.told else _("told at the event's end"))

    def figure_of(self, row: StoryRound) -> Fact:
        return Fact(_("Prize"), _prize(row) if row.prize else NOTHING)

    def facts(self, request: BankRequest, row: StoryRound) -> list[Fact]:
        paid = (
            link(
                reverse("admin:ledger_transfer_change", args=[row.transfer.pk]),
                moment(row.transfer.posted_at),
            )
            if row.transfer
            else NOTHING
        )
        return [
            Fact(_("Player"), _person(row.user)),
            Fact(_("Reason"), row.reason),
            Fact(_("By"), self.by(row)),
            Fact(_("Given"), moment(row.created_at)),
            Fact(_("Shown to the player"), moment(row.seen_at)),
            Fact(_("Paid"), paid),
        ]

    def panels(self, request: BankRequest, row: StoryRound) -> list[Panel]:
        rules = selectors.certified_version(row.version).version.rules
        done_to_it = trail_of(request, f"casino.story:{row.pk}")
        return [window_panel(rules, selectors.shown_to_be(row)), *([done_to_it] if done_to_it else [])]


# -- What it says ------------------------------------------------------------------------------------------------------


def window_panel(rules: reels.Rules, spin: reels.Spin) -> Panel:
    """What the machine shows, and what its lines would pay if it had been drawn."""
    columns = [_("Reel %(number)d") % {"number": reel + 1} for reel in range(rules.reels)]
    rows = [[Cell(symbol_text(rules, letter)) for letter in row] for row in spin.window]
    lines = [
        _("line %(line)d: %(count)d × %(symbol)s")
        % {"line": win.line + 1, "count": win.count, "symbol": symbol_text(rules, win.symbol)}
        for win in spin.line_wins
    ]
    facts = [
        Fact(_("Stops"), " ".join(map(str, spin.stops))),
        Fact(_("Lines that show something"), "; ".join(lines) or NOTHING),
        Fact(
            _("A drawn round would pay"),
            _("%(times)s times its stake") % {"times": f"{spin.line_bets / len(rules.lines):.2f}"},
        ),
    ]
    return Panel(_("What the machine shows"), facts=facts, table=Table(columns, rows))


def _warnings(rules: reels.Rules, spin: reels.Spin) -> list[str]:
    owed = reels.free_spins_of(rules, spin.scatters)
    if not owed:
        return []
    said = _(
        "A drawn round would give %(count)d free spins here. A story round gives none; let the prize stand for them."
    )
    return [said % {"count": owed}]


def _told_when(told: str) -> str:
    if told == "now":
        return _("%(name)s reads beside it that it was a story round.")
    return _(
        "%(name)s reads that it was a round on the house, which is explained at the event's end: then you tell all of them, on "
        "the page of the event."
    )


def _prize(row: StoryRound) -> str:
    return shown(row.prize, row.transfer.currency) if row.transfer else NOTHING


def _person(user: User) -> Any:
    return link(reverse("admin:accounts_user_change", args=[user.pk]), user.character_name)


extension_of(Game).actions.append(GiveStory)
extension_of(Tenant).actions.append(TellStories)
trail.words |= {
    "casino.story": gettext_lazy("Give a story round"),
    "casino.story_told": gettext_lazy("Tell what the rounds on the house were"),
}
trail.pages |= {"casino.story": "admin:casino_storyround_change"}
trail.NOUNS |= {"casino.story": gettext_lazy("a story round")}
noted.NAMES.update(
    {"rounds": pgettext_lazy("noted", "rounds"), "told": pgettext_lazy("noted", "the player knows")}
)

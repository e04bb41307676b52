"""Sealed rigs in the console: writing one, its commitment for the wall, and telling it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actors import Actor
from accounts.console.actions import ActionPage, Change, Done, Effect
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import Button, Cell, Fact, Panel, Table, extension_of, link, moment, unbroken
from accounts.requests import BankRequest
from casino import selectors
from casino.configuration import Step
from casino.console import cover, words
from casino.console.game_actions import GameAction
from casino.console.rig_forms import RevealForm, SealForm
from casino.models import Game, GameConfiguration, Rig, Round
from casino.services import configurations

PERMISSION = "casino.manage"


class SealRig(GameAction):
    """Let a secret schedule decide what a machine pays."""

    name = "seal"
    label = gettext_lazy("Seal a rig")
    noted_as = "casino.seal"
    form_class = SealForm
    # What a machine pays is money.
    asks_password = True

    @classmethod
    def is_offered(cls, row: Game) -> bool:
        return selectors.sealed_rig(row) is None

    def form_arguments(self) -> dict[str, Any]:
        configuration = selectors.current_configuration(self.row)
        return {"configuration": configuration, "zone": ZoneInfo(self.actor.tenant.time_zone)}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        asked = typed or {}
        now = selectors.current_configuration(self.row)
        then = GameConfiguration(game=self.row, version=now.version, digest=now.digest)
        rig = Rig(configuration=then, payout_from=asked["payout_from"], payout_to=asked["payout_to"])
        facts = {
            "game": self.title,
            "range": words.range_of(rig),
            "by": _when(asked["reveal_by"]),
        }
        return Effect(
            [
                _(
                    "From the next spin on players of %(game)s see the commitment and the range %(range)s, not what it pays; you "
                    "must reveal it by %(by)s."
                )
                % facts,
                _(
                    "Only game masters see the schedule until then. It is kept encrypted, and nobody can change it: what you "
                    "reveal has to fit the commitment."
                ),
                _(
                    "Seeds that draw rounds of this rig are told with it and not before, however often players exchange them."
                ),
            ],
            changes=self._largest(now, then),
            warnings=[
                _(
                    "Until you reveal it, what this machine pays can be changed neither by you nor by anybody else."
                ),
            ],
            button=_("seal the rig"),
            table=_steps_table(asked["schedule"]),
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        if selectors.sealed_rig(self.row) is None:
            return ""
        return _("A sealed rig runs on this machine already. Nothing was done; reveal it first.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        rig = configurations.seal_rig(
            actor=self.actor,
            game=self.row.name,
            steps=typed["schedule"],
            payout_from=typed["payout_from"],
            payout_to=typed["payout_to"],
            reveal_by=typed["reveal_by"],
        )
        said = _(
            "The rig is sealed. This is its commitment: print it and hang it up, so that all can see it."
        )
        return Done(said, _url_of(rig))

    def _largest(self, now: GameConfiguration, then: GameConfiguration) -> list[Change]:
        """The house must be able to pay the largest prize of the whole range."""
        house = cover.house()
        if house is None:
            return []
        before, after = (
            cover.cover(self.row, one, house.available).in_short(house.currency) for one in (now, then)
        )
        return [Change(_("Largest stake the house covers"), before, after)]


class RevealRig(ActionPage):
    """Tell a rig."""

    name = "reveal"
    permission = PERMISSION
    label = gettext_lazy("Reveal it")
    noted_as = "casino.reveal"
    form_class = RevealForm
    asks_password = True
    row: Rig

    @classmethod
    def is_offered(cls, row: Rig) -> bool:
        return row.revealed_at is None

    def form_arguments(self) -> dict[str, Any]:
        return {"configuration": self.row.configuration}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        rig, payout = self.row, (typed or {})["payout"]
        facts = {
            "game": _title(rig),
            "count": _rounds_of(rig),
            "payout": words.hundredths(payout),
        }
        sentences = [
            _("Everybody can read the schedule of %(game)s from then on, and check %(count)d rounds with it.")
            % facts
        ]
        if self._is_current():
            sentences.append(_("From the next spin on it pays %(payout)s, for all to see.") % facts)
        else:
            sentences.append(_("What the machine pays by now does not change."))
        return Effect(
            sentences,
            warnings=[_("What was revealed stays revealed. This cannot be undone.")],
            button=_("reveal the rig"),
            table=_steps_table(_steps(self.actor, rig)),
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.row.revealed_at is None else _("This rig was revealed before. Nothing was done.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        rig = configurations.reveal_rig(
            actor=self.actor, game=self.row.configuration.game.name, payout=typed["payout"]
        )
        return Done(_("The rig is revealed. All of its rounds can be checked now."), _url_of(rig))

    def _is_current(self) -> bool:
        newest = selectors.current_configuration(self.row.configuration.game)
        return bool(newest.pk == self.row.pk)


class RigPages(ConsoleAdmin):
    """Rigs, newest first. While one is sealed, its schedule is shown to game masters alone."""

    view_permission = "casino.view"
    url_key = "commitment"
    ordering = ("-configuration",)
    singular, plural = gettext_lazy("Sealed rig"), gettext_lazy("Sealed rigs")
    place = 62
    list_display = ("short", "game", "told_range", "sealed_at", "reveal_until", "state")
    empty_list = gettext_lazy("No rig was sealed yet. That is done on the page of a machine.")
    console_actions: ClassVar[Sequence[type[ActionPage]]] = (RevealRig,)

    def get_urls(self) -> list[URLPattern]:
        sheet = path(
            "<str:object_id>/sheet/", self.admin_site.admin_view(self.sheet_view), name="casino_rig_sheet"
        )
        return [*super().get_urls(), sheet]

    def rows(self) -> QuerySet[Rig]:
        return Rig.objects.select_related(
            "configuration__game", "configuration__version", "configuration__created_by"
        )

    def found(self, text: str) -> Q:
        """By how the commitment begins, and by the machine."""
        return Q(commitment__startswith=text.lower()) | Q(
            configuration__game__name__icontains=text.replace(" ", "_")
        )

    # -- columns -------------------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("Commitment"))
    def short(self, row: Rig) -> str:
        return f"{row.commitment[:8]}…"

    @admin.display(description=gettext_lazy("Machine"))
    def game(self, row: Rig) -> str:
        return _title(row)

    @admin.display(description=gettext_lazy("Range"))
    def told_range(self, row: Rig) -> Any:
        return unbroken(words.range_of(row))

    @admin.display(description=gettext_lazy("Sealed"))
    def sealed_at(self, row: Rig) -> Any:
        return moment(row.configuration.created_at)

    @admin.display(description=gettext_lazy("Promised to be revealed by"))
    def reveal_until(self, row: Rig) -> Any:
        return moment(row.reveal_by)

    @admin.display(description=gettext_lazy("State"))
    def state(self, row: Rig) -> Cell:
        fact = state_of(row)
        return Cell(fact.value, fact.tone)

    # -- the page ------------------------------------------------------------------------------------------------------

    def title_of(self, row: Rig) -> str:
        return _("Rig of %(game)s") % {"game": _title(row)}

    def number_of(self, row: Rig) -> str:
        return self.short(row)

    def state_of(self, row: Rig) -> Fact:
        return state_of(row)

    def figure_of(self, row: Rig) -> Fact:
        return Fact(_("Range"), words.range_of(row))

    def facts(self, request: BankRequest, row: Rig) -> list[Fact]:
        configuration = row.configuration
        by = configuration.created_by
        return [
            Fact(_("Commitment"), row.commitment),
            Fact(_("Sealed"), moment(configuration.created_at)),
            Fact(_("Sealed by"), by.character_name if by else _("staff at the machine")),
            Fact(_("Promised to be revealed by"), moment(row.reveal_by)),
            Fact(_("Revealed"), moment(row.revealed_at)),
            Fact(_("Rounds drawn with it"), str(_rounds_of(row))),
            Fact(_("Configuration"), f"{configuration.seq} · {configuration.digest}"),
        ]

    def buttons(self, request: BankRequest, row: Rig) -> list[Button]:
        sheet = reverse("admin:casino_rig_sheet", args=[row.commitment])
        return [*super().buttons(request, row), Button(_("Commitment to print"), sheet)]

    def panels(self, request: BankRequest, row: Rig) -> list[Panel]:
        found = selectors.published_to(request.actor(), row)
        if found is None:
            note = _("Only game masters see it until the rig is revealed.")
            return [Panel(_("Schedule"), note=note)]
        note = "" if row.revealed_at else _("Secret until you reveal the rig: do not leave this page open.")
        panels = [Panel(_("Schedule"), table=_steps_table(found.steps), note=note)]
        if row.revealed_at is not None:
            note = _(
                "The SHA-256 of the salt's 32 bytes, followed by the schedule's text, is the commitment."
            )
            facts = [Fact(_("Salt"), found.salt), Fact(_("Schedule's text"), found.schedule)]
            panels.append(Panel(_("How anybody can check it"), facts=facts, note=note))
        return panels

    def sheet_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A sheet for the wall, with the commitment alone. Raises ``PermissionDenied``, ``Http404``."""
        if not self.has_view_permission(request) or request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        row = self.find(object_id)
        pieces = [row.commitment[start : start + 8] for start in range(0, len(row.commitment), 8)]
        context = {
            "rig": row,
            "game": _title(row),
            "range": words.range_of(row),
            "pieces": pieces,
            "back": self.url_of(row),
        }
        return TemplateResponse(request, "admin/casino/rig_sheet.html", context)


def rig_panel(request: BankRequest, game: Game) -> Panel | None:
    """On the page of a machine: the rig that runs there, or how often it had one."""
    rigs = list(selectors.with_games().filter(configuration__game=game)[:10])
    if not rigs:
        return None
    rows = [
        [
            Cell(link(_url_of(rig), f"{rig.commitment[:8]}…")),
            Cell(unbroken(words.range_of(rig))),
            Cell(moment(rig.configuration.created_at)),
            Cell(moment(rig.reveal_by)),
            Cell(state_of(rig).value, state_of(rig).tone),
        ]
        for rig in rigs
    ]
    columns = [_("Commitment"), _("Range"), _("Sealed"), _("Promised to be revealed by"), _("State")]
    return Panel(_("Sealed rigs"), table=Table(columns, rows))


def state_of(row: Rig) -> Fact:
    """Whether a rig is sealed, should have been told by now, or was told."""
    if row.revealed_at is not None:
        return Fact(_("State"), _("revealed"), "good")
    if row.reveal_by is not None and row.reveal_by <= timezone.now():
        return Fact(_("State"), _("sealed, and promised to be revealed by now"), "bad")
    return Fact(_("State"), _("sealed"))


def _title(rig: Rig) -> str:
    return selectors.title_of(rig.configuration.game.name)


def _url_of(rig: Rig) -> str:
    return reverse("admin:casino_rig_change", args=[rig.commitment])


def _rounds_of(rig: Rig) -> int:
    return int(Round.objects.filter(configuration=rig.configuration).count())


def _steps(actor: Actor, rig: Rig) -> Sequence[Step]:
    return cast(selectors.Told, selectors.published_to(actor, rig)).steps


def _steps_table(steps: Sequence[Step]) -> Table:
    rows = [
        [Cell(_when(step.starts_at)), Cell(words.hundredths(step.payout), is_amount=True)] for step in steps
    ]
    return Table([_("From"), _("Pays")], rows)


def _when(when: Any) -> str:
    return date_format(timezone.localtime(when), _("D j M Y, H:i"))


extension_of(Game).actions.append(SealRig)
extension_of(Game).panels.append(rig_panel)

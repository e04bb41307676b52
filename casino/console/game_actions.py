"""What game masters do to a machine, apart from what it pays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.actions import ActionPage, Change, Done, Effect
from accounts.console.parts import yes_or_no
from accounts.errors import Invalid
from casino import selectors
from casino.band import ROUNDS_MIN
from casino.console import words
from casino.console.cover import cover, house
from casino.models import Game
from casino.services.games import (
    PACE_MS_MAX,
    SENTENCE_MAX,
    SPINS_MAX,
    STAKES_MAX,
    change_game,
    check_stakes,
    freeze_game,
    unfreeze_game,
)
from ledger import selectors as bank
from ledger.console.money import MoneyForm, plain
from ledger.forms import amount_typed
from ledger.models import Currency

_STAKES_LENGTH_MAX: Final = 400


class GameAction(ActionPage):
    """An action on a machine."""

    permission = "casino.manage"
    row: Game

    @property
    def title(self) -> str:
        """What people call the machine."""
        return selectors.title_of(self.row.name)

    def done(self, sentence: str) -> Done:
        """Back to the machine."""
        return Done(sentence % {"game": self.title}, self.pages.url_of(self.row))


class StakesField(forms.CharField):
    """Stakes typed in major units with spaces between them, read as minor units; the form sets ``read``."""

    read: Callable[[str], int]

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"inputmode": "text", "autocomplete": "off"}
        super().__init__(max_length=_STAKES_LENGTH_MAX, widget=forms.TextInput(attrs=attributes), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Minor units, as they were typed."""
        typed = (super().to_python(value) or "").replace(";", " ").split()
        if len(typed) > STAKES_MAX:
            raise forms.ValidationError(_("A game offers 1 to 12 stakes, the smallest first, each once."))
        return [self.read(one) for one in typed]


class GameForm(MoneyForm):
    """Everything about a machine that is set once for an evening."""

    stakes = StakesField(
        label=gettext_lazy("Stakes"),
        help_text=gettext_lazy("The smallest first, with spaces between them. Players choose among them."),
    )
    pace = forms.DecimalField(
        label=gettext_lazy("Seconds between two spins of a player"),
        min_value=0,
        max_value=PACE_MS_MAX // 1000,
        max_digits=5,
        decimal_places=2,
        help_text=gettext_lazy("2.5 is usual. Faster loses money faster."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "amount"}),
    )
    autoplay = forms.BooleanField(label=gettext_lazy("Players may let it spin by itself"), required=False)
    opens_at = forms.TimeField(
        label=gettext_lazy("Opens at"),
        required=False,
        help_text=gettext_lazy("On the event's clock; may reach over midnight. Both empty: always open."),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    closes_at = forms.TimeField(
        label=gettext_lazy("Closes at"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    spins_expected = forms.IntegerField(
        label=gettext_lazy("Spins that this event will see"),
        min_value=ROUNDS_MIN,
        max_value=SPINS_MAX,
        help_text=gettext_lazy(
            "All players together. It changes nothing in the game: it says how far chance may lead the evening."
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "amount"}),
    )

    def __init__(self, *args: Any, lines: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        field = self.fields["stakes"]
        field.read = lambda text: amount_typed(text, self.currency)  # type: ignore[attr-defined]

    def clean_stakes(self) -> list[int]:
        """Stakes that the lines divide."""
        wanted: list[int] = self.cleaned_data["stakes"]
        try:
            check_stakes(wanted, lines=self.lines)
        except Invalid as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal
        return wanted

    def clean(self) -> dict[str, Any]:
        """It opens and closes, or does neither."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if not self.errors.keys() & {"opens_at", "closes_at"}:
            if (opens is None) != (closes is None):
                missing = "opens_at" if opens is None else "closes_at"
                self.add_error(missing, _("Say both when it opens and when it closes, or neither."))
            elif opens is not None and opens == closes:
                sentence = _("It cannot close the moment it opens. Leave both empty to have it always open.")
                self.add_error("closes_at", sentence)
        return cleaned


class ChangeGame(GameAction):
    """Stakes, pace, autoplay, hours, and how many spins are expected."""

    name = "settings"
    label = gettext_lazy("Stakes, pace and hours")
    noted_as = "casino.settings"
    form_class = GameForm
    # Stakes decide how fast money moves.
    asks_password = True

    def form_arguments(self) -> dict[str, Any]:
        row, currency = self.row, bank.first_currency()
        return {
            "currency": currency,
            "lines": self._lines(),
            "initial": {
                "stakes": " ".join(plain(stake, currency) for stake in row.stakes),
                "pace": f"{row.pace_ms / 1000:g}",
                "autoplay": row.autoplay,
                "opens_at": row.opens_at,
                "closes_at": row.closes_at,
                "spins_expected": row.spins_expected,
            },
        }

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        then = Game(**self._wanted(typed or {}), name=self.row.name)
        pairs = zip(_in_words(self.row), _in_words(then), strict=True)
        changes = [Change(label, now, value) for (label, now), (_same, value) in pairs if now != value]
        sentence = _("From the next spin on %(game)s goes by this. Rounds that were played stay as they are.")
        return Effect(
            [sentence % {"game": self.title}],
            changes,
            self._warnings(then),
            _("change %(game)s") % {"game": self.title},
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        is_same = all(getattr(self.row, name) == value for name, value in self._wanted(typed).items())
        return _("That is how it is already. Nothing was changed.") if is_same else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        change_game(actor=self.actor, game=self.row.name, **self._wanted(typed))
        return self.done(_("%(game)s is changed, from the next spin on."))

    def _wanted(self, typed: dict[str, Any]) -> dict[str, Any]:
        return {
            "stakes": typed["stakes"],
            "pace_ms": int(typed["pace"] * 1000),
            "autoplay": typed["autoplay"],
            "opens_at": typed["opens_at"],
            "closes_at": typed["closes_at"],
            "spins_expected": typed["spins_expected"],
        }

    def _lines(self) -> int:
        return selectors.certified(selectors.current_configuration(self.row)).version.line_count

    def _warnings(self, then: Game) -> list[str]:
        found, warnings = house(), []
        if found is not None:
            covered = cover(then, selectors.current_configuration(self.row), found.available)
            if not covered.is_full:
                warnings.append(
                    _(
                        "The house cannot cover all of these stakes now: %(largest)s. Fund it with %(needed)s in all."
                    )
                    % {
                        "largest": covered.in_words(found.currency),
                        "needed": words.money(covered.needed, found.currency),
                    }
                )
        if then.autoplay and not self.row.autoplay:
            warnings.append(_("With autoplay people lose more than they notice."))
        return warnings


def _in_words(game: Game) -> list[tuple[str, Any]]:
    currency: Currency = bank.first_currency()
    return [
        (_("Stakes"), words.stakes_of(game, currency)),
        (_("Between two spins"), words.seconds(game.pace_ms)),
        (_("Autoplay"), yes_or_no(game.autoplay)),
        (_("Open"), words.wraps(words.hours_of(game))),
        (_("Spins expected"), words.count(game.spins_expected)),
    ]


class FreezeForm(forms.Form):
    """What players read while the machine stands still."""

    reason = forms.CharField(
        label=gettext_lazy("Sentence for the players"),
        max_length=SENTENCE_MAX,
        help_text=gettext_lazy(
            "Everybody who wants to spin reads it, for instance: The syndicate has cut the line. Come back at midnight."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class FreezeGame(GameAction):
    """Stop a machine for the plot."""

    name = "freeze"
    label = gettext_lazy("Freeze for the plot")
    noted_as = "casino.freeze"
    tone = "bad"
    form_class = FreezeForm
    in_one_step = True

    def form_arguments(self) -> dict[str, Any]:
        return {"initial": {"reason": self.row.frozen_reason}}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        warnings = []
        if self.row.frozen_reason:
            warnings.append(_("It is frozen already: “%(reason)s”") % {"reason": self.row.frozen_reason})
        return Effect(
            [
                _(
                    "Nobody can spin %(game)s any more, until you unfreeze it. Nothing is drawn and no bet is taken."
                )
                % {"game": self.title},
                _("Spins that were drawn are paid. Everybody keeps their money."),
            ],
            warnings=warnings,
            button=_("freeze %(game)s") % {"game": self.title},
        )

    def act(self, typed: dict[str, Any], key: str) -> Done:
        freeze_game(actor=self.actor, game=self.row.name, reason=typed["reason"])
        return self.done(_("%(game)s is frozen. Players read your sentence."))


class UnfreezeGame(GameAction):
    """Let the machine go on."""

    name = "unfreeze"
    label = gettext_lazy("Unfreeze")
    noted_as = "casino.unfreeze"
    form_class = forms.Form
    in_one_step = True

    @classmethod
    def is_offered(cls, row: Game) -> bool:
        return bool(row.frozen_reason)

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        sentences = [_("%(game)s takes bets again at once.") % {"game": self.title}]
        if self.row.frozen_reason:
            sentences.append(_("Players no longer read: “%(reason)s”") % {"reason": self.row.frozen_reason})
        if not self.row.enabled:
            sentences.append(_("It is switched off, too, and stays so."))
        return Effect(sentences)

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.row.frozen_reason else _("This game was not frozen. Nothing was done.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        unfreeze_game(actor=self.actor, game=self.row.name)
        return self.done(_("%(game)s takes bets again."))


class _Switch(GameAction):
    noted_as = "casino.settings"
    form_class = forms.Form
    in_one_step = True
    turns_on: ClassVar[bool]

    @classmethod
    def is_offered(cls, row: Game) -> bool:
        return row.enabled != cls.turns_on

    def act(self, typed: dict[str, Any], key: str) -> Done:
        change_game(actor=self.actor, game=self.row.name, enabled=self.turns_on)
        return self.done(_("%(game)s is switched on.") if self.turns_on else _("%(game)s is switched off."))


class SwitchGameOff(_Switch):
    """Take the machine off the floor."""

    name = "switch-off"
    label = gettext_lazy("Switch off")
    tone = "bad"
    turns_on = False

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        said = _(
            "%(game)s is closed from the next spin on: players read that it is, and to ask a game master."
        )
        return Effect(
            [said % {"game": self.title}, _("To stop it with a sentence of the story, freeze it instead.")],
            button=_("switch %(game)s off") % {"game": self.title},
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.row.enabled else _("This game was switched off already. Nothing was done.")


class SwitchGameOn(_Switch):
    """Put the machine on the floor."""

    name = "switch-on"
    label = gettext_lazy("Switch on")
    turns_on = True

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        sentences = [_("%(game)s takes bets from the next moment on.") % {"game": self.title}]
        if self.row.frozen_reason:
            sentences.append(_("It is frozen, too, and stays so."))
        if self.row.opens_at is not None:
            sentences.append(_("Its opening hours hold: %(hours)s.") % {"hours": words.hours_of(self.row)})
        return Effect(sentences, button=_("switch %(game)s on") % {"game": self.title})

    def already_done(self, typed: dict[str, Any]) -> str:
        return _("This game was switched on already. Nothing was done.") if self.row.enabled else ""

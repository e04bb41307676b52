"""Setting what a machine pays: everything that follows from the number is said before it holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.actions import Change, Done, Effect
from accounts.console.parts import Fact, Panel
from casino import selectors
from casino.band import ROUNDS_MIN, band
from casino.certificate import MixedFigures
from casino.configuration import parse_payout, text_of
from casino.console import words
from casino.console.cover import cover, cover_at, house
from casino.console.game_actions import GameAction
from casino.models import Game, GameConfiguration
from casino.services.configurations import set_payout
from ledger import selectors as bank
from ledger.models import Currency

ALL: Final = 10_000
PER_STAKES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a machine does when it pays ``payout`` (hundredths of a per cent) for so many spins."""

    payout: int
    figures: MixedFigures
    spins: int
    low: int
    high: int

    @property
    def edge(self) -> int:
        """What the house keeps of 10,000 staked; negative where it loses."""
        return ALL - self.payout

    def kept(self, staked: int) -> Fraction:
        """What the house keeps of ``staked`` on average."""
        return Fraction(staked * self.edge, ALL)

    @property
    def spread(self) -> Any:
        """Between which payouts 95 of 100 evenings end."""
        return spread_of(self.low, self.high)

    def reels(self) -> str:
        """Which certified sets are played, with which chance."""
        return _(" and ").join(
            _("set %(name)s (pays %(rtp)s) with a chance of %(chance)s")
            % {"name": one.name, "rtp": words.per_cent(one.rtp, 4), "chance": words.per_cent(share, 4)}
            for share, one in self.figures.sets
        )


def prospect(configuration: GameConfiguration, payout: int, spins: int) -> Prospect | None:
    """None where the version is not certified any more."""
    figures = selectors.figures_at(selectors.certified(configuration), payout)
    return (
        None if figures is None else Prospect(payout, figures, spins, *band(figures, max(spins, ROUNDS_MIN)))
    )


def spread_of(low: int, high: int) -> Any:
    """``67 % to 121 %``."""
    ends = {"low": words.whole_per_cent(low), "high": words.whole_per_cent(high)}
    return words.wraps(_("%(low)s to %(high)s") % ends)


class PayoutForm(forms.Form):
    """The one number."""

    payout = forms.CharField(
        label=gettext_lazy("Payout in per cent"),
        max_length=12,
        help_text=gettext_lazy(
            "From 50.00 to 150.00. 96.00 is usual: of ₵100 staked, ₵96 come back on average. Above 100 the house loses."
        ),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "amount"}),
    )

    def clean_payout(self) -> int:
        """Hundredths of a per cent."""
        typed = self.cleaned_data["payout"].strip().removesuffix("%").strip().replace(",", ".")
        try:
            return parse_payout(typed)
        except ValueError:
            raise forms.ValidationError(
                _("Write a number from 50.00 to 150.00 with at most two decimals, for instance 103.50.")
            ) from None


class SetPayout(GameAction):
    """What the machine pays, exactly, from the next spin on."""

    name = "payout"
    label = gettext_lazy("Set payout")
    noted_as = "casino.payout"
    form_class = PayoutForm
    asks_password = True

    @classmethod
    def is_offered(cls, row: Game) -> bool:
        return not selectors.is_sealed(selectors.current_configuration(row))

    @property
    def configuration(self) -> GameConfiguration:
        """What holds now."""
        return selectors.current_configuration(self.row)

    def form_arguments(self) -> dict[str, Any]:
        now = self.configuration.payout
        return {"initial": {"payout": "" if now is None else text_of(now)}}

    def already_done(self, typed: dict[str, Any]) -> str:
        is_same = self.configuration.payout == typed["payout"]
        return _("That is what it pays already. Nothing was changed.") if is_same else ""

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        wanted = (typed or {})["payout"]
        configuration, spins = self.configuration, self.row.spins_expected
        if selectors.is_sealed(configuration):
            said = _("A sealed rig decides what %(game)s pays. Reveal it first; players can check it then.")
            return Effect([said % {"game": self.title}], is_possible=False)
        then = prospect(configuration, wanted, spins)
        if then is None:
            said = _(
                "The reels of %(game)s are not certified any more. Open the casino again: it takes the newest ones."
            )
            return Effect([said % {"game": self.title}], is_possible=False)
        now = None if configuration.payout is None else prospect(configuration, configuration.payout, spins)
        currency = bank.first_currency()
        return Effect(
            _sentences(then, self.title, currency),
            _changes(now, then, currency, self._largest(wanted)),
            self._warnings(then, currency),
            _("%(game)s pays %(payout)s") % {"game": self.title, "payout": words.hundredths(wanted)},
            panels=[exactly(then)],
        )

    def act(self, typed: dict[str, Any], key: str) -> Done:
        set_payout(actor=self.actor, game=self.row.name, payout=typed["payout"])
        said = _("From the next spin on %(game)s pays exactly %(payout)s, on average.")
        facts = {"game": self.title, "payout": words.hundredths(typed["payout"])}
        return Done(said % facts, self.pages.url_of(self.row))

    def _largest(self, payout: int) -> tuple[str, str]:
        found = house()
        if found is None:
            return "", ""
        pair = (
            cover(self.row, self.configuration, found.available),
            cover_at(self.row, self.configuration, found.available, payout),
        )
        now, then = (one.in_short(found.currency) for one in pair)
        return now, then

    def _warnings(self, then: Prospect, currency: Currency) -> list[str]:
        warnings = []
        if then.edge < 0:
            stake = self.row.stakes[0]
            facts = {
                "thousand": words.money(PER_STAKES * 10**currency.exponent, currency),
                "lost": words.money(-then.kept(PER_STAKES * 10**currency.exponent), currency),
                "spins": words.count(then.spins),
                "smallest": words.money(stake, currency),
                "least": words.money(-then.kept(stake * then.spins), currency),
                "largest": words.money(self.row.stakes[-1], currency),
                "most": words.money(-then.kept(self.row.stakes[-1] * then.spins), currency),
            }
            said = _(
                "THE HOUSE LOSES MONEY: %(lost)s of every %(thousand)s staked. After %(spins)s spins that is about %(least)s if "
                "all of them are for %(smallest)s, and about %(most)s if all are for %(largest)s."
            )
            warnings.append(said % facts)
        found = house()
        if found is not None:
            covered = cover_at(self.row, self.configuration, found.available, then.payout)
            if not covered.is_full:
                said = _(
                    "The house has %(amount)s. The largest stake it covers then: %(largest)s. For all stakes it needs %(needed)s."
                )
                facts = {
                    "amount": words.money(found.available, currency),
                    "largest": covered.in_words(currency),
                    "needed": words.money(covered.needed, currency),
                }
                warnings.append(said % facts)
        return warnings


def _sentences(then: Prospect, title: str, currency: Currency) -> list[str]:
    thousand = PER_STAKES * 10**currency.exponent
    facts = {
        "game": title,
        "payout": words.hundredths(then.payout),
        "reels": then.reels(),
        "spins": words.count(then.spins),
        "low": words.whole_per_cent(then.low),
        "high": words.whole_per_cent(then.high),
        "thousand": words.money(thousand, currency),
        "kept": words.money(abs(then.kept(thousand)), currency),
    }
    edge = (
        _("Of every %(thousand)s staked the house keeps %(kept)s, on average.")
        if then.edge > 0
        else _("Of every %(thousand)s staked the house loses %(kept)s on top, on average.")
        if then.edge < 0
        else _("On average the house neither keeps nor loses anything.")
    )
    return [
        _(
            "This applies from the next spin. On average %(game)s then pays back exactly %(payout)s of all stakes."
        )
        % facts,
        _(
            "An evening is not the average: after %(spins)s spins it may have paid anywhere from %(low)s to %(high)s. "
            "So it goes in 95 of 100 evenings with equal stakes."
        )
        % facts,
        edge % facts,
        _("Each spin is played on %(reels)s.") % facts,
    ]


def _changes(
    now: Prospect | None, then: Prospect, currency: Currency, largest: tuple[str, str]
) -> list[Change]:
    thousand = PER_STAKES * 10**currency.exponent

    def pair(label: str, say: Any) -> Change:
        return Change(label, "" if now is None else say(now), say(then))

    facts = {"spins": words.count(then.spins), "thousand": words.money(thousand, currency)}
    return [
        pair(_("Payout, on average"), lambda one: words.hundredths(one.payout)),
        pair(_("After %(spins)s spins") % facts, lambda one: one.spread),
        pair(
            _("House keeps of %(thousand)s") % facts,
            lambda one: words.money(one.kept(thousand), currency, with_sign=True),
        ),
        pair(_("Spins that pay"), lambda one: words.per_cent(one.figures.hit_frequency, 1)),
        *(
            [pair(_("Free spins"), lambda one: words.one_in(one.figures.feature_frequency))]
            if then.figures.feature_frequency
            else []
        ),
        pair(_("Sigma, in stakes"), lambda one: words.decimal(one.figures.sigma, 2)),
        Change(_("Largest stake covered"), *largest),
    ]


def exactly(one: Prospect) -> Panel:
    """The figures to the last digit, for whoever wants to check them."""
    figures, lines = one.figures, len(one.figures.rules.lines)
    mix = figures.mix
    facts = [
        Fact(
            _("Exact payout"),
            f"{figures.rtp.numerator}/{figures.rtp.denominator} = {words.hundredths(one.payout)}",
        ),
        *(
            Fact(
                _("Set %(name)s") % {"name": certificate.name},
                _("chance %(chance)s, pays %(rtp)s")
                % {"chance": words.per_cent(share, 6), "rtp": words.per_cent(certificate.rtp, 6)},
            )
            for share, certificate in figures.sets
        ),
        Fact(
            _("Selector"),
            _("set %(name)s when it is below %(chosen)s of %(out_of)s")
            % {"name": mix.high.name, "chosen": mix.chosen, "out_of": mix.out_of},
        ),
        Fact(_("Sigma of a spin"), _("%(sigma)s stakes") % {"sigma": words.decimal(figures.sigma, 4)}),
        Fact(
            _("Spins that pay anything"),
            f"{words.per_cent(figures.hit_frequency, 3)} ({words.one_in(figures.hit_frequency)})",
        ),
        Fact(_("Free spins"), words.one_in(figures.feature_frequency)),
        Fact(
            _("Largest prize of a spin"),
            _("%(times)s stakes") % {"times": words.decimal(Fraction(figures.max_round, lines), 1)},
        ),
    ]
    return Panel(_("Exactly"), facts=facts)

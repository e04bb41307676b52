"""How the games have done against what they promise: exact expectations, and how far chance explains the rest.

Every round has an exact expectation, its stake times the payout that held then; what is added up here are the rounds of one
payout at a time. How far off the sum may be follows from the certified variance of each: stake squared times the variance of
a bet. All of it is summed by the database, in a number of queries that does not grow.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, cast

from django.db.models import Case, Count, DecimalField, F, Func, IntegerField, Q, QuerySet, Sum, Value, When

from accounts import crypto
from accounts.models import User
from casino import games
from casino.certificate import MixedFigures, mixed
from casino.chance import Part, chance_at_most
from casino.configuration import Step, parse_schedule
from casino.mixing import payout as share_of
from casino.models import Game, GameConfiguration, GameVersion, Rig, Round
from casino.selectors.games import Certified, certified_version

ALARM_AT: Final = 4
#: At most one in so many looks is an alarm though all is well; a normal variable is beyond 4 sigma with 1/15,787.
FALSE_ALARM_IN: Final = 16_000
#: 95 of 100 normal variables lie within so many sigma.
BAND_SIGMA: Final = 1.959964
BIGGEST_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for the rounds of a configuration (of a rig: of one step of its schedule).

    ``payout`` is hundredths of a per cent, ``variance`` that of a round with a stake of 1. ``figures`` are everything that is
    certified; None where newer reels have taken the version's place.
    """

    payout: int
    variance: Fraction | None
    figures: MixedFigures | None
    is_sealed: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """What the database has added up of some rounds; ``squares`` of their stakes."""

    rounds: int
    staked: int
    won: int
    squares: Any


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Some rounds together; money in minor units.

    What begins with ``told`` leaves out rounds of a sealed rig where whoever asks must not know what they should have paid;
    ``expected`` and ``variance`` are of those that are left. ``variance`` is None where a version is not certified any more.
    """

    rounds: int = 0
    staked: int = 0
    won: int = 0
    told: int = 0
    told_staked: int = 0
    told_won: int = 0
    expected: Fraction = field(default_factory=Fraction)
    variance: Fraction | None = field(default_factory=Fraction)

    @property
    def ggr(self) -> int:
        """Gross gaming revenue: what the house has kept of the stakes; negative where it has lost."""
        return self.staked - self.won

    @property
    def hidden(self) -> int:
        """How many rounds are of a sealed rig that is not told here."""
        return self.rounds - self.told

    @property
    def actual(self) -> Fraction | None:
        """Which share of the stakes was paid back."""
        return Fraction(self.won, self.staked) if self.staked else None

    @property
    def theory(self) -> Fraction | None:
        """Which share should have been, on average."""
        return self.expected / self.told_staked if self.told_staked else None

    @property
    def deviation(self) -> Fraction:
        """What players have won beyond what was to be expected, in minor units and parts of one."""
        return self.told_won - self.expected

    @property
    def sigma(self) -> float | None:
        """The standard deviation of what is won in these rounds, in minor units."""
        return math.sqrt(self.variance) if self.variance else None

    @property
    def z(self) -> float | None:
        """The deviation in standard deviations; None before the first round."""
        sigma = self.sigma
        return self.deviation / sigma if sigma else None

    @property
    def is_far(self) -> bool:
        """Whether z is so large that one has to look closer."""
        return self.z is not None and abs(self.z) > ALARM_AT

    @property
    def ggr_band(self) -> tuple[int, int] | None:
        """Between which amounts 95 of 100 such evenings leave the house, by the normal distribution."""
        sigma = self.sigma
        if sigma is None:
            return None
        middle, reach = self.told_staked - self.expected, BAND_SIGMA * sigma
        return round(middle - reach), round(middle + reach)

    def plus(self, part: Sums, terms: Terms | None) -> Reckoning:
        """With the rounds of one configuration; ``terms`` None where they are not told."""
        rounds, staked, won, squares = part.rounds, part.staked, part.won, part.squares
        whole = (self.rounds + rounds, self.staked + staked, self.won + won)
        if terms is None:
            told = (self.told, self.told_staked, self.told_won)
            return Reckoning(*whole, *told, self.expected, self.variance)
        told = (self.told + rounds, self.told_staked + staked, self.told_won + won)
        expected = self.expected + staked * share_of(terms.payout)
        known = None not in (self.variance, terms.variance)
        variance = (
            cast(Fraction, self.variance) + Fraction(squares) * cast(Fraction, terms.variance)
            if known
            else None
        )
        return Reckoning(*whole, *told, expected, variance)


@dataclass(frozen=True, slots=True)
class Live:
    """A game as it has done until now. ``chance``: it leads so far at most so often; asked only where z is large."""

    game: Game
    reckoning: Reckoning
    players: int
    chance: float | None = None

    @property
    def is_alarming(self) -> bool:
        """Whether chance hardly explains what has been paid."""
        return self.chance is not None and self.chance * FALSE_ALARM_IN <= 1


# -- questions ---------------------------------------------------------------------------------------------------------


def live(*, sees_sealed: bool) -> list[Live]:
    """Every game of the event."""
    rows = list(Game.objects.order_by("id"))
    counts = dict(
        Round.objects.order_by()
        .values("configuration__game_id")
        .annotate(n=Count("user", distinct=True))
        .values_list("configuration__game_id", "n")
    )
    sums = reckon(Round.objects.all(), "configuration__game_id", sees_sealed=sees_sealed)
    return [
        _live(game, sums.get(game.pk, Reckoning()), counts.get(game.pk, 0), sees_sealed=sees_sealed)
        for game in rows
    ]


def _live(game: Game, reckoning: Reckoning, players: int, *, sees_sealed: bool) -> Live:
    if not reckoning.is_far:
        return Live(game, reckoning, players)
    rounds = Round.objects.filter(configuration__in=GameConfiguration.objects.filter(game=game))
    parts, won = [], 0
    for stake, terms, part in _sums(rounds, "stake"):
        if terms.figures is not None and (sees_sealed or not terms.is_sealed):
            parts.append(Part(terms.figures, stake // len(terms.figures.rules.lines), part.rounds))
            won += part.won
    return Live(game, reckoning, players, chance_at_most(parts, won))


def luck(
    *, sees_sealed: bool, game: Game | None = None, users: Collection[User] | QuerySet[User] | None = None
) -> dict[Any, Reckoning]:
    """How each player has done, by the player's id; of one game, or in all."""
    rounds = Round.objects.all()
    if game is not None:
        rounds = rounds.filter(configuration__in=GameConfiguration.objects.filter(game=game))
    if users is not None:
        rounds = rounds.filter(user__in=users)
    return reckon(rounds, "user_id", sees_sealed=sees_sealed)


def biggest_wins(game: Game) -> list[Round]:
    """The largest prizes of a game, the largest first."""
    rows = Round.objects.filter(game=game, win__gte=1).select_related("user").order_by("-win", "-id")
    return list(rows[:BIGGEST_SHOWN])


def figures_at(certified: Certified, hundredths: int) -> MixedFigures | None:
    """What is certified of a version at a payout; None where it is not certified any more."""
    return _figures(certified.digest, hundredths)


# -- summing -----------------------------------------------------------------------------------------------------------


class _Squared(Func):
    """A number times itself, beyond the range of whole numbers: nothing that is staked may break a page."""

    template = "(CAST(%(expressions)s AS numeric) * %(expressions)s)"
    output_field = DecimalField(max_digits=60, decimal_places=0)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(CAST(%(expressions)s AS real) * %(expressions)s)"
        return self.as_sql(compiler, connection, template=template, **context)


def reckon(rounds: QuerySet[Round], by: str, *, sees_sealed: bool) -> dict[Any, Reckoning]:
    """``rounds`` in groups by the column ``by``, each added up."""
    found: dict[Any, Reckoning] = defaultdict(Reckoning)
    for key, terms, part in _sums(rounds, by):
        is_told = sees_sealed or not terms.is_sealed
        found[key] = found[key].plus(part, terms if is_told else None)
    return dict(found)


def _sums(rounds: QuerySet[Round], by: str) -> Iterator[tuple[Any, Terms, Sums]]:
    """``rounds`` added up by the column ``by`` and by what they were played on."""
    known = _known()
    rigged = [pk for pk, steps in known.items() if len(steps) > 1]
    parts: list[tuple[QuerySet[Round], Any]] = [
        (rounds.exclude(configuration__in=rigged) if rigged else rounds, Value(0))
    ]
    if rigged:
        parts.append((rounds.filter(configuration__in=rigged), _step_of(known, rigged)))
    for rows, step in parts:
        sums = (
            rows.order_by()
            .annotate(step=step)
            .values(by, "configuration_id", "step")
            .annotate(n=Count("*"), staked=Sum("stake"), paid=Sum("win"), squares=Sum(_Squared(F("stake"))))
            .values_list(by, "configuration_id", "step", "n", "staked", "paid", "squares")
        )
        for key, configuration, place, *figures in sums:
            yield key, known[configuration][place].terms, Sums(*figures)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """From ``starts_at`` on (None: from the beginning) these terms hold."""

    starts_at: dt.datetime | None
    terms: Terms


def _known() -> dict[int, list[_Stretch]]:
    """The terms of every configuration, by its id."""
    versions = {row.pk: certified_version(row) for row in GameVersion.objects.all()}
    rows = GameConfiguration.objects.select_related("rig").defer("canonical").order_by()
    return {row.pk: _stretches(row, versions[row.version_id]) for row in rows}


def _stretches(row: GameConfiguration, version: Certified) -> list[_Stretch]:
    if row.payout is not None:
        return [_Stretch(None, _terms(version, row.payout, is_sealed=False))]
    rig = row.rig
    is_sealed = rig.revealed_at is None
    first, *later = schedule_of(rig)
    return [
        _Stretch(None, _terms(version, first.payout, is_sealed=is_sealed)),
        *(_Stretch(step.starts_at, _terms(version, step.payout, is_sealed=is_sealed)) for step in later),
    ]


def schedule_of(rig: Rig) -> Sequence[Step]:
    """What a rig pays when: a secret until it is told."""
    _salt, _colon, schedule = crypto.open_from(rig, "secret").partition(":")
    return parse_schedule(schedule)


def _step_of(known: dict[int, list[_Stretch]], rigged: Iterable[int]) -> Case:
    """Which stretch of its configuration a round belongs to: the last one that had begun."""
    whens = [
        When(Q(configuration=pk, played_at__gte=stretch.starts_at), then=Value(place))
        for pk in rigged
        for place, stretch in reversed(list(enumerate(known[pk])))
        if stretch.starts_at is not None
    ]
    return Case(*whens, default=Value(0), output_field=IntegerField())


def _terms(version: Certified, hundredths: int, *, is_sealed: bool) -> Terms:
    figures = figures_at(version, hundredths)
    variance = figures.variance if figures else _variance(version, hundredths)
    return Terms(hundredths, variance, figures, is_sealed)


def _variance(version: Certified, hundredths: int) -> Fraction | None:
    """From what was stored with a version that is not the newest any more."""
    mix = version.mix_at(hundredths)
    weight = Fraction(mix.chosen, mix.out_of)
    square = Fraction(0)
    for share, one in ((1 - weight, mix.low), (weight, mix.high)):
        text = version.figures[one.name].get("variance_per_bet")
        if text is None:
            return None
        square += share * (Fraction(text) + one.rtp**2)
    return square - mix.rtp**2


@lru_cache(maxsize=1024)
def _figures(digest: str, hundredths: int) -> MixedFigures | None:
    version = next((one for one in games.CERTIFIED.values() if one.digest == digest), None)
    return None if version is None else mixed(version, share_of(hundredths))

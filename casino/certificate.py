"""What is known of each certified strip set and of any mix of two: the numbers that decide nothing but promise much. Pure.

The numbers come from counting every combination of stops (`casino.enumeration`), are checked against the closed form, and
are kept in a file that the web process reads: `casino/data/<game>.certificate.json`, the same as
`docs/certificates/<game>.json`. `manage.py certify_games --check` recomputes them all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import Any

from casino.distribution import Distribution
from casino.games import CERTIFIED, DATA
from casino.mixing import Mix, mix, payout
from casino.reels import GameVersion, Rules

#: What a certificate shows the mix at, besides its sets.
SHOWN_PAYOUTS = (5000, 7500, 9000, 9600, 10000, 11000, 12500, 15000)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One strip set's figures. Prizes are in line bets; `rtp`, `variance` and `sigma` are in units of the total bet.

    `hit_frequency`: the share of paid rounds whose base spin pays anything, on lines or by scatters. A round that gives
    free spins always pays its scatters, so this is also the share of rounds that pay anything at all.
    `variance`: of a whole round, free spins included. `max_spin`: the largest prize of a base spin. `bound`: max_spin x
    (1 + multiplier x most free spins), which no round exceeds. `max_round`: the largest round there is; it begins with
    `best_start`, and each of its free spins stops at `best_stops`, which are also the stops that pay `max_spin`.
    """

    game: str
    name: str
    rtp: Fraction
    hit_frequency: Fraction
    feature_frequency: Fraction
    variance: Fraction
    max_spin: int
    bound: int
    max_round: int
    best_start: tuple[int, ...]
    best_stops: tuple[int, ...]
    distribution: Distribution

    @property
    def sigma(self) -> Decimal:
        """The standard deviation of a round's payout, in bets."""
        return square_root(self.variance)


@dataclass(frozen=True, slots=True)
class MixedFigures:
    """The figures of a game at a payout between two sets, in the units of a certificate.

    `bound`, `max_spin` and `max_round` are those of the set that has more; where only one set is played, of that.
    """

    mix: Mix
    rtp: Fraction
    hit_frequency: Fraction
    feature_frequency: Fraction
    variance: Fraction
    max_spin: int
    bound: int
    max_round: int
    sets: tuple[tuple[Fraction, Certificate], ...]
    rules: Rules

    @property
    def sigma(self) -> Decimal:
        """The standard deviation of a round's payout, in bets."""
        return square_root(self.variance)


def square_root(square: Fraction) -> Decimal:
    """The square root to 28 digits, the same on every machine."""
    with localcontext(prec=28):
        return (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()


def certificate_of(
    rules: Rules,
    name: str,
    distribution: Distribution,
    best_start: tuple[int, ...],
    best_stops: tuple[int, ...],
) -> Certificate:
    """All figures of a set, from what its combinations pay."""
    bets = len(rules.lines)
    mean = distribution.round_moment(rules, 1) / bets
    return Certificate(
        game=rules.game,
        name=name,
        rtp=mean,
        hit_frequency=Fraction(distribution.hits, distribution.combinations),
        feature_frequency=distribution.feature_frequency(rules),
        variance=distribution.round_moment(rules, 2) / bets**2 - mean**2,
        max_spin=distribution.max_spin,
        bound=distribution.bound(rules),
        max_round=distribution.max_round(rules),
        best_start=best_start,
        best_stops=best_stops,
        distribution=distribution,
    )


def mixed(version: GameVersion, p: Fraction) -> MixedFigures:
    """The figures at payout p, from the certificates of the two sets it is played on; nothing is enumerated.

    Raises ValueError when p is outside what the game's sets span, LookupError for a version that is not certified.
    """
    return mixed_from(version, p, certificates(version))


def mixed_from(version: GameVersion, p: Fraction, known: Mapping[str, Certificate]) -> MixedFigures:
    """`mixed` with the certificates at hand."""
    chosen = mix(version, p)
    weight = Fraction(chosen.chosen, chosen.out_of)
    low, high = known[chosen.low.name], known[chosen.high.name]
    sets = tuple((share, one) for share, one in ((1 - weight, low), (weight, high)) if share)
    rtp = sum((share * one.rtp for share, one in sets), Fraction(0))
    square = sum((share * (one.variance + one.rtp**2) for share, one in sets), Fraction(0))
    return MixedFigures(
        mix=chosen,
        rtp=rtp,
        hit_frequency=sum((share * one.hit_frequency for share, one in sets), Fraction(0)),
        feature_frequency=sum((share * one.feature_frequency for share, one in sets), Fraction(0)),
        variance=square - rtp**2,
        max_spin=max(one.max_spin for _share, one in sets),
        bound=max(one.bound for _share, one in sets),
        max_round=max(one.max_round for _share, one in sets),
        sets=sets,
        rules=version.rules,
    )


# -- the file ----------------------------------------------------------------------------------------------------------


def certificates(version: GameVersion) -> Mapping[str, Certificate]:
    """Set name -> certificate, as stored; raises LookupError for a version that is not the certified one."""
    game = version.rules.game
    if game not in CERTIFIED or CERTIFIED[game] != version:
        raise LookupError(f"This version of {game} is not certified.")
    return _stored(game)


@cache
def _stored(game: str) -> Mapping[str, Certificate]:
    found = json.loads((DATA / f"{game}.certificate.json").read_text(encoding="ascii"))
    version = CERTIFIED[game]
    if found["version"] != version.digest:
        raise LookupError(f"The certificate of {game} is of other reels; run `manage.py certify_games`.")
    return {one["name"]: _read(version.rules, one) for one in found["sets"]}


def figures_of(version: GameVersion) -> dict[str, dict[str, Any]]:
    """Set name -> its figures as the file has them, without the long list of what pays how often; `bound` in line bets.

    Raises LookupError as `certificates`.
    """
    return {
        name: {
            key: value
            for key, value in _write(version.rules, one).items()
            if not key.startswith("combinations")
        }
        | {"bound": one.bound}
        for name, one in certificates(version).items()
    }


def as_text(version: GameVersion, known: Mapping[str, Certificate]) -> str:
    """The certificate file of a game: fractions for programs, decimals beside them for people."""
    found = {
        "v": 1,
        "game": version.rules.game,
        "version": version.digest,
        "combinations": version.rules.stops**version.rules.reels,
        "sets": [_write(version.rules, known[one.name]) for one in version.sets],
        "mixes": [_write_mix(mixed_from(version, payout(p), known), p) for p in SHOWN_PAYOUTS],
    }
    return json.dumps(found, indent=1, ensure_ascii=True) + "\n"


def _write(rules: Rules, one: Certificate) -> dict[str, Any]:
    bets = len(rules.lines)
    return {
        "name": one.name,
        "rtp": str(one.rtp),
        "rtp_percent": _decimal(one.rtp * 100),
        "hit_frequency": str(one.hit_frequency),
        "hit_percent": _decimal(one.hit_frequency * 100),
        "feature_frequency": str(one.feature_frequency),
        "feature_one_in": _decimal(1 / one.feature_frequency) if one.feature_frequency else None,
        "variance_per_bet": str(one.variance),
        "sigma_per_bet": f"{one.sigma:.6f}",
        "max_spin_line_bets": one.max_spin,
        "max_spin_x_bet": _decimal(Fraction(one.max_spin, bets)),
        "bound_line_bets": one.bound,
        "bound_x_bet": _decimal(Fraction(one.bound, bets)),
        "max_round_line_bets": one.max_round,
        "max_round_x_bet": _decimal(Fraction(one.max_round, bets)),
        "max_round_begins_at_stops": " ".join(map(str, one.best_start)),
        "max_spin_at_stops": " ".join(map(str, one.best_stops)),
        "combinations_by_scatters_and_line_bets": {
            str(scatters): " ".join(f"{line_bets}:{pays[line_bets]}" for line_bets in sorted(pays))
            for scatters, pays in one.distribution.counts.items()
        },
    }


def _write_mix(figures: MixedFigures, hundredths: int) -> dict[str, Any]:
    return {
        "payout_percent": f"{hundredths // 100}.{hundredths % 100:02}",
        "rtp": str(figures.rtp),
        "low": figures.mix.low.name,
        "high": figures.mix.high.name,
        "high_is_chosen": f"{figures.mix.chosen}/{figures.mix.out_of}",
        "hit_percent": _decimal(figures.hit_frequency * 100),
        "sigma_per_bet": f"{figures.sigma:.6f}",
        "bound_x_bet": _decimal(Fraction(figures.bound, len(figures.rules.lines))),
    }


def _decimal(number: Fraction) -> str:
    """Four decimals, the last one rounded half to even."""
    scaled = round(number * 10_000)
    return f"{scaled // 10_000}.{scaled % 10_000:04}"


def _read(rules: Rules, found: Mapping[str, Any]) -> Certificate:
    counts = {
        int(scatters): {int(prize): int(count) for prize, count in (one.split(":") for one in pays.split())}
        for scatters, pays in found["combinations_by_scatters_and_line_bets"].items()
    }
    return Certificate(
        game=rules.game,
        name=found["name"],
        rtp=Fraction(found["rtp"]),
        hit_frequency=Fraction(found["hit_frequency"]),
        feature_frequency=Fraction(found["feature_frequency"]),
        variance=Fraction(found["variance_per_bet"]),
        max_spin=found["max_spin_line_bets"],
        bound=found["bound_line_bets"],
        max_round=found["max_round_line_bets"],
        best_start=tuple(map(int, found["max_round_begins_at_stops"].split())),
        best_stops=tuple(map(int, found["max_spin_at_stops"].split())),
        distribution=Distribution(rules.stops**rules.reels, counts),
    )

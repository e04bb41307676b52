"""Certificates are made here: every combination counted, and compared with the closed form. Needs numpy.

`differences` is what `manage.py certify_games --check` and the tests ask.
"""

from __future__ import annotations

from pathlib import Path

from casino.certificate import Certificate, as_text, certificate_of
from casino.closed_form import closed_form
from casino.enumeration import enumerate_spins, stops_paying
from casino.games import CERTIFIED, DATA
from casino.reels import GameVersion, Rules, StripSet

#: Where people read certificates.
PAGES = DATA.parent.parent / "docs" / "certificates"


def certify_set(rules: Rules, strip_set: StripSet) -> Certificate:
    """The certificate of one set; raises ValueError unless enumeration, closed form and the set's own RTP are equal."""
    distribution = enumerate_spins(rules, strip_set.strips)
    start = distribution.best_start(rules)
    best = next(
        scatters for scatters in distribution.counts if distribution.most(scatters) == distribution.max_spin
    )
    one = certificate_of(
        rules,
        strip_set.name,
        distribution,
        best_start=stops_paying(rules, strip_set.strips, start, distribution.most(start)),
        best_stops=stops_paying(rules, strip_set.strips, best, distribution.max_spin),
    )
    by_counts = closed_form(rules, strip_set.strips)
    if not one.rtp == by_counts == strip_set.rtp:
        raise ValueError(
            f"{rules.game}, set {strip_set.name}: the enumeration says {one.rtp}, the closed form {by_counts}, the set "
            f"itself {strip_set.rtp}. They must be the same."
        )
    return one


def certify(version: GameVersion) -> list[Certificate]:
    """The certificates of every set of a game, by full enumeration; raises ValueError as `certify_set`."""
    return [certify_set(version.rules, strip_set) for strip_set in version.sets]


def files_of(game: str) -> tuple[Path, Path]:
    """The two places where a game's certificate stands: for the program, and for people."""
    return DATA / f"{game}.certificate.json", PAGES / f"{game}.json"


def write(game: str) -> None:
    """Recompute a certified game's certificate and write it; raises ValueError as `certify_set`."""
    text = _recomputed(game)
    for path in files_of(game):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")


def differences(game: str) -> list[str]:
    """What of a game's stored certificate is not what comes out now: a plain sentence each."""
    try:
        text = _recomputed(game)
    except ValueError as error:
        return [str(error)]
    return [
        f"{path.parent.name}/{path.name} is not what the reels give; run `make certify`."
        for path in files_of(game)
        if not path.is_file() or path.read_text(encoding="ascii") != text
    ]


def _recomputed(game: str) -> str:
    version = CERTIFIED[game]
    return as_text(version, {one.name: one for one in certify(version)})

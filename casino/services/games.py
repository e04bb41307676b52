"""What game masters set about a machine: whether it runs, for which stakes, how fast and when, and stopping it for the plot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from accounts import audit
from accounts.actors import Actor
from accounts.errors import Invalid
from accounts.units import unit_of_work
from casino import selectors, stakes
from casino.band import ROUNDS_MIN
from casino.models import Game
from casino.services.configurations import target
from ledger.money import MAX_AMOUNT, display, is_amount
from ledger.selectors import first_currency

CHANGEABLE: Final = (
    "enabled",
    "stakes",
    "pace_ms",
    "autoplay",
    "opens_at",
    "closes_at",
    "spins_expected",
)
PACE_MS_MAX: Final = 60_000
SPINS_MAX: Final = 10_000_000
STAKES_MAX: Final = 12
SENTENCE_MAX: Final = 140


@unit_of_work
def change_game(*, actor: Actor, game: str, **wanted: Any) -> Game:
    """Set what is named in ``CHANGEABLE``, from the next spin on; what is as it was is left alone, and without a trace.

    ``stakes`` are minor units, smallest first. Raises ``Denied``, ``NotFound`` (``unknown_game``), ``Invalid``
    (``invalid_stakes``, ``invalid_game``, with the field).
    """
    actor.require("casino.manage")
    if unknown := wanted.keys() - set(CHANGEABLE):
        raise TypeError(f"change_game does not take {sorted(unknown)}")
    row = _locked(game)
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if not changed:
        return row
    noted: dict[str, Any] = {
        name: {"before": _plain(getattr(row, name)), "after": _plain(value)}
        for name, value in changed.items()
    }
    for name, value in changed.items():
        setattr(row, name, value)
    _check(row)
    row.save(update_fields=list(changed))
    audit.record(actor=actor, action="casino.settings", target=target(row), **noted)
    return row


@unit_of_work
def freeze_game(*, actor: Actor, game: str, reason: str) -> Game:
    """Stop a machine for the plot, from the next spin on; players read ``reason``. Another sentence replaces the one there.

    Raises ``Denied``, ``NotFound`` (``unknown_game``), ``Invalid`` (``invalid_game``).
    """
    actor.require("casino.manage")
    sentence = " ".join(reason.split())
    if not 1 <= len(sentence) <= SENTENCE_MAX:
        raise Invalid(
            "invalid_game",
            _("Write one sentence for the players, of at most 140 characters."),
            field="reason",
        )
    row = _locked(game)
    before = row.frozen_reason
    if before == sentence:
        return row
    row.frozen_reason = sentence
    row.save(update_fields=["frozen_reason"])
    audit.record(actor=actor, action="casino.freeze", target=target(row), before=before, after=sentence)
    return row


@unit_of_work
def unfreeze_game(*, actor: Actor, game: str) -> Game:
    """Let a machine go on that the plot had stopped. Raises ``Denied``, ``NotFound`` (``unknown_game``)."""
    actor.require("casino.manage")
    row = _locked(game)
    before = row.frozen_reason
    if not before:
        return row
    row.frozen_reason = ""
    row.save(update_fields=["frozen_reason"])
    audit.record(actor=actor, action="casino.unfreeze", target=target(row), before=before, after="")
    return row


def check_stakes(wanted: Sequence[int], *, lines: int) -> None:
    """Raises ``Invalid`` (``invalid_stakes``) unless ``wanted`` are stakes that a game with ``lines`` can take."""
    fits = 1 <= len(wanted) <= STAKES_MAX and all(map(is_amount, wanted))
    if not fits or list(wanted) != sorted(set(wanted)):
        raise Invalid(
            "invalid_stakes",
            _("A game offers 1 to 12 stakes, the smallest first, each once."),
            field="stakes",
        )
    try:
        stakes.check_stakes(wanted, lines=lines)
    except ValueError:
        wrong = next(stake for stake in wanted if not stakes.is_divisible(stake, lines))
        nearest = stakes.nearest(wrong, lines=lines, lowest=1, highest=MAX_AMOUNT)
        raise Invalid(
            "invalid_stakes",
            _(
                "A stake is divided over %(lines)d lines, and %(stake)s cannot be. The nearest that fit: %(nearest)s."
            )
            % {
                "lines": lines,
                "stake": _shown(wrong),
                "nearest": _(" or ").join(_shown(stake) for stake in nearest),
            },
            field="stakes",
        ) from None


def _check(row: Game) -> None:
    configuration = selectors.current_configuration(row)
    check_stakes(row.stakes, lines=selectors.certified(configuration).version.line_count)
    if type(row.pace_ms) is not int or not 0 <= row.pace_ms <= PACE_MS_MAX:
        raise Invalid(
            "invalid_game", _("Between two spins of a player lie 0 to 60 seconds."), field="pace_ms"
        )
    if type(row.spins_expected) is not int or not ROUNDS_MIN <= row.spins_expected <= SPINS_MAX:
        raise Invalid(
            "invalid_game", _("Expect 100 to 10,000,000 spins of an event."), field="spins_expected"
        )
    if (row.opens_at is None) != (row.closes_at is None):
        field = "opens_at" if row.opens_at is None else "closes_at"
        raise Invalid(
            "invalid_game", _("Say both when it opens and when it closes, or neither."), field=field
        )
    if row.opens_at is not None and row.opens_at == row.closes_at:
        raise Invalid(
            "invalid_game",
            _("It cannot close the moment it opens. Leave both empty to have it always open."),
            field="closes_at",
        )


def _locked(name: str) -> Game:
    found: Game = Game.objects.select_for_update(no_key=True).get(pk=selectors.game_named(name).pk)
    return found


def _plain(value: Any) -> Any:
    return f"{value:%H:%M}" if isinstance(value, dt.time) else value


def _shown(amount: int) -> str:
    currency = first_currency()
    return display(amount, symbol=currency.symbol, exponent=currency.exponent)

"""What the casino refuses, in words: built from plain facts, so that a stored refusal is told again as it was told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _

from accounts.errors import Conflict, DomainError, Invalid, TooMany

Show = Callable[[int], str]
"""Minor units as a person reads them."""


def refusal(code: str, facts: dict[str, Any], show: Show) -> DomainError:
    """The refusal ``code`` with its sentence; ``facts`` are plain JSON values, money in minor units."""
    error = _SENTENCES[code](facts, show)
    error.facts = dict(facts)
    return error


def is_known(code: str) -> bool:
    """Whether it is the casino that refuses with ``code``, and not the bank."""
    return code in _SENTENCES


def _game_closed(facts: dict[str, Any], show: Show) -> DomainError:
    if facts.get("opens_at"):
        return Conflict(
            "game_closed",
            _("%(game)s is open from %(opens)s to %(closes)s. Come back then.")
            % {"game": facts["game"], "opens": facts["opens_at"], "closes": facts["closes_at"]},
        )
    return Conflict("game_closed", _("%(game)s is closed. Ask a game master.") % {"game": facts["game"]})


def _game_frozen(facts: dict[str, Any], show: Show) -> DomainError:
    return Conflict("game_frozen", facts["reason"] or _("The machine stands still. Come back later."))


def _playing_paused(facts: dict[str, Any], show: Show) -> DomainError:
    return Conflict(
        "playing_paused",
        _("You have asked to be kept from playing until %(until)s. Your money stays yours, and can go out.")
        % {"until": facts["until"]},
    )


def _too_fast(facts: dict[str, Any], show: Show) -> DomainError:
    return TooMany(
        "too_fast",
        _("The reels are still turning. Wait a moment, then spin again."),
        retry_after=int(facts["seconds"]),
    )


def _invalid_stake(facts: dict[str, Any], show: Show) -> DomainError:
    return Invalid(
        "invalid_stake",
        _("A stake is divided over %(lines)d lines. The nearest that fits: %(nearest)s.")
        % {
            "lines": facts["lines"],
            "nearest": _(" or ").join(show(stake) for stake in facts["nearest"]),
        },
        field="bet_amount",
    )


def _stake_too_small(facts: dict[str, Any], show: Show) -> DomainError:
    return Invalid(
        "stake_too_small",
        _("The smallest stake here is %(stake)s.") % {"stake": show(facts["lowest"])},
        field="bet_amount",
    )


def _stake_too_large(facts: dict[str, Any], show: Show) -> DomainError:
    return Invalid(
        "stake_too_large",
        _("The largest stake here is %(stake)s.") % {"stake": show(facts["highest"])},
        field="bet_amount",
    )


def _own_stake_limit(facts: dict[str, Any], show: Show) -> DomainError:
    return Conflict(
        "own_stake_limit",
        _("You have limited your stakes to %(limit)s. Choose a smaller one.")
        % {"limit": show(facts["limit"])},
        field="bet_amount",
    )


def _loss_limit_reached(facts: dict[str, Any], show: Show) -> DomainError:
    of_day = facts["of"] == "day"
    values = {"limit": show(facts["limit"]), "left": show(max(facts["left"], 0))}
    if facts["left"] <= 0:
        said = (
            _("You have reached the loss of %(limit)s that you allow yourself in a day. Come back tomorrow.")
            if of_day
            else _("You have reached the loss of %(limit)s that you allow yourself in one sitting.")
        )
    else:
        said = (
            _("You allow yourself a loss of %(limit)s in a day; %(left)s of it are left.")
            if of_day
            else _("You allow yourself a loss of %(limit)s in one sitting; %(left)s of it are left.")
        )
    return Conflict("loss_limit_reached", said % values)


def _config_changed(facts: dict[str, Any], show: Show) -> DomainError:
    return Conflict(
        "config_changed",
        _(
            "The game masters have changed what this machine pays. Nothing was drawn; look at it and spin anew."
        ),
    )


def _seeds_not_shown(facts: dict[str, Any], show: Show) -> DomainError:
    return Conflict(
        "seeds_not_shown",
        _(
            "You have not seen the house's seal yet, so your client seed could not protect you. Nothing was drawn. Here it is; "
            "spin anew."
        ),
    )


def _house_limit(facts: dict[str, Any], show: Show) -> DomainError:
    if facts["largest"]:
        return Conflict(
            "house_limit",
            _("The house could not pay the largest prize of this stake now. The most it takes is %(stake)s.")
            % {"stake": show(facts["largest"])},
            field="bet_amount",
        )
    return Conflict("house_limit", _("The house has run out of money and takes no bets. Ask a game master."))


def _account_full(facts: dict[str, Any], show: Show) -> DomainError:
    return Conflict("balance_limit", _("No account can hold what this might win. Stake less."))


_Sentence = Callable[[dict[str, Any], Show], DomainError]
_SENTENCES: Final[dict[str, _Sentence]] = {
    "game_closed": _game_closed,
    "game_frozen": _game_frozen,
    "playing_paused": _playing_paused,
    "too_fast": _too_fast,
    "invalid_stake": _invalid_stake,
    "stake_too_small": _stake_too_small,
    "stake_too_large": _stake_too_large,
    "own_stake_limit": _own_stake_limit,
    "loss_limit_reached": _loss_limit_reached,
    "config_changed": _config_changed,
    "seeds_not_shown": _seeds_not_shown,
    "house_limit": _house_limit,
    "account_full": _account_full,
}

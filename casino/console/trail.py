"""What the casino adds to the trail: its actions in words, and amounts in the event's currency."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.activity import Activity
from accounts.console import noted, trail
from accounts.console.parts import NOTHING, link, yes_or_no
from accounts.console.trail import Told
from casino import selectors
from casino.console import live, words
from casino.models import Game
from ledger import selectors as bank
from ledger.console.money import shown
from ledger.models import Currency

GAME: Final = "casino.game"
_AMOUNTS: Final = {"loss_per_day", "loss_per_session", "stake_max", "prize"}


def tell(lines: Sequence[Activity]) -> dict[uuid.UUID, Told]:
    """The casino's own lines: about which machine, from what to what."""
    mine = [line for line in lines if line.action.startswith("casino.")]
    if not mine:
        return {}
    currency = bank.first_currency()
    machines = {f"{GAME}:{game.name}": game for game in Game.objects.all()}
    return {
        line.id: Told(about=_about(machines.get(line.target)), details=_details(line, currency))
        for line in mine
    }


def _about(game: Game | None) -> Any:
    return None if game is None else link(live.game_url(game), selectors.title_of(game.name))


def _details(line: Activity, currency: Currency) -> list[tuple[str, str]]:
    said = dict(line.details)
    if said.keys() >= {"before", "after"}:
        said = {"change": {"before": said.pop("before"), "after": said.pop("after")}, **said}
    return [
        (noted.name_of(name), _value(name, value, currency))
        for name, value in said.items()
        if value not in ("", None, [])
    ]


def _value(name: str, value: Any, currency: Currency) -> str:
    if isinstance(value, dict) and value.keys() == {"before", "after"}:
        before, after = (_value(name, value[end], currency) for end in ("before", "after"))
        return f"{before} → {after}"
    if value in ("", None, []):
        return NOTHING
    if isinstance(value, bool):
        return yes_or_no(value)
    if name == "stakes":
        return ", ".join(shown(stake, currency) for stake in value)
    if name == "pace_ms":
        return words.seconds(value)
    if name.startswith("payout"):
        return f"{value} %"
    return shown(value, currency) if name in _AMOUNTS else str(value)


trail.tellers.append(tell)
trail.NOUNS |= {GAME: gettext_lazy("a game"), "casino.seed": gettext_lazy("seeds")}
trail.words |= {
    "casino.freeze": gettext_lazy("Freeze a game"),
    "casino.limits": gettext_lazy("Own limits for playing"),
    "casino.open": gettext_lazy("Open the casino"),
    "casino.pause": gettext_lazy("Wants to be kept from playing"),
    "casino.payout": gettext_lazy("Set payout"),
    "casino.reveal": gettext_lazy("Reveal a rig"),
    "casino.rotate": gettext_lazy("Exchange seeds"),
    "casino.seal": gettext_lazy("Seal a rig"),
    "casino.settings": gettext_lazy("Change a game"),
    "casino.unfreeze": gettext_lazy("Unfreeze a game"),
}
noted.NAMES.update(
    {
        "autoplay": pgettext_lazy("noted", "autoplay"),
        "closes_at": pgettext_lazy("noted", "closes at"),
        "commitment": pgettext_lazy("noted", "commitment"),
        "enabled": pgettext_lazy("noted", "switched on"),
        "loss_per_day": pgettext_lazy("noted", "loss per day"),
        "loss_per_session": pgettext_lazy("noted", "loss per sitting"),
        "opens_at": pgettext_lazy("noted", "opens at"),
        "pace_ms": pgettext_lazy("noted", "between two spins"),
        "payout": pgettext_lazy("noted", "payout"),
        "seq": pgettext_lazy("noted", "configuration"),
        "spins_expected": pgettext_lazy("noted", "spins expected"),
        "stake_max": pgettext_lazy("noted", "largest stake"),
        "stakes": pgettext_lazy("noted", "stakes"),
    }
)

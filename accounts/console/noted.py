"""What is noted beside a line of the trail, in words."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import pgettext_lazy

from accounts.actors import VISITOR
from accounts.roles import SERVER

# By the names that services note them under (``audit.record``). What is not here is shown by its name.
NAMES: Final[dict[str, Any]] = {
    "account": pgettext_lazy("noted", "account"),
    "accounts": pgettext_lazy("noted", "accounts"),
    "after": pgettext_lazy("noted", "after"),
    "amount": pgettext_lazy("noted", "amount"),
    "asked": pgettext_lazy("noted", "asked"),
    "before": pgettext_lazy("noted", "before"),
    "bonus_when_open": pgettext_lazy("noted", "bonus when open"),
    "by": pgettext_lazy("noted", "by"),
    "cards": pgettext_lazy("noted", "cards"),
    "change": pgettext_lazy("noted", "change"),
    "cors_origins": pgettext_lazy("noted", "cors origins"),
    "currency": pgettext_lazy("noted", "currency"),
    "day_starts_at": pgettext_lazy("noted", "day starts at"),
    "device": pgettext_lazy("noted", "device"),
    "display_name": pgettext_lazy("noted", "display name"),
    "emoji": pgettext_lazy("noted", "emoji"),
    "ended": pgettext_lazy("noted", "ended"),
    "event_code": pgettext_lazy("noted", "event code"),
    "exponent": pgettext_lazy("noted", "exponent"),
    "expires_at": pgettext_lazy("noted", "expires at"),
    "faction": pgettext_lazy("noted", "faction"),
    "faction_choice": pgettext_lazy("noted", "faction choice"),
    "floor": pgettext_lazy("noted", "floor"),
    "from_account": pgettext_lazy("noted", "from account"),
    "holder": pgettext_lazy("noted", "holder"),
    "hosts": pgettext_lazy("noted", "hosts"),
    "how": pgettext_lazy("noted", "how"),
    "kind": pgettext_lazy("noted", "kind"),
    "language": pgettext_lazy("noted", "language"),
    "lasts": pgettext_lazy("noted", "lasts"),
    "left": pgettext_lazy("noted", "left"),
    "limit_per_day": pgettext_lazy("noted", "limit per day"),
    "limit_per_payment": pgettext_lazy("noted", "limit per payment"),
    "lines": pgettext_lazy("noted", "lines"),
    "memo": pgettext_lazy("noted", "memo"),
    "merchant": pgettext_lazy("noted", "merchant"),
    "name": pgettext_lazy("noted", "name"),
    "people": pgettext_lazy("noted", "people"),
    "per_day": pgettext_lazy("noted", "per day"),
    "per_payment": pgettext_lazy("noted", "per payment"),
    "place": pgettext_lazy("noted", "place"),
    "reason": pgettext_lazy("noted", "reason"),
    "registration": pgettext_lazy("noted", "registration"),
    "role": pgettext_lazy("noted", "role"),
    "rows": pgettext_lazy("noted", "rows"),
    "run": pgettext_lazy("noted", "run"),
    "scopes": pgettext_lazy("noted", "scopes"),
    "session": pgettext_lazy("noted", "session"),
    "sessions_ended": pgettext_lazy("noted", "sessions ended"),
    "since": pgettext_lazy("noted", "since"),
    "time_zone": pgettext_lazy("noted", "time zone"),
    "to_account": pgettext_lazy("noted", "to account"),
    "total": pgettext_lazy("noted", "total"),
    "transfers": pgettext_lazy("noted", "transfers"),
    "until": pgettext_lazy("noted", "until"),
    "user": pgettext_lazy("noted", "user"),
    "welcome_bonus": pgettext_lazy("noted", "welcome bonus"),
    "wrong": pgettext_lazy("noted", "wrong"),
}
# Who has no name.
NAMELESS: Final[dict[str, Any]] = {
    SERVER: pgettext_lazy("who", "server"),
    VISITOR: pgettext_lazy("who", "visitor"),
}
# What the codes of refusals mean in words; the roof, which knows them all, puts them here.
refusals: dict[str, Any] = {}


def name_of(noted: str) -> str:
    """What something noted is called."""
    plain = noted.removesuffix("_s")
    return str(NAMES.get(plain, plain.replace("_", " ")))


def why(code: str) -> str:
    """A refusal's code in words."""
    return str(refusals.get(code, code.replace("_", " ")))

"""Whether somebody at an open console has typed the password a moment ago: what moves money, keys or roles asks again."""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from accounts.models import LoginSession

CONFIRMED_FOR_S: Final = 5 * 60
_KEY: Final = "confirmed"


def remember(cookie: MutableMapping[str, Any], session: LoginSession) -> None:
    """Note in the signed cookie (``request.session``) that the password of ``session``'s user was right just now."""
    cookie[_KEY] = {"sid": str(session.pk), "at": int(time.time())}


def is_fresh(cookie: Mapping[str, Any], session: LoginSession) -> bool:
    """Whether that was less than five minutes ago, in this very sign-in."""
    noted = cookie.get(_KEY)
    if not isinstance(noted, dict) or noted.get("sid") != str(session.pk):
        return False
    return 0 <= int(time.time()) - int(noted.get("at", 0)) < CONFIRMED_FOR_S

"""Telling people. The row in the inbox is the truth; whatever rings a phone only says that there is something to fetch."""

from __future__ import annotations

from typing import Any

from accounts.models import Notification, User


def publish(*, to: User, kind: str, text: str, **data: Any) -> Notification:
    """Put a line into ``to``'s inbox, in the transaction of what it tells about. ``kind`` is ``noun.verb``."""
    return Notification.objects.create(user=to, kind=kind, text=text[:280], data=data)

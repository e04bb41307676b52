"""Telling people. The row in the inbox is the truth; whatever rings a phone only says that there is something to fetch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts.models import Notification, User


def publish(*, to: User, kind: str, text: str, **data: Any) -> Notification:
    """Put a line into ``to``'s inbox, in the transaction of what it tells about. ``kind`` is ``noun.verb``."""
    return Notification.objects.create(user=to, kind=kind, text=text[:280], data=data)


def publish_all(told: Iterable[tuple[User, str, dict[str, Any]]], *, kind: str) -> None:
    """The same for many at once: whom, the text, and its data."""
    Notification.objects.bulk_create(
        Notification(user=to, kind=kind, text=text[:280], data=data) for to, text, data in told
    )

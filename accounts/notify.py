"""Telling people. The row in the inbox is the truth; whatever rings a phone only says that there is something to fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from accounts import languages
from accounts.models import Notification, User


def publish(*, to: User, kind: str, text: Callable[[], str], **data: Any) -> Notification:
    """Put a line into ``to``'s inbox, in the transaction of what it tells about. ``kind`` is ``noun.verb``.

    ``text`` is a function, called in the event's language, whatever is spoken to the one who causes the line.
    """
    with languages.of_the_event():
        written = text()
    return Notification.objects.create(user=to, kind=kind, text=written[:280], data=data)


def publish_all(told: Iterable[tuple[User, str, dict[str, Any]]], *, kind: str) -> None:
    """The same for many at once: whom, the text, and its data; a generator's texts are written in the event's language."""
    with languages.of_the_event():
        rows = [Notification(user=to, kind=kind, text=text[:280], data=data) for to, text, data in told]
    Notification.objects.bulk_create(rows)

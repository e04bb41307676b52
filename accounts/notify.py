"""Telling people. The row in the inbox is the truth; whatever rings a phone only says that there is something to fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from accounts import languages
from accounts.models import Notification, User


def publish(*, to: User, kind: str, text: str | Callable[[], str], **data: Any) -> Notification:
    """Put a line into ``to``'s inbox, in the transaction of what it tells about. ``kind`` is ``noun.verb``.

    A ``text`` that is a function is written in the event's language, whatever is spoken to the one who causes the line.
    """
    if callable(text):
        with languages.of_the_event():
            text = text()
    return Notification.objects.create(user=to, kind=kind, text=text[:280], data=data)


def publish_all(told: Iterable[tuple[User, str, dict[str, Any]]], *, kind: str) -> None:
    """The same for many at once: whom, the text, and its data; a generator's texts are written in the event's language."""
    with languages.of_the_event():
        rows = [Notification(user=to, kind=kind, text=text[:280], data=data) for to, text, data in told]
    Notification.objects.bulk_create(rows)

"""The inbox, as its owner empties it."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.utils import timezone

from accounts.actors import Actor
from accounts.models import Notification
from accounts.units import unit_of_work


@unit_of_work
def mark_seen(*, actor: Actor, ids: Collection[uuid.UUID]) -> int:
    """Note that the actor has seen these of his notifications; returns how many were new to him.

    By their ids, not by a moment: what arrives while the page is read has not been seen. Others' are passed over.
    """
    unread = Notification.objects.filter(user=actor.user_id, read_at=None, pk__in=ids)
    return unread.update(read_at=timezone.now())

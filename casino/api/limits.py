"""What players set against themselves, and how long they have been sitting here."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedIn
from casino import playing, selectors
from casino.api.answers import LimitsAnswer, SittingAnswer
from casino.api.requests import LimitsSerializer
from casino.models import PlayLimit
from casino.services import limits
from ledger.api.endpoint import Endpoint
from ledger.selectors import first_currency


class Limits(Endpoint):
    """The caller's own limits."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="limits", summary="My limits", responses=LimitsAnswer)
    def get(self, request: Request) -> Response:
        """What holds now, and what will hold later."""
        return _limits(selectors.limit_of(selectors.player_of(self.actor)))

    @extend_schema(
        operation_id="limits_set",
        summary="Set my limits, or pause me",
        request=LimitsSerializer,
        responses=LimitsAnswer,
    )
    def put(self, request: Request) -> Response:
        """Tighter at once, looser after 24 hours. A pause is never shortened. Money can always be taken out."""
        asked = self.body(LimitsSerializer)
        row = limits.set_limits(
            actor=self.actor, limits=asked.limits(), pause=asked.validated_data["pause_hours"]
        )
        return _limits(row)


class Session(Endpoint):
    """The caller's sitting."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="session", summary="My sitting", responses=SittingAnswer)
    def get(self, request: Request) -> Response:
        """How long it lasts, and what it has brought so far."""
        now = timezone.now()
        sitting = selectors.session_of(self.actor, now)
        return Response(SittingAnswer(selectors.seen_session(sitting, first_currency(), now)).data)


def _limits(row: PlayLimit | None) -> Response:
    now = timezone.now()
    held = playing.at(selectors.asked_limits(row), now)
    paused = row.paused_until if row is not None else None
    body = {
        "now": held.now,
        "later": held.later,
        "later_at": held.later_at,
        "paused_until": paused if paused is not None and paused > now else None,
    }
    return Response(LimitsAnswer(body).data)

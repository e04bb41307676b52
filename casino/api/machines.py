"""The machines, and what they pay."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedIn
from casino import selectors
from casino.api.game_answers import GameAnswer, GamesAnswer
from ledger.api.endpoint import Endpoint

NAME = OpenApiParameter(
    "name",
    {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    OpenApiParameter.PATH,
    description="`glitch-grid` or `starlight-smuggler`; underscores do as well.",
)


class _MachineEndpoint(Endpoint):
    permission_classes = [SignedIn]
    pagination_class = None

    def context(self) -> dict[str, object]:
        """What the answers show beside the machine: the caller's seals."""
        return {"seals": selectors.seals_of(selectors.player_of(self.actor))}


class Games(_MachineEndpoint):
    """The machines of the event."""

    @extend_schema(operation_id="games", summary="The machines", responses=GamesAnswer)
    def get(self, request: Request) -> Response:
        """What each plays, pays and takes now. Empty where the event has no casino."""
        found = selectors.machines(self.actor.tenant, timezone.now())
        return Response(GamesAnswer({"results": found, "next": None}, context=self.context()).data)


class GameDetail(_MachineEndpoint):
    """One machine."""

    @extend_schema(operation_id="game_read", summary="A machine", parameters=[NAME], responses=GameAnswer)
    def get(self, request: Request, name: str) -> Response:
        """Everything that a player can know before the bet: the odds, the house's seals, the largest stake."""
        found = selectors.machine_named(name, self.actor.tenant, timezone.now())
        return Response(GameAnswer(found, context=self.context()).data)

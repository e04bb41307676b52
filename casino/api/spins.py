"""Playing a round."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedIn
from casino import games, selectors
from casino.api.answers import SpunAnswer, spun_answer
from casino.api.machines import NAME
from casino.api.requests import SpinSerializer
from casino.services import spins
from ledger.api import idempotency
from ledger.api.endpoint import Endpoint, counted
from ledger.api.idempotency import claim_of


class _SpinEndpoint(Endpoint):
    permission_classes = [SignedIn]

    def spin(self, game: str) -> Response:
        """Play a round of ``game`` as the body says."""
        asked = self.body(SpinSerializer).validated_data
        claim = claim_of(self.request, required=True)
        with counted(self.actor, claim, what="spin") as spending:
            spun = spins.spin(
                actor=self.actor,
                game=game,
                stake=asked["bet_amount"],
                claim=claim,
                client_seed=asked["client_seed"],
                configuration=asked["config"],
            )
            if spun.replayed:
                spending.give_back()
        seen = selectors.seen_round(spun.round, spun.currency)
        headers = {idempotency.REPLAYED: "true"} if spun.replayed else {}
        return Response(spun_answer(seen, spun), status=status.HTTP_201_CREATED, headers=headers)


_DESCRIBED: Final[dict[str, Any]] = {
    "request": SpinSerializer,
    "responses": {201: SpunAnswer},
}
_HEADERS: Final = (idempotency.parameter(required=True), idempotency.REPLAYED_HEADER)


class Spin(_SpinEndpoint):
    """Play any machine."""

    @extend_schema(operation_id="spin", summary="Spin", parameters=[NAME, *_HEADERS], **_DESCRIBED)
    def post(self, request: Request, name: str) -> Response:
        """One paid round with its free spins. A lost answer: send the same again with the same key, and nothing is drawn anew.

        A refused spin draws nothing and takes no nonce.
        """
        return self.spin(name)


class GlitchGrid(_SpinEndpoint):
    """Play Glitch Grid."""

    @extend_schema(
        operation_id="spin_glitch_grid", summary="Spin Glitch Grid", parameters=[*_HEADERS], **_DESCRIBED
    )
    def post(self, request: Request) -> Response:
        """The same as `POST /games/glitch-grid/spin`, as the first system had it."""
        return self.spin(games.GLITCH_GRID)


class StarlightSmuggler(_SpinEndpoint):
    """Play Starlight Smuggler."""

    @extend_schema(
        operation_id="spin_starlight_smuggler",
        summary="Spin Starlight Smuggler",
        parameters=[*_HEADERS],
        **_DESCRIBED,
    )
    def post(self, request: Request) -> Response:
        """The same as `POST /games/starlight-smuggler/spin`, as the first system had it."""
        return self.spin(games.STARLIGHT_SMUGGLER)

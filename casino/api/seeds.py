"""The caller's seeds: what they are drawn from, committed to beforehand."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import limits
from accounts.permissions import SignedIn
from casino import selectors
from casino.api.answers import FairnessAnswer
from casino.api.requests import ClientSeedSerializer, RotateSerializer
from casino.services import seeds
from casino.services.seeds import Pairs
from ledger.api.endpoint import Endpoint


class _SeedEndpoint(Endpoint):
    permission_classes = [SignedIn]

    def counted(self) -> None:
        """Count a change of seeds. Raises ``TooMany`` (``rate_limited``)."""
        limits.hit("seeds", f"{self.actor.tenant.pk}:{self.actor.principal}")

    def answer(self, pairs: Pairs) -> Response:
        """``pairs``, and those that are over."""
        user, active = selectors.player_of(self.actor), pairs.active
        body: dict[str, Any] = {
            "active": {
                "server_seed_hash": active.server_seed_hash,
                "client_seed": active.client_seed,
                "nonce": selectors.last_nonce(user, active),
            },
            "next": pairs.next,
            "retired": [
                {
                    "server_seed_hash": pair.server_seed_hash,
                    "server_seed": server_seed,
                    "client_seed": pair.client_seed,
                    "retired_at": pair.retired_at,
                }
                for pair, server_seed in selectors.retired_pairs(user)
            ],
        }
        return Response(FairnessAnswer(body).data)


class Fairness(_SeedEndpoint):
    """The seals."""

    @extend_schema(operation_id="fairness", summary="My seeds", responses=FairnessAnswer)
    def get(self, request: Request) -> Response:
        """The hashes of the server seeds, before anything is drawn from them. The first time, the seeds are made."""
        return self.answer(seeds.open_pairs(actor=self.actor))

    @extend_schema(
        operation_id="fairness_client_seed",
        summary="Choose my client seed",
        request=ClientSeedSerializer,
        responses=FairnessAnswer,
    )
    def post(self, request: Request) -> Response:
        """From the next spin on, for spins that bring none of their own."""
        asked = self.body(ClientSeedSerializer).validated_data
        self.counted()
        return self.answer(seeds.choose_client_seed(actor=self.actor, client_seed=asked["client_seed"]))


class Rotate(_SeedEndpoint):
    """Exchange the seeds."""

    @extend_schema(
        operation_id="fairness_rotate",
        summary="Exchange my seeds",
        request=RotateSerializer,
        responses=FairnessAnswer,
    )
    def post(self, request: Request) -> Response:
        """The active server seed is told (the first of `retired`), the next one becomes active, a new next one is committed to.

        A seed that drew rounds of a sealed rig is told with the rig.
        """
        asked = self.body(RotateSerializer).validated_data
        self.counted()
        _retired, pairs = seeds.rotate(actor=self.actor, client_seed=asked["client_seed"])
        return self.answer(pairs)

"""The caller's rounds, and the file with which a stranger verifies them."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedIn
from casino import selectors
from casino.api.answers import FileAnswer, RoundAnswer, RoundDetailAnswer
from casino.api.requests import FileQuery, RoundsQuery
from ledger.api.endpoint import Endpoint
from ledger.selectors import first_currency

FILE_NAME = "neobank-rounds.json"


class Rounds(Endpoint):
    """What the caller has played."""

    permission_classes = [SignedIn]
    ordering = ("-number",)

    @extend_schema(
        operation_id="rounds", summary="My rounds", parameters=[RoundsQuery], responses=RoundAnswer(many=True)
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        asked = self.query(RoundsQuery).validated_data
        rows = selectors.rounds_of(self.actor)
        if "game" in asked:
            rows = rows.filter(game__name=asked["game"])
        seen = selectors.seen_rounds(self.paginate_queryset(rows) or [], first_currency())
        return self.get_paginated_response(RoundAnswer(seen, many=True).data)


class RoundDetail(Endpoint):
    """One round."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="round_read", summary="A round", responses=RoundDetailAnswer)
    def get(self, request: Request, round_id: uuid.UUID) -> Response:
        """One of the caller's own, with all that is needed to verify it; whoever works in the casino may look at any."""
        row = selectors.round_for(self.actor, round_id)
        [seen] = selectors.seen_rounds([row], first_currency())
        return Response(RoundDetailAnswer(seen).data)


class RoundsFile(Endpoint):
    """The caller's rounds as a file."""

    permission_classes = [SignedIn]
    pagination_class = None

    @extend_schema(
        operation_id="rounds_file",
        summary="My rounds, to verify them",
        parameters=[
            FileQuery,
            OpenApiParameter(
                "Link",
                {"type": "string"},
                OpenApiParameter.HEADER,
                response=["200"],
                description='`<…>; rel="next"`: where the rounds before these are. Absent with the last ones.',
            ),
        ],
        responses=FileAnswer,
    )
    def get(self, request: Request) -> Response:
        """The last 1,000 rounds, newest first, as the verifiers read them (`neobank-rounds-1`)."""
        before = self.query(FileQuery).validated_data.get("before")
        rows, has_more = selectors.rounds_before(self.actor, before)
        headers = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
        if has_more:
            headers["Link"] = f'<{request.path}?before={rows[-1].id}>; rel="next"'
        return Response(selectors.rounds_file(rows), headers=headers)

"""The caller: who he is, and what he owns."""

from __future__ import annotations

from dataclasses import replace

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actors import Actor
from accounts.permissions import SignedIn
from accounts.services.people import edit_profile
from identity import selectors
from identity.api.answers import AccountOfMineAnswer
from identity.api.endpoint import Endpoint
from identity.api.requests import ProfileRequest


class MyAccount(Endpoint):
    """The caller's own character and primary account."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="me", summary="Who I am and what I have", responses=AccountOfMineAnswer)
    def get(self, request: Request) -> Response:
        """Character, faction, account number and balance."""
        return self._answer(self.actor)

    @extend_schema(
        operation_id="me_edit",
        summary="Change my profile",
        request=ProfileRequest,
        responses=AccountOfMineAnswer,
    )
    def patch(self, request: Request) -> Response:
        """The emoji and, where the event lets players choose, the faction."""
        asked = self.body(ProfileRequest).validated_data
        user = edit_profile(
            actor=self.actor,
            emoji_text=asked.get("emoji"),
            faction=asked.get("faction"),
            leave_faction="faction" in asked and asked["faction"] is None,
        )
        return self._answer(replace(self.actor, user=user))

    def _answer(self, actor: Actor) -> Response:
        return Response(AccountOfMineAnswer(selectors.me(actor)).data)

"""The caller: who he is, and what he owns."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import cast

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors as people
from accounts.actors import Actor
from accounts.permissions import SignedIn
from accounts.services import email
from accounts.services.people import edit_profile
from accounts.services.pictures import remove_picture, set_picture
from identity import selectors
from identity.api.answers import AccountOfMineAnswer, EmailAnswer, MessageAnswer
from identity.api.endpoint import Endpoint
from identity.api.requests import EmailRequest, PictureParser, ProfileRequest
from identity.pictures import answer
from identity.services.mailbox import ask_for_address, remove_address


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


class MyPicture(Endpoint):
    """The caller's picture."""

    permission_classes = [SignedIn]
    parser_classes = [PictureParser]

    @extend_schema(
        operation_id="me_picture",
        summary="Show a picture of mine",
        request=dict.fromkeys(PictureParser.KINDS, OpenApiTypes.BINARY),
        responses=AccountOfMineAnswer,
    )
    def put(self, request: Request) -> Response:
        """The body is the file: a JPEG, PNG, WebP or GIF of at most 5 MB. Its middle is kept as a square of 256 pixels."""
        user = set_picture(actor=self.actor, raw=cast(bytes, request.data))
        return Response(AccountOfMineAnswer(selectors.me(replace(self.actor, user=user))).data)

    @extend_schema(operation_id="me_picture_remove", summary="Take my picture away", responses={204: None})
    def delete(self, request: Request) -> Response:
        """The emoji, where there is one, is shown again."""
        remove_picture(actor=self.actor, person=people.myself(self.actor))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Pictures(Endpoint):
    """Somebody's picture."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="picture",
        summary="A picture",
        responses={(200, "image/webp"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, picture_id: uuid.UUID) -> HttpResponse:
        """For everybody who is signed in at the same event. Another picture has another id, so it may be kept."""
        return answer(people.picture_for(self.actor, picture_id), self.bank_request)


class MyEmail(Endpoint):
    """The caller's e-mail address."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="me_email", summary="My e-mail address", responses=EmailAnswer)
    def get(self, request: Request) -> Response:
        """Empty when there is none; nobody else sees it."""
        person = people.myself(self.actor)
        return Response(
            {"email": email.address_of(person), "confirmed": person.email_confirmed_at is not None}
        )

    @extend_schema(
        operation_id="me_email_set",
        summary="Change my e-mail address",
        request=EmailRequest,
        responses={202: MessageAnswer},
    )
    def put(self, request: Request) -> Response:
        """A letter with a link goes to the new address, which counts once that link was followed. Empty: no address any more."""
        asked = self.body(EmailRequest).validated_data
        actor, password = self.actor, asked["current_password"]
        if not asked["email"]:
            remove_address(actor=actor, password=password)
            return Response({"message": _("Your e-mail address is gone.")}, status=status.HTTP_202_ACCEPTED)
        ask_for_address(actor=actor, wanted=asked["email"], password=password, address=self.address())
        message = _("A letter is on its way. Open the link in it within a day, and the address is yours.")
        return Response({"message": message}, status=status.HTTP_202_ACCEPTED)

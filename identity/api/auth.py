"""Signing up, in and out."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import directory, selectors
from accounts.errors import Unauthenticated
from accounts.permissions import Anyone, SignedIn
from accounts.services import sessions
from accounts.services.password import change_password, reset_with_code
from accounts.tokens import RefreshToken
from identity import selectors as own
from identity.api.answers import MessageAnswer, SessionAnswer, SignInAnswer, TokensAnswer, UserAnswer
from identity.api.endpoint import Endpoint
from identity.api.requests import (
    ForgotRequest,
    LoginRequest,
    PasswordRequest,
    RefreshRequest,
    RegisterRequest,
    ResetRequest,
)
from identity.devices import device_of, remember
from identity.services import refresh as refreshing
from identity.services.mailbox import forgot, welcome
from identity.services.registration import register
from identity.services.sign_in import login
from identity.services.stay import SignedIn as SignIn


class _Door(Endpoint):
    """A way in: credentials that came along by mistake, such as an expired token, are not looked at."""

    authentication_classes = []
    permission_classes = [Anyone]

    def let_in(self, signed_in: SignIn, message: str, status_code: int) -> Response:
        """The answer to somebody who has just signed in."""
        token, expires_in = signed_in.access_token()
        owner = replace(self.visitor(), user=signed_in.user)
        answer = {
            "message": message,
            "user": UserAnswer(signed_in.user, context={"account_number": own.account_number_of(owner)}).data,
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": expires_in,
            "device_proof": signed_in.device.proof(),
        }
        if signed_in.refresh_token is not None:
            answer["refresh_token"] = signed_in.refresh_token
        response = Response(answer, status=status_code)
        remember(response, signed_in.device)
        return response


class Register(_Door):
    """Make a character."""

    @extend_schema(
        operation_id="register",
        summary="Register",
        auth=[],
        request=RegisterRequest,
        responses={201: SignInAnswer},
    )
    def post(self, request: Request) -> Response:
        """A login and a checking account in one step, signed in at once."""
        asked = self.body(RegisterRequest)
        signed_in = register(
            actor=self.visitor(),
            wanted=asked.registration(),
            stay=asked.stay(),
            device=device_of(self.bank_request),
            device_name=asked.validated_data["device_name"],
        )
        welcome(actor=self.visitor(), user=signed_in.user, address=self.address())
        message = _("Welcome, %(name)s.") % {"name": signed_in.user.character_name}
        return self.let_in(signed_in, message, status.HTTP_201_CREATED)


class Login(_Door):
    """Sign in."""

    @extend_schema(
        operation_id="login", summary="Sign in", auth=[], request=LoginRequest, responses=SignInAnswer
    )
    def post(self, request: Request) -> Response:
        """An unknown name and a wrong password get the same answer."""
        asked = self.body(LoginRequest)
        signed_in = login(
            actor=self.visitor(),
            character_name=asked.validated_data["character_name"],
            password=asked.validated_data["password"],
            stay=asked.stay(),
            device=device_of(self.bank_request),
            device_name=asked.validated_data["device_name"],
        )
        message = _("Welcome back, %(name)s.") % {"name": signed_in.user.character_name}
        return self.let_in(signed_in, message, status.HTTP_200_OK)


class Refresh(_Door):
    """The next pair of tokens."""

    @extend_schema(
        operation_id="refresh",
        summary="Refresh a sign-in",
        auth=[],
        request=RefreshRequest,
        responses=TokensAnswer,
    )
    def post(self, request: Request) -> Response:
        """Each refresh token is good once. When the answer is lost, ask again with the same one within ten seconds."""
        token = RefreshToken.parse(self.body(RefreshRequest).validated_data["refresh_token"])
        tenant = directory.by_credential(token.sid.hex) if token else None
        visitor = self.visitor()
        if token is None or tenant is None:
            raise refreshing.bad_refresh_token()
        if tenant.pk != visitor.tenant.pk:
            raise Unauthenticated("wrong_tenant", _("You are signed in at another event. Sign in here."))
        signed_in = refreshing.refresh(actor=visitor, token=token)
        access_token, expires_in = signed_in.access_token()
        return Response(
            {
                "access_token": access_token,
                "token_type": "Bearer",
                "expires_in": expires_in,
                "refresh_token": signed_in.refresh_token,
            }
        )


class Forgot(_Door):
    """A letter for whoever has forgotten the password."""

    @extend_schema(
        operation_id="password_forgot",
        summary="Ask for a letter with a link to a new password",
        auth=[],
        request=ForgotRequest,
        responses={202: MessageAnswer},
    )
    def post(self, request: Request) -> Response:
        """The answer is the same whoever is meant, and whether a letter goes out or not."""
        asked = self.body(ForgotRequest).validated_data
        forgot(actor=self.visitor(), who=asked["who"], address=self.address())
        message = _("If there is such a login with a confirmed e-mail address, a letter is on its way.")
        return Response({"message": message}, status=status.HTTP_202_ACCEPTED)


class Reset(_Door):
    """A new password by letter."""

    @extend_schema(
        operation_id="password_reset",
        summary="Choose a new password with the code of a letter",
        auth=[],
        request=ResetRequest,
        responses=MessageAnswer,
    )
    def post(self, request: Request) -> Response:
        """The code is good once, for an hour; every sign-in ends."""
        asked = self.body(ResetRequest).validated_data
        reset_with_code(actor=self.visitor(), code=asked["code"], new=asked["new_password"])
        return Response({"message": _("Your password is set. Every sign-in has ended; sign in with it.")})


class Logout(Endpoint):
    """Sign out."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="logout", summary="Sign out", request=None, responses=MessageAnswer)
    def post(self, request: Request) -> Response:
        """Ends the sign-in that is used for this request, its tokens included, at once."""
        sessions.logout(actor=self.actor)
        return Response({"message": _("You are signed out.")})


class Sessions(Endpoint):
    """Where the caller is signed in."""

    permission_classes = [SignedIn]
    ordering = ("-created_at", "-id")

    @extend_schema(operation_id="sessions", summary="My sign-ins", responses=SessionAnswer(many=True))
    def get(self, request: Request) -> Response:
        """Those that still hold, newest first."""
        page = self.paginate_queryset(selectors.sessions_of(self.actor)) or []
        context = {"current": self.actor.session}
        return self.get_paginated_response([SessionAnswer(row, context=context).data for row in page])


class Session(Endpoint):
    """One sign-in."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="session_revoke", summary="End a sign-in", responses={204: None})
    def delete(self, request: Request, session_id: uuid.UUID) -> Response:
        """A phone that was lost, a browser that was left open: whoever holds it is out with the next request."""
        sessions.revoke_session(actor=self.actor, session_id=session_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Password(Endpoint):
    """The caller's password."""

    permission_classes = [SignedIn]

    @extend_schema(
        summary="Change my password",
        request=PasswordRequest,
        responses=MessageAnswer,
    )
    def post(self, request: Request) -> Response:
        """Ends every other sign-in."""
        asked = self.body(PasswordRequest).validated_data
        change_password(actor=self.actor, current=asked["current_password"], new=asked["new_password"])
        return Response({"message": _("Your password is changed. Every other sign-in has ended.")})

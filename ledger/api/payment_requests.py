"""Asking for money with a code, and paying it."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedIn
from ledger import selectors
from ledger.api import idempotency
from ledger.api.answers import PaidAnswer, RequestAnswer
from ledger.api.endpoint import Endpoint, counted
from ledger.api.idempotency import claim_of
from ledger.api.requests import AskSerializer, PayRequestSerializer
from ledger.models import PaymentRequest
from ledger.services import requests

_CODE = OpenApiParameter("code", str, OpenApiParameter.PATH, description="The request's id, or its code.")


class _RequestEndpoint(Endpoint):
    permission_classes = [SignedIn]

    def answer(self, request: PaymentRequest, *, status: int = 200, replayed: bool = False) -> Response:
        """``request`` as the caller sees it now."""
        body = RequestAnswer(selectors.seen(self.actor, request), context={"request": self.request}).data
        return Response(body, status=status, headers={idempotency.REPLAYED: "true"} if replayed else {})


class Requests(_RequestEndpoint):
    """Ask for money."""

    @extend_schema(
        operation_id="request_create",
        summary="Ask for money with a code",
        request=AskSerializer,
        responses={201: RequestAnswer},
        parameters=[idempotency.parameter(required=True), idempotency.REPLAYED_HEADER],
    )
    def post(self, request: Request) -> Response:
        """Into a merchant's account that is the caller's, or that they work with. Show `url` as a QR, and ask how it goes."""
        asked = self.body(AskSerializer).validated_data
        claim = claim_of(request, required=True)
        made = requests.ask(
            actor=self.actor,
            amount=asked["amount"],
            memo=asked["memo"],
            account=asked["to_account"],
            lives=asked.get("expires_in", requests.LIVES),
            claim=claim,
        )
        return self.answer(made.request, status=status.HTTP_201_CREATED, replayed=made.replayed)


class RequestDetail(_RequestEndpoint):
    """What somebody asks for."""

    @extend_schema(
        operation_id="request_read",
        summary="A payment request",
        parameters=[_CODE],
        responses=RequestAnswer,
    )
    def get(self, request: Request, code: str) -> Response:
        """For everybody of the event who has its code: what it is for, and whether it was paid."""
        return self.answer(selectors.request_for(self.actor, code))


class PayRequest(_RequestEndpoint):
    """Pay what somebody asks for."""

    @extend_schema(
        operation_id="request_pay",
        summary="Pay a payment request",
        request=PayRequestSerializer,
        responses={201: PaidAnswer},
        parameters=[_CODE, idempotency.parameter(required=True), idempotency.REPLAYED_HEADER],
    )
    def post(self, request: Request, code: str) -> Response:
        """Once: of two who pay at the same time one has paid, and the other is told so (`request_paid`)."""
        asked = self.body(PayRequestSerializer).validated_data
        claim = claim_of(request, required=True)
        with counted(self.actor, claim) as spending:
            paid = requests.pay(
                actor=self.actor, request=code, from_account=asked["from_account"], claim=claim
            )
            if paid.replayed:
                spending.give_back()
        headers = {idempotency.REPLAYED: "true"} if paid.replayed else {}
        return Response(PaidAnswer(paid).data, status=status.HTTP_201_CREATED, headers=headers)


class CancelRequest(_RequestEndpoint):
    """Take a request back."""

    @extend_schema(
        operation_id="request_cancel",
        summary="Cancel a payment request",
        request=None,
        parameters=[_CODE],
        responses=RequestAnswer,
    )
    def post(self, request: Request, code: str) -> Response:
        """For who works with the account that asks. What is over already stays as it is; what was paid is `request_paid`."""
        return self.answer(requests.cancel(actor=self.actor, request=code))

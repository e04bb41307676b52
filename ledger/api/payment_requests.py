"""Asking for money with a code, and paying it."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedIn
from ledger import selectors
from ledger.api import idempotency
from ledger.api.answers import AskedAnswer, PaidAnswer, RequestAnswer
from ledger.api.endpoint import Endpoint, counted
from ledger.api.idempotency import claim_of
from ledger.api.requests import AskPeopleSerializer, AskSerializer, PayRequestSerializer
from ledger.models import PaymentRequest
from ledger.services import asking, requests

_CODE = OpenApiParameter("code", str, OpenApiParameter.PATH, description="The request's id, or its code.")


class _RequestEndpoint(Endpoint):
    permission_classes = [SignedIn]

    def answer(self, request: PaymentRequest, *, status: int = 200, replayed: bool = False) -> Response:
        """``request`` as the caller sees it now."""
        body = RequestAnswer(selectors.seen(self.actor, request), context={"request": self.request}).data
        return Response(body, status=status, headers={idempotency.REPLAYED: "true"} if replayed else {})


class Requests(_RequestEndpoint):
    """Ask for money, and see who asks."""

    @extend_schema(
        operation_id="request_list",
        summary="What people ask the caller for",
        responses=RequestAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Requests that name the caller and wait for an answer, newest first: pay or decline each."""
        page = self.paginate_queryset(selectors.asked_of(self.actor)) or []
        seen = [selectors.seen_unpaid(one, is_payee=False) for one in page]
        return self.get_paginated_response(RequestAnswer(seen, many=True, context={"request": request}).data)

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


class AskPeople(_RequestEndpoint):
    """Ask people by name."""

    @extend_schema(
        operation_id="request_ask_people",
        summary="Ask people by name, or split a bill among them",
        request=AskPeopleSerializer,
        responses={201: AskedAnswer},
        parameters=[idempotency.parameter(required=True), idempotency.REPLAYED_HEADER],
    )
    def post(self, request: Request) -> Response:
        """One request for each, all or none: equal parts that add up to `amount`. Each is told, and can pay or decline."""
        asked = self.body(AskPeopleSerializer).validated_data
        claim = claim_of(request, required=True)
        with counted(self.actor, claim, cost=len(asked["payers"])) as spending:
            made = asking.ask_people(
                actor=self.actor,
                payers=asked["payers"],
                amount=asked["amount"],
                memo=asked["memo"],
                with_me=asked["with_me"],
                account=asked["to_account"],
                lives=asked.get("expires_in", asking.LIVES),
                claim=claim,
            )
            if made.replayed:
                spending.give_back()
        seen = [selectors.seen(self.actor, one) for one in made.requests]
        body = AskedAnswer(
            {"total": made.total, "own": made.own, "requests": seen}, context={"request": request}
        ).data
        headers = {idempotency.REPLAYED: "true"} if made.replayed else {}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)


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


class DeclineRequest(_RequestEndpoint):
    """Say no."""

    @extend_schema(
        operation_id="request_decline",
        summary="Decline a payment request",
        request=None,
        parameters=[_CODE],
        responses=RequestAnswer,
    )
    def post(self, request: Request, code: str) -> Response:
        """For whom it asks by name; whoever asked is told. What is over stays as it is; what was paid is `request_paid`."""
        return self.answer(requests.decline(actor=self.actor, request=code))

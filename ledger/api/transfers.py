"""Paying, giving back, and looking at a transfer."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedIn, SignedInOrDevice
from ledger import selectors
from ledger.api import idempotency
from ledger.api.answers import BatchAnswer, PaidAnswer, ReceiptAnswer
from ledger.api.endpoint import Endpoint, counted
from ledger.api.idempotency import claim_of
from ledger.api.requests import BatchSerializer, PaymentSerializer, RefundSerializer
from ledger.services import transfers
from ledger.services.transfers import Paid


class Transfers(Endpoint):
    """Pay somebody."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="transfer",
        summary="Pay somebody",
        request=PaymentSerializer,
        responses={201: PaidAnswer},
        parameters=[idempotency.parameter(required=True), idempotency.REPLAYED_HEADER],
    )
    def post(self, request: Request) -> Response:
        """Pay ``amount`` minor units from an account of the caller's to another one."""
        return pay(self, required=True)


class Batch(Endpoint):
    """Pay several people at once."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="transfer_batch",
        summary="Pay several people at once",
        request=BatchSerializer,
        responses={201: BatchAnswer},
        parameters=[idempotency.parameter(required=True), idempotency.REPLAYED_HEADER],
    )
    def post(self, request: Request) -> Response:
        """All or nothing: a refusal names the first line that fails by its ``index``."""
        asked = self.body(BatchSerializer)
        claim = claim_of(request, required=True)
        payments = asked.payments()
        with counted(self.actor, claim, cost=len(payments)) as spending:
            paid = transfers.transfer_batch(actor=self.actor, payments=payments, claim=claim)
            if paid[0].replayed:
                spending.give_back()
        return _created(BatchAnswer({"transfers": paid}).data, replayed=paid[0].replayed)


class Receipt(Endpoint):
    """One transfer."""

    permission_classes = [SignedInOrDevice]

    @extend_schema(operation_id="transfer_read", summary="A transfer", responses=ReceiptAnswer)
    def get(self, request: Request, transfer_id: uuid.UUID) -> Response:
        """For people on either side of it, the device that took it, and game masters."""
        return Response(ReceiptAnswer(selectors.receipt_for(self.actor, transfer_id)).data)


class Refund(Endpoint):
    """Give back a transfer."""

    permission_classes = [SignedInOrDevice]

    @extend_schema(
        operation_id="refund",
        summary="Give money back",
        request=RefundSerializer,
        responses={201: PaidAnswer},
        parameters=[idempotency.parameter(required=True), idempotency.REPLAYED_HEADER],
    )
    def post(self, request: Request, transfer_id: uuid.UUID) -> Response:
        """All that is left of it, or ``amount``. For who received it, the device that took it (24 h), and game masters."""
        asked = self.body(RefundSerializer)
        claim = claim_of(request, required=True)
        with counted(self.actor, claim) as spending:
            paid = transfers.refund(
                actor=self.actor, transfer_id=transfer_id, claim=claim, **asked.validated_data
            )
            if paid.replayed:
                spending.give_back()
        return _paid(paid)


def pay(endpoint: Endpoint, *, required: bool) -> Response:
    """Pay as the body of ``endpoint``'s request says; ``required`` is whether it must have an idempotency key."""
    asked = endpoint.body(PaymentSerializer)
    claim = claim_of(endpoint.request, required=required)
    with counted(endpoint.actor, claim) as spending:
        paid = transfers.transfer(actor=endpoint.actor, payment=asked.payment(), claim=claim)
        if paid.replayed:
            spending.give_back()
    return _paid(paid)


def _paid(paid: Paid) -> Response:
    return _created(PaidAnswer(paid).data, replayed=paid.replayed)


def _created(body: object, *, replayed: bool) -> Response:
    headers = {idempotency.REPLAYED: "true"} if replayed else {}
    return Response(body, status=status.HTTP_201_CREATED, headers=headers)

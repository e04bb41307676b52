"""The terminals' API: small JSON over HTTP with a device's key. Unknown fields are passed over, for old firmware."""

from __future__ import annotations

from typing import cast

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import limits
from accounts.models import ApiKey
from accounts.permissions import Device
from ledger import selectors
from ledger.api import idempotency
from ledger.api.answers import PingAnswer, TerminalBalanceAnswer, TerminalPaidAnswer
from ledger.api.endpoint import Endpoint, counted
from ledger.api.idempotency import claim_of
from ledger.api.requests import TerminalPaymentSerializer
from ledger.services import transfers


class TerminalTransactions(Endpoint):
    """Take a payment."""

    permission_classes = [Device]

    @extend_schema(
        operation_id="external_transaction",
        summary="Take a payment",
        request=TerminalPaymentSerializer,
        responses={201: TerminalPaidAnswer},
        parameters=[idempotency.parameter(required=False), idempotency.REPLAYED_HEADER],
    )
    def post(self, request: Request) -> Response:
        """From a player's account by its number alone, into the device's own: only with the scope `debit:any`."""
        asked = self.body(TerminalPaymentSerializer)
        claim = claim_of(request, required=False)
        amount = asked.validated_data.get("amount")
        if amount is None:
            amount = asked.minor_units(exponent=selectors.exponent_for_device(self.actor))
        with counted(self.actor, claim) as spending:
            paid = transfers.terminal_payment(
                actor=self.actor,
                from_account=asked.validated_data["from_account"],
                to_account=asked.validated_data["to_account"],
                amount=amount,
                memo=asked.validated_data["memo"],
                claim=claim,
            )
            if paid.replayed:
                spending.give_back()
        body = TerminalPaidAnswer({"message": _("Paid."), "transaction": paid.transfer}).data
        headers = {idempotency.REPLAYED: "true"} if paid.replayed else {}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)


class TerminalBalance(Endpoint):
    """A balance."""

    permission_classes = [Device]

    @extend_schema(operation_id="external_balance", summary="A balance", responses=TerminalBalanceAnswer)
    def get(self, request: Request, number: str) -> Response:
        """Of the device's own account with the scope `balance:read`, of any other with `balance:any`."""
        limits.spend(self.actor, "terminal")
        return Response(TerminalBalanceAnswer(selectors.standing_for_device(self.actor, number)).data)


class Ping(Endpoint):
    """Whether the key is good."""

    permission_classes = [Device]

    @extend_schema(operation_id="external_ping", summary="Whether the key is good", responses=PingAnswer)
    def get(self, request: Request) -> Response:
        """And what it may do; for a device that has just been switched on."""
        limits.spend(self.actor, "terminal")
        key = cast(ApiKey, self.actor.key)
        return Response(
            PingAnswer(
                {
                    "message": "pong",
                    "name": key.name,
                    "account_number": key.account_number,
                    "scopes": key.scopes,
                    "time": timezone.now(),
                }
            ).data
        )

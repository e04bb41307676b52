"""Turning a voucher into money."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedIn
from ledger.api import idempotency
from ledger.api.answers import RedeemedAnswer
from ledger.api.endpoint import Endpoint, counted
from ledger.api.idempotency import claim_of
from ledger.api.requests import RedeemSerializer
from ledger.services import vouchers


class Redeem(Endpoint):
    """Redeem a voucher."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="voucher_redeem",
        summary="Redeem a voucher",
        request=RedeemSerializer,
        responses={201: RedeemedAnswer},
        parameters=[idempotency.parameter(required=True), idempotency.REPLAYED_HEADER],
    )
    def post(self, request: Request) -> Response:
        """Its worth is issued to an account of the caller's, once. A code that does not check (`bad_voucher_code`) was not
        looked for; after ten that are unknown within ten minutes the caller has to wait.
        """
        asked = self.body(RedeemSerializer).validated_data
        claim = claim_of(request, required=True)
        with counted(self.actor, claim) as spending:
            redeemed = vouchers.redeem(
                actor=self.actor, code=asked["code"], to_account=asked["to_account"], claim=claim
            )
            if redeemed.replayed:
                spending.give_back()
        headers = {idempotency.REPLAYED: "true"} if redeemed.replayed else {}
        return Response(RedeemedAnswer(redeemed).data, status=status.HTTP_201_CREATED, headers=headers)

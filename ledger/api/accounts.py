"""The caller's accounts, their balances and their histories."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedIn
from ledger import selectors
from ledger.api import idempotency
from ledger.api.answers import AccountAnswer, BalanceAnswer, LineAnswer, PaidAnswer, PayeesAnswer
from ledger.api.endpoint import Endpoint
from ledger.api.requests import BalanceQuery, HistoryQuery, OwnHistoryQuery, PayeeQuery, PaymentSerializer
from ledger.api.transfers import pay


class Accounts(Endpoint):
    """The caller's own accounts, and those they work with."""

    permission_classes = [SignedIn]
    # Not by id: an integer key leaves the system in no form, not even inside a cursor.
    ordering = ("created_at", "number")

    @extend_schema(operation_id="accounts", summary="My accounts", responses=AccountAnswer(many=True))
    def get(self, request: Request) -> Response:
        """Oldest first."""
        page = self.paginate_queryset(selectors.accounts_of(self.actor))
        return self.get_paginated_response(AccountAnswer(selectors.standings(page or []), many=True).data)


class AccountDetail(Endpoint):
    """One account."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="account_read", summary="An account", responses=AccountAnswer)
    def get(self, request: Request, number: str) -> Response:
        """One of the caller's own; game masters may look into any."""
        [standing] = selectors.standings([selectors.account_for(self.actor, number)])
        return Response(AccountAnswer(standing).data)


class AccountBalance(Endpoint):
    """What is in an account."""

    permission_classes = [SignedIn]
    refusals = {422: "The moment is still to come."}

    @extend_schema(
        operation_id="account_balance",
        summary="A balance",
        parameters=[BalanceQuery],
        responses=BalanceAnswer,
    )
    def get(self, request: Request, number: str) -> Response:
        """Now, or as of the moment ``at``, exact to the microsecond."""
        asked = self.query(BalanceQuery)
        return Response(
            BalanceAnswer(selectors.as_of(self.actor, number, asked.validated_data.get("at"))).data
        )


class AccountHistory(Endpoint):
    """What happened in an account."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="account_transactions",
        summary="An account's history",
        parameters=[HistoryQuery],
        responses=LineAnswer(many=True),
    )
    def get(self, request: Request, number: str) -> Response:
        """Newest first."""
        asked = self.query(HistoryQuery)
        account = selectors.account_for(self.actor, number)
        return self.history([account], asked.filters())


class Transactions(Endpoint):
    """The history of all of the caller's accounts; and the first system's way of paying."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="transactions",
        summary="My history",
        parameters=[OwnHistoryQuery],
        responses=LineAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """The entries of all of the caller's accounts, newest first."""
        asked = self.query(OwnHistoryQuery)
        return self.history(asked.accounts(self.actor), asked.filters())

    @extend_schema(
        operation_id="transactions_pay",
        summary="Pay somebody (as the first system did)",
        request=PaymentSerializer,
        responses={201: PaidAnswer},
        parameters=[idempotency.parameter(required=False), idempotency.REPLAYED_HEADER],
    )
    def post(self, request: Request) -> Response:
        """The same as `POST /transfers`, but without an idempotency key a repeated request pays twice."""
        return pay(self, required=False)


class Payees(Endpoint):
    """Whom the caller may mean."""

    permission_classes = [SignedIn]
    pagination_class = None

    @extend_schema(
        operation_id="payees", summary="Find a payee", parameters=[PayeeQuery], responses=PayeesAnswer
    )
    def get(self, request: Request) -> Response:
        """By exact name or number, or among people paid before: nobody can list the event's characters."""
        found = selectors.payees(self.actor, self.query(PayeeQuery).validated_data["q"])
        return Response(PayeesAnswer({"results": found, "next": None}).data)

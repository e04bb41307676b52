"""The addresses of the ledger's API, below ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from ledger.api import accounts, external, payment_requests, transfers, vouchers

urlpatterns = [
    path("accounts", accounts.Accounts.as_view(), name="api-accounts"),
    path("accounts/<str:number>", accounts.AccountDetail.as_view(), name="api-account"),
    path("accounts/<str:number>/balance", accounts.AccountBalance.as_view(), name="api-account-balance"),
    path("accounts/<str:number>/transactions", accounts.AccountHistory.as_view(), name="api-account-history"),
    path("transactions", accounts.Transactions.as_view(), name="api-transactions"),
    path("transfers", transfers.Transfers.as_view(), name="api-transfers"),
    path("transfers/batch", transfers.Batch.as_view(), name="api-batch"),
    path("transfers/<uuid:transfer_id>", transfers.Receipt.as_view(), name="api-transfer"),
    path("transfers/<uuid:transfer_id>/refund", transfers.Refund.as_view(), name="api-refund"),
    path("requests", payment_requests.Requests.as_view(), name="api-requests"),
    path("requests/people", payment_requests.AskPeople.as_view(), name="api-ask-people"),
    path("requests/<str:code>", payment_requests.RequestDetail.as_view(), name="api-request"),
    path("requests/<str:code>/pay", payment_requests.PayRequest.as_view(), name="api-request-pay"),
    path("requests/<str:code>/cancel", payment_requests.CancelRequest.as_view(), name="api-request-cancel"),
    path(
        "requests/<str:code>/decline", payment_requests.DeclineRequest.as_view(), name="api-request-decline"
    ),
    path("vouchers/redeem", vouchers.Redeem.as_view(), name="api-voucher-redeem"),
    path("payees", accounts.Payees.as_view(), name="api-payees"),
    path("external/transactions", external.TerminalTransactions.as_view(), name="api-external-transactions"),
    path(
        "external/account/<str:number>/balance",
        external.TerminalBalance.as_view(),
        name="api-external-balance",
    ),
    path("external/ping", external.Ping.as_view(), name="api-external-ping"),
]

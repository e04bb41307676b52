"""The bank's pages, at the root."""

from __future__ import annotations

from django.urls import path

from ledger import pages

app_name = "bank"

urlpatterns = [
    path("bank", pages.home, name="home"),
    path("bank/seen", pages.seen, name="seen"),
    path("bank/send", pages.send, name="send"),
    path("bank/history", pages.history, name="history"),
    path("bank/transfers/<uuid:transfer_id>", pages.receipt, name="receipt"),
    path("bank/transfers/<uuid:transfer_id>/refund", pages.refund, name="refund"),
    # What every account's link and printed QR holds: short, and stable for ever.
    path("pay/<str:number>", pages.pay, name="pay"),
]

"""The bank's pages, at the root."""

from __future__ import annotations

from django.urls import path

from ledger import pages
from ledger.pages import asking, charge, codes, paying, vouchers

app_name = "bank"

urlpatterns = [
    path("bank", pages.home, name="home"),
    path("bank/seen", pages.seen, name="seen"),
    path("bank/send", pages.send, name="send"),
    path("bank/history", pages.history, name="history"),
    path("bank/transfers/<uuid:transfer_id>", pages.receipt, name="receipt"),
    path("bank/transfers/<uuid:transfer_id>/qr.svg", codes.receipt_qr, name="receipt_qr"),
    path("bank/transfers/<uuid:transfer_id>/refund", pages.refund, name="refund"),
    path("bank/charge", charge.charge, name="charge"),
    path("bank/charge/takings", charge.takings, name="takings"),
    path("bank/charge/<str:code>", charge.charging, name="charging"),
    path("bank/charge/<str:code>/cancel", charge.cancel, name="cancel"),
    path("bank/qr", codes.mine, name="qr"),
    path("bank/qr/<str:number>.svg", codes.account_qr, name="account_qr"),
    path("bank/qr/<str:number>", codes.poster, name="poster"),
    path("bank/scan", codes.scan, name="scan"),
    path("bank/ask", asking.ask, name="ask"),
    path("bank/asked", asking.lists, name="asked"),
    path("requests/<str:code>/decline", asking.decline, name="decline"),
    path("requests/<str:code>/cancel", asking.take_back, name="take_back"),
    # What the QR of a request holds.
    path("requests/<str:code>", paying.asked, name="request"),
    path("requests/<str:code>/qr.svg", codes.request_qr, name="request_qr"),
    path("vouchers", vouchers.enter, name="vouchers"),
    # What the QR of a printed voucher holds.
    path("vouchers/<str:code>", vouchers.voucher, name="voucher"),
    # What every account's link and printed QR holds: short, and stable for ever.
    path("pay/<str:number>", pages.pay, name="pay"),
]

"""Who has how much, and every movement of it."""

from ledger.models.accounts import Account, AccountHolder, AccountStaff, Balance, Currency
from ledger.models.movements import Entry, IdempotencyKey, PostedModel, Refunded, Spent, Transfer
from ledger.models.requests import PaymentRequest
from ledger.models.vouchers import Voucher, VoucherBatch

__all__ = [
    "Account",
    "AccountHolder",
    "AccountStaff",
    "Balance",
    "Currency",
    "Entry",
    "IdempotencyKey",
    "PaymentRequest",
    "PostedModel",
    "Refunded",
    "Spent",
    "Transfer",
    "Voucher",
    "VoucherBatch",
]

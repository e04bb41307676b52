"""Money, and everything that shows some, in the console."""

from __future__ import annotations

from django.contrib import admin

from accounts.models import ApiKey, Tenant
from ledger.console import factions, payroll, reversal, trail  # noqa: F401  they add to pages of the ground floor
from ledger.console.accounts import AccountPages
from ledger.console.event import EventPages
from ledger.console.keys import KeyPages
from ledger.console.transfers import TransferPages
from ledger.console.vouchers import VoucherPages
from ledger.models import Account, Transfer, VoucherBatch

admin.site.register(Account, AccountPages)
admin.site.register(Transfer, TransferPages)
admin.site.register(VoucherBatch, VoucherPages)
admin.site.register(ApiKey, KeyPages)
admin.site.register(Tenant, EventPages)

"""Asking for money: a row that is settled once."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.ids import uuid7
from accounts.models import TenantModel, User
from ledger.models.accounts import Account
from ledger.models.movements import Transfer
from ledger.money import MAX_AMOUNT


class PaymentRequest(TenantModel):
    """``amount`` (minor units of the account's currency) asked for by ``account``; whoever knows ``code`` may pay it, once.

    Lock contract: whoever changes ``state`` holds the row's lock, which comes after the idempotency row and before balances.
    Only a posting makes it paid, in its own transaction. What is open past ``expires_at`` is expired, written down or not.
    One that has a ``payer`` is seen, paid or declined by that person alone; the parts of one bill share ``split``.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        PAID = "paid", _("paid")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")
        DECLINED = "declined", _("declined")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # What the QR holds: of its own, so that it says nothing about when it was made.
    code = models.CharField(max_length=12)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="requests", db_index=False)
    amount = models.BigIntegerField()
    memo = models.CharField(max_length=140, blank=True)
    payer = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="asked_for", db_index=False
    )
    split = models.UUIDField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    transfer = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, null=True, related_name="settles_request"
    )

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "code"), name="request_code_unique"),
            models.CheckConstraint(
                condition=Q(amount__gte=1, amount__lte=MAX_AMOUNT), name="request_amount_range"
            ),
            models.CheckConstraint(
                condition=Q(state="paid", transfer__isnull=False)
                | (~Q(state="paid") & Q(transfer__isnull=True)),
                name="request_paid_by_a_transfer",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | Q(payer__isnull=False), name="request_declined_by_its_payer"
            ),
        )
        indexes = (
            models.Index(fields=("account", "expires_at"), name="request_of_account"),
            models.Index(
                fields=("payer", "expires_at"), condition=Q(payer__isnull=False), name="request_of_payer"
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} to {self.account_id}: {self.state}"

    def state_at(self, moment: dt.datetime) -> str:
        """The state at an aware ``moment``: what nobody has paid in time is expired, also before that is written down."""
        if self.state == self.State.OPEN and self.expires_at <= moment:
            return self.State.EXPIRED.value
        return str(self.state)

"""Vouchers: money that game masters may let people mint, once for each printed code."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.crypto import EncryptedField
from accounts.ids import uuid7
from accounts.models import TenantModel, User
from ledger.models.accounts import Currency
from ledger.models.movements import Transfer
from ledger.money import MAX_AMOUNT

BATCH_MAX: Final = 500
LABEL_MAX: Final = 60


class VoucherBatch(TenantModel):
    """``count`` vouchers of one ``worth`` (minor units), made and printed together.

    ``seed`` gives their codes again for another print; it is gone once the rest of the batch was voided.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    label = models.CharField(max_length=LABEL_MAX)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", db_index=False)
    worth = models.BigIntegerField()
    count = models.PositiveSmallIntegerField()
    seed = EncryptedField()
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("batch of vouchers")
        verbose_name_plural = _("vouchers")
        constraints = (
            models.CheckConstraint(
                condition=Q(worth__gte=1, worth__lte=MAX_AMOUNT), name="voucher_worth_range"
            ),
            models.CheckConstraint(
                condition=Q(count__gte=1, count__lte=BATCH_MAX), name="voucher_count_range"
            ),
        )
        indexes = (models.Index(fields=("tenant", "-id"), name="voucher_batch_newest"),)

    def __str__(self) -> str:
        return self.label


class Voucher(TenantModel):
    """One code of a batch. Only a keyed digest of it stands here: who reads the table can redeem nothing.

    Lock contract: whoever changes ``state`` holds the row's lock, which comes after the idempotency row and before balances.
    It is redeemed in the transaction of its posting, and voided with the rest of its batch.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        REDEEMED = "redeemed", _("redeemed")
        VOIDED = "voided", _("voided")
        # Never written down: what is open past the end of its batch.
        EXPIRED = "expired", _("expired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    batch = models.ForeignKey(VoucherBatch, on_delete=models.PROTECT, related_name="vouchers", db_index=False)
    number = models.PositiveSmallIntegerField()
    digest = models.BinaryField(max_length=32)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    transfer = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, null=True, related_name="redeems_voucher"
    )

    class Meta:
        ordering = ("batch", "number")
        constraints = (
            models.UniqueConstraint(fields=("tenant", "digest"), name="voucher_digest_unique"),
            models.UniqueConstraint(fields=("tenant", "batch", "number"), name="voucher_number_unique"),
            models.CheckConstraint(
                condition=Q(state="redeemed", transfer__isnull=False)
                | Q(state__in=("open", "voided"), transfer__isnull=True),
                name="voucher_redeemed_by_a_transfer",
            ),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} #{self.number}"

    def state_at(self, moment: dt.datetime) -> str:
        """The state at an aware ``moment``; reads the batch."""
        if self.state == self.State.OPEN and self.batch.expires_at <= moment:
            return self.State.EXPIRED.value
        return str(self.state)

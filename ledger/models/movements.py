"""Transfers and their entries, and what a posting writes beside them. Only ``ledger.posting`` writes these rows."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.ids import uuid7
from accounts.models import ApiKey, Tenant, TenantModel, User
from ledger.models.accounts import Account, Currency
from ledger.money import MAX_AMOUNT


class PostedModel(TenantModel):
    """A row that every posting writes; its foreign keys stand only where nothing else proves what they would.

    Each costs a look-up and a shared lock on the row it names for each row written, and all postings of an event share one
    tenant. Row-level security already binds the tenant, and the posting function read accounts, currency and credential in the
    same transaction. What stays is the entry's hold on its transfer and its account; ``check_books`` looks at the rest.
    """

    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
    )

    class Meta:
        abstract = True


class Transfer(PostedModel):
    """One movement of an amount from one account to another. Append-only: the database refuses UPDATE and DELETE."""

    class Kind(models.TextChoices):
        TRANSFER = "transfer", _("transfer")
        DEPOSIT = "deposit", _("deposit")
        WITHDRAWAL = "withdrawal", _("withdrawal")
        TERMINAL = "terminal", _("payment at a terminal")
        BONUS = "bonus", _("welcome bonus")
        PAYROLL = "payroll", _("salary")
        ADMIN = "admin", _("game master")
        REFUND = "refund", _("refund")
        VOUCHER = "voucher", _("voucher")
        CASINO_BET = "casino_bet", _("casino bet")
        CASINO_WIN = "casino_win", _("casino win")
        PRIZE = "prize", _("prize")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Both accounts are held by the entries, which have to name the same two.
    from_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    to_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    currency = models.ForeignKey(
        Currency, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    amount = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    memo = models.CharField(max_length=140, blank=True)
    reference = models.CharField(max_length=64, null=True)  # noqa: DJ001  NULL: unique only where given
    refunds = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="refunded_by", db_index=False
    )
    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    key = models.ForeignKey(
        ApiKey, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    ip = models.GenericIPAddressField(null=True)
    device_id = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    metadata = models.JSONField(null=True)
    posted_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "reference"),
                condition=Q(reference__isnull=False),
                name="transfer_reference",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=1, amount__lte=MAX_AMOUNT), name="transfer_amount_range"
            ),
            models.CheckConstraint(condition=~Q(from_account=F("to_account")), name="transfer_two_accounts"),
        )
        indexes = (
            models.Index(fields=("tenant", "-posted_at", "-id"), name="transfer_newest"),
            models.Index(fields=("refunds",), condition=Q(refunds__isnull=False), name="transfer_refunds"),
            models.Index(fields=("key", "posted_at"), condition=Q(key__isnull=False), name="transfer_of_key"),
        )

    def __str__(self) -> str:
        return str(self.id)


class Entry(PostedModel):
    """One line of an account's history: the signed amount and the balance (of this shard) after it. Append-only."""

    pk = models.CompositePrimaryKey("account", "shard", "seq")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries", db_index=False)
    shard = models.SmallIntegerField()
    seq = models.BigIntegerField()
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="entries", db_index=False)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    posted_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("transfer", "account"), name="entry_once_per_transfer"),
            models.CheckConstraint(condition=~Q(amount=0), name="entry_moves_something"),
        )
        indexes = (models.Index(fields=("account", "shard", "posted_at"), name="entry_by_moment"),)

    def __str__(self) -> str:
        return f"{self.account_id}/{self.shard}#{self.seq}"


class Refunded(TenantModel):
    """How much of a transfer has been given back; locked by whoever refunds it."""

    transfer = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, primary_key=True, related_name="refunded"
    )
    amount = models.BigIntegerField()
    original = models.BigIntegerField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gte=0, amount__lte=F("original")), name="refunded_at_most"
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} of {self.original}"


class Spent(PostedModel):
    """How much an account, card or key has started on one day of the tenant, in minor units."""

    class Scope(models.TextChoices):
        ACCOUNT = "account", _("account")
        KEY = "key", _("device key")

    pk = models.CompositePrimaryKey("tenant", "scope", "subject", "day")
    # Again, because the key needs it first; the base class keeps the meaning.
    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
    )
    scope = models.CharField(max_length=8, choices=Scope.choices)
    subject = models.CharField(max_length=36)
    day = models.DateField()
    amount = models.BigIntegerField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(amount__gte=0), name="spent_not_negative"),)

    def __str__(self) -> str:
        return f"{self.scope} {self.subject} {self.day}"


class IdempotencyKey(PostedModel):
    """A request that was answered: what came of it, so that the same request is answered the same way again."""

    id = models.BigAutoField(primary_key=True)
    principal = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    request_hash = models.BinaryField(max_length=32)
    outcome = models.CharField(max_length=48)
    refs = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant", "principal", "key"), name="idempotency_key_unique"),
        )
        indexes = (models.Index(fields=("created_at",), name="idempotency_key_age"),)

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"

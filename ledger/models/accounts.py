"""Currencies, holders, accounts, and the balance rows that every posting locks."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from accounts.ids import uuid7
from accounts.models import Faction, TenantModel, User
from ledger.money import MAX_AMOUNT


def _wrapped(condition: Q) -> ExpressionWrapper:
    return ExpressionWrapper(condition, output_field=BooleanField())


class Currency(TenantModel):
    """A unit of account; ``exponent`` is how many decimals a person sees, fixed once an account exists."""

    code = models.CharField(max_length=4, validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,3}$")])
    name = models.CharField(max_length=40)
    symbol = models.CharField(max_length=4)
    exponent = models.PositiveSmallIntegerField(default=2)
    position = models.PositiveSmallIntegerField(help_text=_("0 is the tenant's first currency."))

    class Meta:
        ordering = ("position",)
        verbose_name_plural = _("currencies")
        constraints = (
            models.UniqueConstraint(fields=("tenant", "code"), name="currency_code_unique"),
            models.UniqueConstraint(fields=("tenant", "position"), name="currency_position_unique"),
            models.CheckConstraint(condition=Q(exponent__lte=8), name="currency_exponent_range"),
        )

    def __str__(self) -> str:
        return self.code


class AccountHolder(TenantModel):
    """The person, faction or system that owns accounts."""

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        FACTION = "faction", _("faction")
        SYSTEM = "system", _("system")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=64)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="holders")
    faction = models.ForeignKey(
        Faction, on_delete=models.PROTECT, null=True, blank=True, related_name="holders"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "user"), condition=Q(user__isnull=False), name="holder_user_unique"
            ),
            models.UniqueConstraint(
                fields=("tenant", "faction"), condition=Q(faction__isnull=False), name="holder_faction_unique"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Account(TenantModel):
    """A ledger account. What never changes stands here; everything a posting checks stands in its balance rows."""

    class Kind(models.TextChoices):
        CHECKING = "checking", _("checking")
        SAVINGS = "savings", _("savings")
        SYSTEM = "system", _("system")

    id = models.BigAutoField(primary_key=True)
    number = models.CharField(max_length=12)
    holder = models.ForeignKey(AccountHolder, on_delete=models.PROTECT, related_name="accounts")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    label = models.CharField(max_length=40, blank=True)
    is_primary = models.BooleanField(default=False)
    is_merchant = models.BooleanField(default=False)
    shards = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "number"), name="account_number_unique"),
            models.UniqueConstraint(
                fields=("tenant", "holder"), condition=Q(is_primary=True), name="account_one_primary"
            ),
            models.CheckConstraint(condition=Q(shards__gte=1, shards__lte=64), name="account_shards_range"),
        )

    def __str__(self) -> str:
        return self.number


class AccountStaff(TenantModel):
    """A person who works with an account that is somebody else's: a bar's till, a faction's purse."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="staff")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="staffed")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant", "account", "user"), name="account_staff_unique"),
        )

    def __str__(self) -> str:
        return f"{self.user} at {self.account}"


class Balance(TenantModel):
    """One shard of an account's balance, with everything that a posting checks.

    Lock contract: whoever changes any column here holds the row's lock first, so a freeze that has returned is a freeze no
    later commit escapes. Only ``ledger.posting`` writes it. Narrow, and no index but the key: updates stay on their page.
    Amounts are minor units; ``floor`` is the lowest allowed ``amount - held``, none for accounts that issue money.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        FROZEN = "frozen", _("frozen")
        CLOSED = "closed", _("closed")

    class Freeze(models.TextChoices):
        DEBITS = "debits", _("nothing goes out")
        CREDITS = "credits", _("nothing comes in")
        BOTH = "both", _("nothing moves")

    pk = models.CompositePrimaryKey("account", "shard")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="balances", db_index=False)
    shard = models.SmallIntegerField(default=0)
    amount = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    last_seq = models.BigIntegerField(default=0)
    last_posted_at = models.DateTimeField(null=True)
    floor = models.BigIntegerField(null=True, default=0)
    limit_per_payment = models.BigIntegerField(null=True)
    limit_per_day = models.BigIntegerField(null=True)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.ACTIVE)
    freeze = models.CharField(max_length=7, choices=Freeze.choices, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gte=-MAX_AMOUNT, amount__lte=MAX_AMOUNT), name="balance_within_limit"
            ),
            models.CheckConstraint(condition=Q(held__gte=0), name="balance_held_not_negative"),
            models.CheckConstraint(
                condition=Q(floor__isnull=True) | Q(amount__gte=F("floor") + F("held")),
                name="balance_above_floor",
            ),
            models.CheckConstraint(
                # PostgreSQL reads the text of its checks anew for every statement: the shortest way to say it.
                condition=Exact(_wrapped(Q(status="frozen")), _wrapped(~Q(freeze=""))),
                name="balance_freeze_said",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id}/{self.shard}"

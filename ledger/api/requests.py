"""What the bank may be asked, as JSON bodies and query strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.actors import Actor
from accounts.api_fields import StrictSerializer, TextField
from ledger import money
from ledger.api.fields import (
    AccountNumberField,
    AmountField,
    LifetimeField,
    MemoField,
    Moment,
    ReferenceField,
)
from ledger.models import Account, Transfer
from ledger.posting import MAX_BATCH
from ledger.selectors import Filters, account_for, accounts_of
from ledger.services.asking import PEOPLE_MAX
from ledger.services.transfers import Payment

QUERY_LENGTH_MAX = 64
CODE_TYPED_MAX = 40
TYPES = (
    "transfer_in",
    "transfer_out",
    *(kind for kind in Transfer.Kind.values if kind != Transfer.Kind.TRANSFER),
)


class PaymentSerializer(StrictSerializer):
    """One payment. Without ``from_account`` it is paid from the caller's primary account."""

    to_account = AccountNumberField()
    amount = AmountField()
    memo = MemoField()
    from_account = AccountNumberField(required=False, allow_null=True, default=None)
    reference = ReferenceField()

    def payment(self) -> Payment:
        """The payment that the validated body asks for."""
        return Payment(**self.validated_data)


class _Lines(serializers.ListField):
    """Payments, counted before any is looked at: a body has room for many more, and each costs."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if len(data) > MAX_BATCH:
            self.fail("max_length", max_length=MAX_BATCH)
        return super().to_internal_value(data)


class BatchSerializer(StrictSerializer):
    """1 to 1000 payments, all or nothing."""

    transfers = _Lines(child=PaymentSerializer(), min_length=1, max_length=MAX_BATCH)

    def payments(self) -> list[Payment]:
        """The payments in the order of the body."""
        return [Payment(**line) for line in self.validated_data["transfers"]]


class AskSerializer(StrictSerializer):
    """What is to be paid, and into which till: without ``to_account`` the caller's first one."""

    amount = AmountField()
    memo = MemoField()
    to_account = AccountNumberField(required=False, allow_null=True, default=None)
    # Its default stands in the schema alone: a duration is nothing that JSON can say.
    expires_in = LifetimeField(required=False, help_text="For how many seconds it can be paid.")


class AskPeopleSerializer(StrictSerializer):
    """Who is asked, for equal parts of ``amount``. Into ``to_account``, without it the caller's primary one."""

    amount = AmountField()
    payers = serializers.ListField(
        child=TextField(max_length=QUERY_LENGTH_MAX),
        min_length=1,
        max_length=PEOPLE_MAX,
        help_text="Exact names or account numbers.",
    )
    with_me = serializers.BooleanField(
        default=False, help_text="One part is the caller's own, and nobody is asked for it."
    )
    memo = MemoField()
    to_account = AccountNumberField(required=False, allow_null=True, default=None)
    expires_in = LifetimeField(required=False, help_text="For how many seconds it can be paid; 3 days.")


class PayRequestSerializer(StrictSerializer):
    """From which account; without it from the caller's primary one."""

    from_account = AccountNumberField(required=False, allow_null=True, default=None)


class RedeemSerializer(StrictSerializer):
    """The code of a voucher. Without ``to_account`` it pays into the caller's first account of its currency."""

    code = TextField(max_length=CODE_TYPED_MAX, help_text="As it is printed, with hyphens or without.")
    to_account = AccountNumberField(required=False, allow_null=True, default=None)


class RefundSerializer(StrictSerializer):
    """Without ``amount`` all that is left is given back."""

    amount = AmountField(required=False, allow_null=True, default=None)
    memo = MemoField()


class TerminalPaymentSerializer(StrictSerializer):
    """A payment that a device takes. Either ``amount`` or ``amount_decimal``; unknown fields are passed over."""

    ignores_unknown = True

    from_account = AccountNumberField()
    to_account = AccountNumberField()
    amount = AmountField(required=False)
    amount_decimal = TextField(
        required=False,
        trim_whitespace=False,
        max_length=22,
        help_text='Major units: `"100.50"` is the amount 10050.',
    )
    memo = MemoField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one way of saying the amount."""
        if ("amount" in attrs) == ("amount_decimal" in attrs):
            raise serializers.ValidationError(
                {"amount": [_("Send either amount, in minor units, or amount_decimal.")]},
                code="invalid_amount",
            )
        return attrs

    def minor_units(self, *, exponent: int) -> int:
        """``amount_decimal`` in a currency with ``exponent`` decimals. Raises ``ValidationError`` (``invalid_amount``)."""
        try:
            amount = money.parse(self.validated_data["amount_decimal"], exponent=exponent)
        except ValueError:
            amount = 0
        if not money.is_amount(amount):
            sentence = _("Write an amount like 100.50, with at most %(count)s decimals.") % {
                "count": exponent
            }
            raise serializers.ValidationError({"amount_decimal": [sentence]}, code="invalid_amount")
        return amount


class HistoryQuery(StrictSerializer):
    """Which lines of a history are wanted."""

    created_at__gte = Moment(required=False, help_text="Not before this moment.")
    created_at__lte = Moment(required=False, help_text="Not after this moment.")
    type = serializers.ChoiceField(choices=TYPES, required=False)
    q = TextField(
        required=False,
        max_length=QUERY_LENGTH_MAX,
        help_text="Words of the memo or the counterparty's name, or its number.",
    )

    def filters(self) -> Filters:
        """The filters that the validated query asks for."""
        asked = self.validated_data
        return Filters(
            since=asked.get("created_at__gte"),
            until=asked.get("created_at__lte"),
            type=asked.get("type", ""),
            text=asked.get("q", ""),
        )


class OwnHistoryQuery(HistoryQuery):
    """The same over all of the caller's accounts, or one of them."""

    account = AccountNumberField(required=False, help_text="Only this account.")

    def accounts(self, actor: Actor) -> Sequence[Account]:
        """The accounts whose lines are wanted. Raises ``NotFound`` (``unknown_account``)."""
        number = self.validated_data.get("account")
        return [account_for(actor, number)] if number else list(accounts_of(actor))


class BalanceQuery(StrictSerializer):
    """Now, or as of a moment."""

    at = Moment(required=False, help_text="A moment in the past; without it, now.")


class PayeeQuery(StrictSerializer):
    """Whom somebody may mean."""

    q = TextField(
        max_length=QUERY_LENGTH_MAX,
        help_text="An exact name or number, or how somebody paid before is called.",
    )

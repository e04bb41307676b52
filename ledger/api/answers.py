"""What the bank answers. Beside every amount that a person will read stands a ready string."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.roles import SCOPES
from ledger.api.fields import MinorUnits, Moment, Shown
from ledger.models import Account, AccountHolder, Balance, PaymentRequest, Transfer
from ledger.selectors import AsOf, Line, Receipt, SeenRequest
from ledger.services.transfers import shown


class TransferAnswer(serializers.Serializer[Transfer]):
    """One transfer; amounts in minor units of ``currency``."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(source="kind", choices=Transfer.Kind.choices)
    from_account = serializers.CharField(source="from_account.number")
    from_name = serializers.CharField(source="from_account.holder.name")
    to_account = serializers.CharField(source="to_account.number")
    to_name = serializers.CharField(source="to_account.holder.name")
    amount = MinorUnits()
    amount_display = Shown("amount")
    currency = serializers.CharField(source="currency.code")
    memo = serializers.CharField()
    reference = serializers.CharField(allow_null=True)
    refunds = serializers.UUIDField(
        source="refunds_id", allow_null=True, help_text="The transfer that this one gives back."
    )
    created_at = Moment(source="posted_at")


class PaidAnswer(serializers.Serializer[Any]):
    """A posted transfer and the payer's balance after it."""

    transfer = TransferAnswer()
    new_balance = MinorUnits()
    new_balance_display = Shown("new_balance", in_currency="transfer.currency")


class RedeemedAnswer(serializers.Serializer[Any]):
    """What a voucher has paid, and the balance of the account that got it after it."""

    transfer = TransferAnswer()
    new_balance = MinorUnits()
    new_balance_display = Shown("new_balance", in_currency="transfer.currency")


class BatchAnswer(serializers.Serializer[Any]):
    """The posted transfers in the order of the request."""

    transfers = PaidAnswer(many=True)


class ReceiptAnswer(serializers.Serializer[Receipt]):
    """A transfer, and what of it can still be given back."""

    transfer = TransferAnswer()
    refundable = MinorUnits()
    refundable_display = Shown("refundable", in_currency="transfer.currency")


class AccountAnswer(serializers.Serializer[Any]):
    """An account as it stands now; amounts in minor units of ``currency``."""

    number = serializers.CharField(source="account.number")
    holder = serializers.CharField(source="account.holder.name")
    kind = serializers.ChoiceField(source="account.kind", choices=Account.Kind.choices)
    label = serializers.CharField(source="account.label")  # type: ignore[assignment]  # a field of its own here
    currency = serializers.CharField(source="account.currency.code")
    is_primary = serializers.BooleanField(source="account.is_primary")
    is_merchant = serializers.BooleanField(source="account.is_merchant")
    status = serializers.ChoiceField(source="balance.status", choices=Balance.Status.choices)
    frozen = serializers.ChoiceField(
        source="balance.freeze",
        choices=[("", "nothing"), *Balance.Freeze.choices],
        help_text="What a freeze stops.",
    )
    balance = MinorUnits(source="balance.amount")
    balance_display = Shown("balance.amount", in_currency="account.currency")
    available = MinorUnits()
    available_display = Shown("available", in_currency="account.currency")
    created_at = Moment(source="account.created_at")


class RequestAnswer(serializers.Serializer[Any]):
    """A payment request as it stands now; amounts in minor units of ``currency``.

    Who has paid is told to the payee, to who paid, and to game masters; null for everybody else.
    """

    id = serializers.UUIDField(source="request.pk")
    code = serializers.CharField(source="request.code", help_text="What the QR holds, as people type it.")
    url = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=PaymentRequest.State.choices)
    to_account = serializers.CharField(source="request.account.number")
    to_name = serializers.CharField(source="request.account.holder.name")
    amount = MinorUnits(source="request.amount")
    amount_display = Shown("request.amount", in_currency="request.account.currency")
    currency = serializers.CharField(source="request.account.currency.code")
    memo = serializers.CharField(source="request.memo")
    asked = serializers.SerializerMethodField()
    split = serializers.UUIDField(
        source="request.split", allow_null=True, help_text="The same for all parts of one bill."
    )
    transfer = serializers.SerializerMethodField()
    from_name = serializers.SerializerMethodField()
    expires_at = Moment(source="request.expires_at")
    created_at = Moment(source="request.created_at")

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, seen: SeenRequest) -> str:
        """The address of the page on which it is paid: the content of its QR."""
        found: str = self.context["request"].build_absolute_uri(
            reverse("bank:request", args=[seen.request.code])
        )
        return found

    @extend_schema_field({"type": ["string", "null"]})
    def get_asked(self, seen: SeenRequest) -> str | None:
        """Who alone can pay or decline it; null for whoever has the code."""
        payer = seen.request.payer
        return payer.character_name if payer is not None else None

    @extend_schema_field({"type": ["string", "null"], "format": "uuid"})
    def get_transfer(self, seen: SeenRequest) -> str | None:
        """The transfer that has paid it."""
        return str(seen.request.transfer_id) if seen.shows_payer else None

    def get_from_name(self, seen: SeenRequest) -> str | None:
        """Who has paid it."""
        paid = seen.request.transfer
        return paid.from_account.holder.name if paid is not None and seen.shows_payer else None


class AskedAnswer(serializers.Serializer[Any]):
    """The requests that were made, in the order of the payers, and what is left of the total for who asked."""

    total = MinorUnits()
    own_part = MinorUnits(source="own")
    requests = RequestAnswer(many=True)


class BalanceAnswer(serializers.Serializer[AsOf]):
    """A balance as of a moment."""

    account_number = serializers.CharField(source="account.number")
    currency = serializers.CharField(source="account.currency.code")
    balance = MinorUnits(source="amount")
    balance_display = Shown("amount", in_currency="account.currency")
    at = Moment()


class LineAnswer(serializers.Serializer[Any]):
    """One line of an account's history. ``id`` is the transfer's; money that went out is negative."""

    id = serializers.UUIDField(source="transfer.id")
    account = serializers.CharField(source="account.number")
    type = serializers.CharField(help_text="`transfer_in`, `transfer_out`, or the kind of transfer.")
    amount = MinorUnits(source="entry.amount")
    amount_display = Shown("entry.amount", in_currency="account.currency")
    currency = serializers.CharField(source="account.currency.code")
    counterparty = serializers.CharField(source="counterparty.number")
    counterparty_name = serializers.CharField(source="counterparty.holder.name")
    memo = serializers.CharField(source="transfer.memo")
    balance_after = MinorUnits(
        allow_null=True, help_text="Null in accounts whose balance is kept in several parts."
    )
    balance_after_display = serializers.SerializerMethodField()
    created_at = Moment(source="entry.posted_at")

    def get_balance_after_display(self, line: Line) -> str | None:
        """The same as a person reads it."""
        return None if line.balance_after is None else shown(line.account, line.balance_after)


class PayeeAnswer(serializers.Serializer[Account]):
    """Somebody who can be paid."""

    account_number = serializers.CharField(source="number")
    name = serializers.CharField(source="holder.name")
    kind = serializers.ChoiceField(source="holder.kind", choices=AccountHolder.Kind.choices)


class PayeesAnswer(serializers.Serializer[Any]):
    """Everybody who may be meant, exact matches first; at most 20, so there is never a next page."""

    results = PayeeAnswer(many=True)
    next = serializers.CharField(allow_null=True, default=None)


class TerminalTransferAnswer(serializers.Serializer[Transfer]):
    """A transfer, small enough for the memory of a prop."""

    id = serializers.UUIDField()
    from_account = serializers.CharField(source="from_account.number")
    from_name = serializers.CharField(source="from_account.holder.name")
    to_account = serializers.CharField(source="to_account.number")
    to_name = serializers.CharField(source="to_account.holder.name")
    amount = MinorUnits()
    memo = serializers.CharField()
    timestamp = Moment(source="posted_at")
    type = serializers.CharField(source="kind")


class TerminalPaidAnswer(serializers.Serializer[Any]):
    """What a device hears about a payment it took."""

    message = serializers.CharField()
    transaction = TerminalTransferAnswer()


class TerminalBalanceAnswer(serializers.Serializer[Any]):
    """A balance, small enough for the memory of a prop."""

    account_number = serializers.CharField(source="account.number")
    balance = MinorUnits(source="balance.amount")
    balance_display = Shown("balance.amount", in_currency="account.currency")


class PingAnswer(serializers.Serializer[Any]):
    """That the key is good, and what it may do."""

    message = serializers.CharField()
    name = serializers.CharField(help_text="The device's name.")
    account_number = serializers.CharField(help_text="The account that it is bound to.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=sorted(SCOPES)))
    time = Moment(help_text="The server's clock.")

"""What the ledger's requests and answers are made of: amounts, account numbers, memos."""

from __future__ import annotations

import datetime as dt
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api_fields import TextField
from accounts.errors import Invalid
from ledger import money
from ledger.services.requests import LIVES, LIVES_MAX, LIVES_MIN
from ledger.services.transfers import MEMO_MAX, check_memo

NUMBER_LENGTH_MAX = 32
REFERENCE_LENGTH_MAX = 64


@extend_schema_field(
    {"type": "integer", "format": "int64", "minimum": 1, "maximum": money.MAX_AMOUNT, "examples": [10050]}
)
class AmountField(serializers.Field[int, Any, int, Any]):
    """A JSON integer of minor units, 1 .. 2^53-1. A float, even 100.0, a boolean or a text is ``invalid_amount``."""

    default_error_messages = {
        "invalid_amount": _("An amount is a whole number of minor units, from 1 to 9007199254740991."),
    }

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data is None and not self.allow_null:
            self.fail("invalid_amount")
        return super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> int:
        if not money.is_amount(data):
            self.fail("invalid_amount")
        return int(data)

    def to_representation(self, value: int) -> int:
        return value


@extend_schema_field(
    {
        "type": "integer",
        "minimum": int(LIVES_MIN.total_seconds()),
        "maximum": int(LIVES_MAX.total_seconds()),
        "default": int(LIVES.total_seconds()),
    }
)
class LifetimeField(serializers.Field[dt.timedelta, Any, int, Any]):
    """A JSON integer of seconds, for how long something can be paid. Anything else is ``invalid_expiry``."""

    default_error_messages = {
        "invalid_expiry": _("Choose a whole number of seconds from 30 to 604800 (7 days)."),
    }

    def to_internal_value(self, data: Any) -> dt.timedelta:
        if type(data) is not int or not LIVES_MIN.total_seconds() <= data <= LIVES_MAX.total_seconds():
            self.fail("invalid_expiry")
        return dt.timedelta(seconds=data)


class MinorUnits(serializers.IntegerField):
    """An amount in an answer: minor units, negative where money went out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)


@extend_schema_field({"type": "string", "examples": ["₵100.50"]})
class Shown(serializers.Field[Any, Any, str, Any]):
    """An amount of the row as a person reads it: ``Shown("amount", in_currency="account.currency")``."""

    def __init__(self, of: str, *, in_currency: str = "currency", **options: Any) -> None:
        super().__init__(source="*", read_only=True, **options)
        self._amount, self._currency = attrgetter(of), attrgetter(in_currency)

    def to_representation(self, value: Any) -> str:
        currency = self._currency(value)
        return money.display(self._amount(value), symbol=currency.symbol, exponent=currency.exponent)


class Moment(serializers.DateTimeField):
    """A moment in UTC; one that is sent without an offset is taken as UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=dt.UTC, **options)


class AccountNumberField(TextField):
    """An account number as a person types it: any case, with or without hyphens. Whether it exists is for the bank to say."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=NUMBER_LENGTH_MAX, **options)


@extend_schema_field({"type": "string", "maxLength": MEMO_MAX, "default": ""})
class MemoField(TextField):
    """One line of text. What is not is ``invalid_memo``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, default="", allow_blank=True, **options)

    def to_internal_value(self, data: Any) -> str:
        memo = super().to_internal_value(data)
        try:
            check_memo(memo)
        except Invalid as refusal:
            raise serializers.ValidationError(refusal.sentence, code=refusal.code) from None
        return memo


class ReferenceField(TextField):
    """A name of the client's own for a transfer; no two transfers of an event ever share one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False, allow_null=True, default=None, max_length=REFERENCE_LENGTH_MAX, **options
        )

"""What the identity room answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts import roles
from accounts.models import LoginSession, User
from identity.selectors import Me
from identity.services.stay import SignedIn
from ledger.api.fields import MinorUnits, Moment, Shown


class MessageAnswer(serializers.Serializer[Any]):
    """A sentence for a person."""

    message = serializers.CharField()


class UserAnswer(serializers.Serializer[User]):
    """A character, as others in the room may know it."""

    character_name = serializers.CharField()
    account_number = serializers.SerializerMethodField(
        help_text="The primary account; null when there is none."
    )
    faction = serializers.CharField(source="faction.name", default=None, allow_null=True)
    role = serializers.ChoiceField(choices=roles.ROLES)
    emoji = serializers.CharField(allow_blank=True)

    def get_account_number(self, user: User) -> str | None:
        """Given by the view, which knows the bank."""
        number: str | None = self.context.get("account_number")
        return number


class SignInAnswer(serializers.Serializer[SignedIn]):
    """Who has signed in, and what to send with every further request."""

    message = serializers.CharField()
    user = UserAnswer()
    access_token = serializers.CharField(help_text="For the header `Authorization: Bearer …`.")
    token_type = serializers.CharField(default="Bearer")
    expires_in = serializers.IntegerField(help_text="Seconds for which the access token is good.")
    refresh_token = serializers.CharField(required=False, help_text="Only when it was asked for. Good once.")
    device_proof = serializers.CharField(
        required=False,
        help_text="Keep it, also after signing out, and send it as `X-Device-Proof` with the next sign-in: then wrong "
        "passwords that others try in your name do not make you wait. Browsers keep it in a cookie.",
    )


class TokensAnswer(serializers.Serializer[SignedIn]):
    """The next pair of tokens."""

    access_token = serializers.CharField()
    token_type = serializers.CharField(default="Bearer")
    expires_in = serializers.IntegerField(help_text="Seconds for which the access token is good.")
    refresh_token = serializers.CharField(help_text="Replaces the one that was sent.")


class SessionAnswer(serializers.Serializer[LoginSession]):
    """One sign-in that holds."""

    id = serializers.UUIDField()
    device_name = serializers.CharField(allow_blank=True)
    ip = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField(allow_blank=True)
    created_at = Moment()
    last_used_at = Moment()
    expires_at = Moment()
    current = serializers.SerializerMethodField(help_text="Whether it is the one that asks.")

    def get_current(self, session: LoginSession) -> bool:
        """Given by the view, which knows who asks."""
        current: LoginSession | None = self.context.get("current")
        return current is not None and current.pk == session.pk


class EmailAnswer(serializers.Serializer[Any]):
    """An address, and whether its letter was answered."""

    email = serializers.CharField(allow_blank=True)
    confirmed = serializers.BooleanField()


class AccountOfMineAnswer(serializers.Serializer[Me]):
    """The caller, and what he owns; amounts in minor units of ``currency``."""

    character_name = serializers.CharField(source="user.character_name")
    faction = serializers.CharField(source="user.faction.name", default=None, allow_null=True)
    role = serializers.ChoiceField(source="user.role", choices=roles.ROLES)
    emoji = serializers.CharField(source="user.emoji", allow_blank=True)
    picture = serializers.UUIDField(
        source="user.picture_id",
        allow_null=True,
        help_text="For `GET /pictures/{id}`; null when there is none.",
    )
    account_number = serializers.CharField(source="standing.account.number")
    currency = serializers.CharField(source="standing.account.currency.code")
    balance = MinorUnits(source="standing.balance.amount")
    balance_display = Shown("standing.balance.amount", in_currency="standing.account.currency")
    available = MinorUnits(source="standing.available")
    available_display = Shown("standing.available", in_currency="standing.account.currency")

"""What may be asked of the identity room, as JSON bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.parsers import BaseParser

from accounts import emoji, names, passwords, pictures
from accounts.api_fields import StrictSerializer, TextField
from accounts.services.people import EMAIL_MAX
from accounts.services.sessions import DEVICE_NAME_MAX
from identity.services.registration import Registration
from identity.services.stay import Stay

_NAME_MAX = 4 * names.MAX_LENGTH
_CODE_MAX = 100


class Flag(serializers.BooleanField):
    """``true`` or ``false``; the framework's own field would take ``"yes"`` and 1 as well."""

    default_error_messages = {"invalid": _("Send true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """The flag. Raises ``ValidationError``."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class PasswordField(TextField):
    """A password as it was typed, blanks included; shown in no answer and no schema example."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **{"max_length": passwords.MAX_LENGTH, "trim_whitespace": False, "write_only": True, **options}
        )


class _SignInRequest(StrictSerializer):
    """What every way in has in common."""

    character_name = TextField(max_length=_NAME_MAX)
    password = PasswordField()
    device_name = TextField(
        required=False,
        allow_blank=True,
        default="",
        max_length=DEVICE_NAME_MAX,
        help_text="How you will know this sign-in again.",
    )
    refresh = Flag(
        required=False,
        default=False,
        help_text="Ask for a refresh token; the access token then lives for 15 minutes instead of a day.",
    )

    def stay(self) -> Stay:
        """How long the sign-in is to last."""
        return Stay.REFRESHABLE if self.validated_data["refresh"] else Stay.TOKEN


class LoginRequest(_SignInRequest):
    """A character's name and password."""


class RegisterRequest(_SignInRequest):
    """A new character. Which of the codes is needed is for the event to say."""

    faction = TextField(
        required=False, allow_blank=True, default="", max_length=_NAME_MAX, help_text="The name of a faction."
    )
    invite = TextField(
        required=False, allow_blank=True, default="", max_length=_CODE_MAX, help_text="A personal invitation."
    )
    event_code = TextField(
        required=False,
        allow_blank=True,
        default="",
        max_length=_CODE_MAX,
        help_text="The code on the poster.",
    )
    email = TextField(
        required=False,
        allow_blank=True,
        default="",
        max_length=EMAIL_MAX,
        help_text="Optional; kept encrypted.",
    )

    def registration(self) -> Registration:
        """The registration that the validated body asks for."""
        asked = self.validated_data
        return Registration(
            **{
                name: asked[name]
                for name in ("character_name", "password", "faction", "invite", "event_code", "email")
            }
        )


class RefreshRequest(StrictSerializer):
    """The refresh token of the last answer. It is good once."""

    refresh_token = TextField(max_length=200, write_only=True)


class PasswordRequest(StrictSerializer):
    """The password in use, and the one that is to replace it."""

    current_password = PasswordField()
    new_password = PasswordField()


class ProfileRequest(StrictSerializer):
    """What is left out stays as it is."""

    emoji = TextField(
        required=False,
        allow_blank=True,
        max_length=emoji.MAX_LENGTH,
        help_text="One emoji; empty takes it away.",
    )
    faction = TextField(
        required=False,
        allow_null=True,
        max_length=_NAME_MAX,
        help_text="The name of a faction; null leaves the present one.",
    )


class EmailRequest(StrictSerializer):
    """An address of one's own, and the password."""

    email = TextField(allow_blank=True, max_length=EMAIL_MAX, help_text="Empty takes the present one away.")
    current_password = PasswordField()


class ForgotRequest(StrictSerializer):
    """Whose password was forgotten."""

    who = TextField(max_length=EMAIL_MAX, help_text="The character's name, or its e-mail address.")


class ResetRequest(StrictSerializer):
    """The code at the end of the link in the letter, and the new password."""

    code = TextField(max_length=_CODE_MAX, write_only=True)
    new_password = PasswordField()


class PictureParser(BaseParser):
    """A body that is a picture; what it really is, its content says."""

    KINDS: ClassVar[tuple[str, ...]] = ("image/jpeg", "image/png", "image/webp", "image/gif")
    media_type = "image/*"

    def parse(  # type: ignore[override]  # what it gives out is the request's data, and need not be a mapping
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The bytes, one more than are allowed at most."""
        return bytes(stream.read(pictures.UPLOAD_MAX + 1))

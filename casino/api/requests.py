"""What the casino may be asked, as JSON bodies and query strings."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api_fields import StrictSerializer, TextField
from accounts.errors import Invalid
from casino import games, playing, selectors
from casino.fairness import CLIENT_SEED_MAX
from casino.services.limits import PAUSE_MAX, PAUSE_MIN
from casino.services.seeds import check_client_seed
from ledger.api.fields import AmountField
from ledger.money import MAX_AMOUNT

_HOUR: Final = dt.timedelta(hours=1)
_PAUSES: Final = (PAUSE_MIN // _HOUR, PAUSE_MAX // _HOUR)
_LIMIT: Final = {"type": "integer", "format": "int64", "maximum": MAX_AMOUNT}
_LIMITS: Final = ("stake_max", "loss_per_day", "loss_per_session")


@extend_schema_field(
    {
        "type": "string",
        "minLength": 1,
        "maxLength": CLIENT_SEED_MAX,
        "pattern": "^[^:]*$",
        "examples": ["tonight the reels are mine"],
    }
)
class ClientSeedField(TextField):
    """1 to 64 printable characters without a colon, as they are: a space counts. What is not is ``invalid_client_seed``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, **options)

    def to_internal_value(self, data: Any) -> str:
        client_seed = super().to_internal_value(data)
        try:
            check_client_seed(client_seed)
        except Invalid as refusal:
            raise serializers.ValidationError(refusal.sentence, code=refusal.code) from None
        return client_seed


class SpinSerializer(StrictSerializer):
    """One spin, from the caller's primary account."""

    bet_amount = AmountField(help_text="The whole stake, in minor units: a multiple of the game's lines.")
    client_seed = ClientSeedField(
        required=False,
        allow_null=True,
        default=None,
        help_text="A fresh random value of the client's own. Without it the seed pair's is used.",
    )
    config = TextField(
        required=False,
        trim_whitespace=False,
        allow_null=True,
        default=None,
        validators=[RegexValidator(r"\A[0-9a-f]{64}\Z", _("This is no hash of a configuration."))],
        help_text="The hash of the configuration that the player has seen. If another one holds now, nothing is drawn.",
    )


class RoundsQuery(StrictSerializer):
    """Which rounds are wanted."""

    game = TextField(required=False, max_length=40, help_text="Only of this game.")

    def validate_game(self, value: str) -> str:
        """The name of a game that there is."""
        name = selectors.name_of(value)
        if name not in games.CERTIFIED:
            raise serializers.ValidationError(_("There is no such game."))
        return name


class FileQuery(StrictSerializer):
    """Where the file begins."""

    before = serializers.UUIDField(required=False, help_text="Only rounds before this one.")


class ClientSeedSerializer(StrictSerializer):
    """The client seed for spins that bring none."""

    client_seed = ClientSeedField(required=True, allow_null=False)


class RotateSerializer(StrictSerializer):
    """Without ``client_seed`` the next pair keeps the one that it has."""

    client_seed = ClientSeedField(required=False, allow_null=True, default=None)


class _LimitField(serializers.Field[int, Any, int, Any]):
    """A JSON integer of minor units, or null for no limit. Anything else is ``invalid_limit``."""

    lowest = 0
    default_error_messages = {
        "invalid_limit": _("A limit is a whole number of minor units, or null for none."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_null=True, **options)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int or not self.lowest <= data <= MAX_AMOUNT:
            self.fail("invalid_limit")
        return data


@extend_schema_field(_LIMIT | {"minimum": 1})
class StakeLimitField(_LimitField):
    """The largest stake."""

    lowest = 1


@extend_schema_field(_LIMIT | {"minimum": 0})
class LossLimitField(_LimitField):
    """The largest loss; 0 allows none."""


@extend_schema_field({"type": "integer", "minimum": _PAUSES[0], "maximum": _PAUSES[1]})
class PauseField(serializers.Field[dt.timedelta, Any, int, Any]):
    """A JSON integer of hours. Anything else is ``invalid_pause``."""

    default_error_messages = {"invalid_pause": _("A pause lasts from 1 hour to 365 days.")}

    def to_internal_value(self, data: Any) -> dt.timedelta:
        if type(data) is not int or not _PAUSES[0] <= data <= _PAUSES[1]:
            self.fail("invalid_pause")
        return dt.timedelta(hours=data)


class LimitsSerializer(StrictSerializer):
    """All three limits together (null for none), or `pause_hours`, or both; what is not sent stays."""

    stake_max = StakeLimitField(help_text="The largest stake of one spin.")
    loss_per_day = LossLimitField(help_text="The largest loss of a day of the event.")
    loss_per_session = LossLimitField(help_text="The largest loss of one sitting.")
    pause_hours = PauseField(
        required=False, allow_null=True, default=None, help_text="Keep me from playing for so many hours."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Something is asked for, and no limit goes away because it was forgotten."""
        sent = [name for name in _LIMITS if name in attrs]
        if sent and len(sent) < len(_LIMITS):
            sentence = _("Send all three limits together, null for none.")
            raise serializers.ValidationError({name: [sentence] for name in _LIMITS if name not in sent})
        if not sent and attrs["pause_hours"] is None:
            raise serializers.ValidationError(_("Send the three limits, or pause_hours, or both."))
        return attrs

    def limits(self) -> playing.Limits | None:
        """The limits that are asked for, None where they stay."""
        asked = self.validated_data
        if "stake_max" not in asked:
            return None
        return playing.Limits(**{name: asked[name] for name in _LIMITS})

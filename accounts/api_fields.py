"""What a request's body may hold, strictly: no unknown names, and text that is text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses names it does not know, so that a typing error is an error and not a default.

    With ``ignores_unknown = True`` it passes over them: for old firmware that sends more than we read.
    """

    ignores_unknown: ClassVar[bool] = False

    def to_internal_value(self, data: Any) -> Any:
        """The validated values. Raises ``ValidationError`` with a sentence per field, unknown ones included."""
        if isinstance(data, Mapping) and not self.ignores_unknown:
            known = {name for name, field in self.fields.items() if not field.read_only}
            # Shown cut and in order: the names come from a stranger.
            unknown = sorted(str(name)[:40] for name in data.keys() - known)[:20]
            if unknown:
                raise serializers.ValidationError(
                    {name: [_("There is no such field here.")] for name in unknown}
                )
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """A JSON string. The framework's own field would take the number 5 for "5"; NUL and surrogates it refuses itself."""

    def to_internal_value(self, data: Any) -> str:
        """The text, stripped. Raises ``ValidationError``."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)

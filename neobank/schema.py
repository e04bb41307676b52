"""The OpenAPI schema: what every endpoint has in common, so that no view has to say it."""

from __future__ import annotations

from typing import Any, Final, Literal

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from accounts.permissions import Anyone, Device, SignedInOrDevice
from neobank.problems import CONTENT_TYPE

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
# Statuses of refusals: what any request can meet, what only one that writes can, what only one with a body can.
_ANY: Final = {
    400: "The request is wrong; the same one will fail again.",
    401: "Nobody is signed in, or the credential is not good (any more).",
    403: "Known, but not allowed to do this.",
    404: "Absent, or not yours.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
    503: "Nothing was done; try again after `Retry-After` seconds.",
}
_WRITING: Final = {
    409: "The state of the world does not allow it now.",
    422: "The idempotency key came back with another request.",
}
_WITH_BODY: Final = {
    413: "The body has more than a million bytes.",
    415: "The body is not `application/json`.",
}


class FieldProblem(serializers.Serializer[Any]):
    """What is wrong with one field; a path such as `transfers.3.amount` within a list."""

    field = serializers.CharField()
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """RFC 9457 problem details. Programs look at `code`, people read `detail`."""

    type = serializers.CharField(help_text="Where the code is explained.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField(help_text="What to do next, in the language of the event.")
    errors = FieldProblem(many=True)  # type: ignore[assignment]  # declared fields leave the class before it is used
    request_id = serializers.CharField()
    error = serializers.CharField(help_text="The same as `detail`, for simple clients.")
    index = serializers.IntegerField(required=False, help_text="The offending line of a batch, from 0.")
    facts = serializers.DictField(required=False, help_text="The figures behind the sentence.")


class NeobankSchema(AutoSchema):
    """Adds the refusals to every endpoint, and asks for the credentials that its permission admits."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        """The security schemes of this endpoint."""
        permissions = self.view.get_permissions()
        schemes = [name for auth in super().get_auth() for name in auth]
        if any(isinstance(permission, Anyone) for permission in permissions):
            return [{}]
        if any(isinstance(permission, Device) for permission in permissions):
            schemes = [name for name in schemes if name == KeyScheme.name]
        elif not any(isinstance(permission, SignedInOrDevice) for permission in permissions):
            schemes = [name for name in schemes if name != KeyScheme.name]
        return [{name: []} for name in schemes]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction=direction)
        refusals = dict(_ANY)
        if self.method not in _SAFE:
            refusals |= _WRITING
        if self.method in {"POST", "PUT", "PATCH"}:
            refusals |= _WITH_BODY
        # What this endpoint alone may refuse: ``refusals = {422: "…"}`` on the view.
        refusals |= getattr(self.view, "refusals", {})
        for status, description in refusals.items():
            if str(status) not in bodies:
                body = self._get_response_for_code(Problem(), str(status), [CONTENT_TYPE], direction)
                bodies[str(status)] = body | {"description": description}
        return bodies


class StrictBodies(OpenApiSerializerExtension):
    """A body with a name that is not there is refused, and the schema says so."""

    target_class = "accounts.api_fields.StrictSerializer"
    match_subclasses = True

    def map_serializer(
        self, auto_schema: AutoSchema, direction: Literal["request", "response"]
    ) -> dict[str, Any]:
        """The object's schema, closed where the serializer is."""
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return schema if self.target.ignores_unknown else schema | {"additionalProperties": False}


class KeyScheme(OpenApiAuthenticationExtension):
    """A device's key."""

    target_class = "accounts.authentication.ApiKeyAuthentication"
    name = "deviceKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "A device: `nbk_<8 characters>_<secret>`",
        }


class TokenScheme(OpenApiAuthenticationExtension):
    """A person's access token."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A person: the `access_token` of a login.",
        }


class CookieScheme(OpenApiAuthenticationExtension):
    """The cookie of the pages."""

    target_class = "accounts.authentication.CookieAuthentication"
    name = "cookie"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The pages' own scripts, with the CSRF token.",
        }

"""Views that refuse and break in every way, as a URL configuration for the tests of errors."""

from typing import Any

import psycopg
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.http import require_POST
from django_ratelimit.exceptions import Ratelimited
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_fields import StrictSerializer, TextField
from accounts.errors import Conflict, Denied, Invalid, NotFound, Reused, TooMany, Unauthenticated, Unavailable
from accounts.permissions import Anyone
from neobank.urls import handler400, handler403, handler404, handler500  # noqa: F401  they belong to the addresses

SECRET_IN_AN_ERROR = "the-inside-of-the-machine"


def caused(error: Exception, cause: Exception) -> Exception:
    """``error`` as Django raises it: its words are SQLite's, its cause is PostgreSQL's driver."""
    error.__cause__ = cause
    return error


ERRORS: dict[str, Exception] = {
    "invalid": Invalid("invalid_amount", "Whole numbers only.", field="amount"),
    "unauthenticated": Unauthenticated("bad_key", "Not known."),
    "denied": Denied("not_allowed", "Not you."),
    "not-found": NotFound("unknown_account", "No such account."),
    "conflict": Conflict(
        "insufficient_funds",
        "You have ₵12.00; this needs ₵20.00.",
        facts={"index": 499, "available": 1200, "needed": 2000, "replayed": True},
    ),
    "reused": Reused("key_reused", "Another request."),
    "too-many": TooMany("rate_limited", "Slowly.", retry_after=17),
    "unavailable": Unavailable("busy", "Nothing was done.", retry_after=2),
    "http404": Http404("secret reason"),
    "permission": PermissionDenied("secret reason"),
    "suspicious": SuspiciousOperation("secret reason"),
    "ratelimited": Ratelimited(),
    "drf-throttled": exceptions.Throttled(wait=3.2),
    "drf-not-found": exceptions.NotFound(),
    "drf-denied": exceptions.PermissionDenied(),
    "drf-parse": exceptions.ParseError("Half a message."),
    "drf-invalid": serializers.ValidationError({"a": ["wrong"], "b": [{}, {"c": ["worse"]}]}),
    "drf-invalid-code": serializers.ValidationError({"amount": ["No floats."]}, code="invalid_amount"),
    "locked": caused(OperationalError("database is locked"), psycopg.errors.LockNotAvailable()),
    "deadlock": caused(OperationalError("database is locked"), psycopg.errors.DeadlockDetected()),
    "serialization": caused(
        OperationalError("database table is locked"), psycopg.errors.SerializationFailure()
    ),
    "lost": caused(OperationalError("unable to open database file"), psycopg.OperationalError()),
    "shut-down": caused(OperationalError("unable to open database file"), psycopg.errors.AdminShutdown()),
    "sql": caused(OperationalError("no such column"), psycopg.errors.UndefinedColumn()),
    "bug": RuntimeError(SECRET_IN_AN_ERROR),
}


class Breaking(APIView):
    permission_classes = [Anyone]

    def get(self, request: Request, kind: str) -> Response:
        """Raises what the address names."""
        raise ERRORS[kind]


class Line(StrictSerializer):
    name = TextField(max_length=20)
    amount = serializers.IntegerField(min_value=1)


class Order(StrictSerializer):
    lines = Line(many=True, required=False)
    note = TextField(required=False)


class OldFirmware(Order):
    ignores_unknown = True


class Reading(APIView):
    permission_classes = [Anyone]
    kind: type[Order] = Order

    def post(self, request: Request) -> Response:
        """The validated body."""
        asked = self.kind(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(asked.validated_data)


def breaking_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Raises what the address names, outside of the API."""
    raise ERRORS[kind]


def form(request: HttpRequest) -> HttpResponse:
    """A form without more."""
    return JsonResponse(dict[str, Any](request.POST.items()))


urlpatterns = [
    path("api/v1/break/<str:kind>", Breaking.as_view()),
    path("api/v1/read", Reading.as_view()),
    path("api/v1/read-old", Reading.as_view(kind=OldFirmware)),
    path("break/<str:kind>", breaking_page),
    path("form", form),
    path("form-only", require_POST(form)),
    path("api/v1/form-only", require_POST(form)),
    path("", include("neobank.urls")),
]

"""Keyset pages: ``?limit=1..100&cursor=…`` -> ``{"results": […], "next": "<url or null>"}``.

A cursor is where the last page ended, not a count of rows, so page a thousand costs what page one costs, and a row that arrives
meanwhile neither repeats nor hides another. Two ways to use it:

- ``paginate(request, queryset, ordering=("-posted_at", "-id"))`` for one query, with a unique ordering;
- ``asked_page(request)`` and ``page_response(request, results, after)`` where a selector makes the page itself.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, ForeignKey, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Invalid

if TYPE_CHECKING:
    from rest_framework.views import APIView

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 100
_CURSOR_MAX: Final = 1000

Cursor = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AskedPage:
    """What the client asked for: at most ``limit`` rows, after ``cursor`` (None: from the start)."""

    limit: int
    cursor: Cursor | None


def asked_page(request: Request) -> AskedPage:
    """``limit`` and ``cursor`` of the request. Raises ``Invalid`` (``invalid_request``, ``bad_cursor``).

    The cursor is a JSON object that came from a client: whoever uses its values checks their types.
    """
    raw = request.query_params.get("limit", str(LIMIT_DEFAULT))
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 3 and 1 <= int(raw) <= LIMIT_MAX):
        raise Invalid("invalid_request", _("A limit is a whole number from 1 to 100."), field="limit")
    cursor = request.query_params.get("cursor", "")
    return AskedPage(limit=int(raw), cursor=decode(cursor) if cursor else None)


def page_response(request: Request, results: Sequence[Any], after: Cursor | None) -> Response:
    """The answer with one page; ``after`` is the cursor of the next one, None when this was the last."""
    return Response({"results": results, "next": _next_url(request, after)})


def paginate(
    request: Request, rows: QuerySet[Any], *, ordering: Sequence[str]
) -> tuple[list[Any], Cursor | None]:
    """One page of ``rows`` and the cursor of the next one.

    ``ordering`` names columns as ``order_by`` does, the last of them unique and none of them null.
    Raises ``Invalid`` like ``asked_page``.
    """
    page = asked_page(request)
    if page.cursor is not None:
        rows = rows.filter(_beyond(rows, ordering, page.cursor))
    found = list(rows.order_by(*ordering)[: page.limit + 1])
    if len(found) <= page.limit:
        return found, None
    found.pop()
    return found, {_column(name): _json_value(found[-1], _column(name)) for name in ordering}


def encode(cursor: Cursor) -> str:
    """The opaque text of a cursor: base64url of its JSON."""
    raw = json.dumps(cursor, separators=(",", ":"), default=str).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str) -> Cursor:
    """The cursor of an opaque text. Raises ``Invalid`` (``bad_cursor``)."""
    if len(text) > _CURSOR_MAX or not text.isascii():
        raise bad_cursor()
    try:
        cursor = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise bad_cursor() from None
    if not isinstance(cursor, dict) or not all(isinstance(value, str | int) for value in cursor.values()):
        raise bad_cursor()
    return cursor


def bad_cursor() -> Invalid:
    """The refusal of a cursor that no list has given out."""
    return Invalid("bad_cursor", _("This page marker is not valid. Start the list again."), field="cursor")


class PageSource(Protocol):
    """Rows that no single query yields: a view may page through them as through a queryset."""

    def page(self, *, cursor: Cursor | None, limit: int) -> tuple[list[Any], Cursor | None]:
        """At most ``limit`` rows after ``cursor``, which came from a client, and where the next page begins."""


class KeysetPagination(BasePagination):
    """The framework's hook for generic views: in the view's ``ordering``, else the queryset's, else newest id first.

    What is not a queryset makes its pages itself (``PageSource``).
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """One page of a queryset or a ``PageSource``. Raises ``Invalid`` (``invalid_request``, ``bad_cursor``)."""
        self.request = request
        if isinstance(queryset, QuerySet):
            own = getattr(view, "ordering", None) or queryset.query.order_by or ("-id",)
            ordering = cast("Sequence[str]", own)
            rows, self.after = paginate(request, queryset, ordering=ordering)
        else:
            source, page = cast(PageSource, queryset), asked_page(request)
            rows, self.after = source.page(cursor=page.cursor, limit=page.limit)
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return page_response(self.request, data, self.after)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": ["string", "null"], "format": "uri-reference"},
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
                "description": "Rows on the page.",
            },
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string", "maxLength": _CURSOR_MAX},
                "description": "Where the page before ended, as its `next` said.",
            },
        ]


def _next_url(request: Request, after: Cursor | None) -> str | None:
    if after is None:
        return None
    parameters = request.query_params.copy()
    parameters["cursor"] = encode(after)
    return f"{request.path}?{parameters.urlencode()}"


def _beyond(rows: QuerySet[Any], ordering: Sequence[str], cursor: Cursor) -> Q:
    """Rows after the cursor: ``a <= x and (a < x or (a = x and b < y))``. The first condition is what an index can use."""
    if set(cursor) != {_column(name) for name in ordering}:
        raise bad_cursor()
    reached = {name: _checked(rows, _column(name), cursor[_column(name)]) for name in ordering}
    beyond = Q()
    for name in reversed(ordering):
        column, side = _column(name), "lt" if name.startswith("-") else "gt"
        strictly = Q(**{f"{column}__{side}": reached[name]})
        if beyond:
            equal = Q(**{column: reached[name]})
            beyond = Q(**{f"{column}__{side}e": reached[name]}) & (strictly | (equal & beyond))
        else:
            beyond = strictly
    return beyond


def _checked(rows: QuerySet[Any], column: str, value: Any) -> Any:
    """The cursor's value as its column's type, within its range; the database must never see anything else."""
    field = _field(rows, column)
    try:
        if isinstance(value, bool) or (isinstance(value, str) and "\0" in value):
            raise bad_cursor()
        if isinstance(value, str):
            value.encode()
        clean = field.to_python(value)
        if isinstance(clean, dt.datetime):
            clean = clean.astimezone(dt.UTC)
        field.run_validators(clean)
    except (ValidationError, TypeError, ValueError, OverflowError):
        raise bad_cursor() from None
    if clean is None:
        raise bad_cursor()
    return clean


def _field(rows: QuerySet[Any], column: str) -> Field[Any, Any]:
    model, field = rows.model, None
    for part in column.split("__"):
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            raise LookupError(f"{rows.model._meta.label} has no column {column} to order by") from None
        if field.related_model is not None and field.related_model != "self":
            model = field.related_model
    if not isinstance(field, Field):
        raise LookupError(f"{rows.model._meta.label}.{column} is not a column")
    return field.target_field if isinstance(field, ForeignKey) else field


def _column(name: str) -> str:
    return name.removeprefix("-")


def _json_value(row: Any, column: str) -> str | int:
    value = attrgetter(column.replace("__", "."))(row)
    if isinstance(value, int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

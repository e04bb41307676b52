"""Refusals as answers: RFC 9457 problem details for programs, a page for people. One handler, one shape.

``{"type", "title", "status", "code", "detail", "errors", "request_id", "error"}``, and ``index`` and ``facts`` where a service
gave them. The codes are listed in ``neobank.catalogue``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django_ratelimit.exceptions import Ratelimited
from rest_framework import exceptions
from rest_framework.response import Response

from accounts import units
from accounts.authentication import CHALLENGE
from accounts.errors import DomainError
from neobank.bodies import NotUtf8, TooLarge, TooSlow
from neobank.catalogue import CODES

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
# Of more mistakes in one body only these are listed.
ERRORS_MAX = 50
RATE_LIMIT_RETRY_AFTER_S = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal on its way out."""

    status: int
    code: str
    title: str
    detail: str
    errors: tuple[dict[str, str], ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    retry_after: int | None = None
    # Whether it is the stored answer to an earlier request with the same idempotency key.
    replayed: bool = False

    @classmethod
    def of(cls, code: str, detail: str, **more: Any) -> Problem:
        """A problem whose status and title stand in the catalogue."""
        row = CODES[code]
        return cls(status=row.status, code=code, title=_(row.title), detail=detail, **more)

    @classmethod
    def of_refusal(cls, error: DomainError) -> Problem:
        """A service's refusal as a problem."""
        row = CODES.get(error.code)
        extra: dict[str, Any] = {}
        facts = dict(error.facts)
        replayed = bool(facts.pop("replayed", False))
        if "index" in facts:
            extra["index"] = facts.pop("index")
        if facts:
            extra["facts"] = facts
        return cls(
            status=error.status,
            code=error.code,
            title=_(row.title) if row else str(error.title),
            detail=error.sentence,
            errors=({"field": error.field, "message": error.sentence},) if error.field else (),
            extra=extra,
            retry_after=error.retry_after,
            replayed=replayed,
        )

    def body(self, request_id: str) -> dict[str, Any]:
        """The members of the JSON answer."""
        return {
            "type": f"/errors/{self.code.replace('_', '-')}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "errors": list(self.errors),
            "request_id": request_id,
            "error": self.detail,
            **self.extra,
        }

    def headers(self) -> dict[str, str]:
        """The headers that belong to it."""
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.replayed:
            headers["Idempotent-Replayed"] = "true"
        if self.status == 401:
            headers["WWW-Authenticate"] = CHALLENGE
        return headers


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The framework's hook for API views. What is unexpected stays an exception: Django logs it and answers 500."""
    problem = problem_of(error)
    if problem is None:
        return None
    request_id = getattr(context["request"], "request_id", "")
    return Response(
        problem.body(request_id),
        status=problem.status,
        headers=problem.headers(),
        content_type=CONTENT_TYPE,
    )


def problem_of(error: Exception) -> Problem | None:
    """The problem that ``error`` stands for, or None when it is nobody's refusal but our mistake."""
    if isinstance(error, DomainError):
        return Problem.of_refusal(error)
    if isinstance(error, exceptions.ValidationError):
        return _of_validation(error)
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return Problem.of("not_signed_in", _("Sign in first, or send a credential."))
    if isinstance(error, exceptions.Throttled | Ratelimited):
        wait = getattr(error, "wait", None)
        return Problem.of(
            "rate_limited",
            _("Too many requests. Wait a moment, then try again."),
            retry_after=int(wait) if wait is not None else RATE_LIMIT_RETRY_AFTER_S,
        )
    if isinstance(error, exceptions.PermissionDenied):
        return _of_permission(error)
    if isinstance(error, PermissionDenied):
        return Problem.of("not_allowed", _("You are not allowed to do this. Ask a game master."))
    if isinstance(error, Http404 | exceptions.NotFound):
        return Problem.of("not_found", _("There is nothing here. Check the address."))
    if isinstance(error, exceptions.MethodNotAllowed):
        return Problem.of("method_not_allowed", str(error.detail))
    if isinstance(error, exceptions.NotAcceptable):
        return Problem.of("not_acceptable", _("Answers are JSON. Accept application/json."))
    if isinstance(error, exceptions.UnsupportedMediaType):
        return Problem.of("unsupported_media_type", _("Send the body as application/json."))
    if isinstance(error, NotUtf8):
        return Problem.of("unsupported_media_type", _("Send the form's text in UTF-8."))
    if isinstance(error, TooLarge) and error.limit > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return Problem.of("too_large", _("The picture has more than 5 MB. Choose a smaller one."))
    if isinstance(error, TooLarge | RequestDataTooBig):
        return Problem.of("too_large", _("The body is larger than a million bytes. Send less at once."))
    if isinstance(error, TooSlow):
        sentence = _("The request did not arrive in time. Nothing was done; send it again.")
        return Problem.of("request_timeout", sentence, retry_after=1)
    if isinstance(error, DatabaseError | InterfaceError):
        return _of_database(error)
    if isinstance(error, SuspiciousOperation):
        return Problem.of("invalid_request", _("The request is not valid."))
    if isinstance(error, exceptions.ParseError):
        return Problem.of("malformed_json", str(error.detail))
    return None


def json_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    """The problem outside of an API view."""
    body = json.dumps(problem.body(getattr(request, "request_id", "")), ensure_ascii=False)
    return HttpResponse(body, status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers())


def wants_json(request: HttpRequest) -> bool:
    """Whether a program is asking, not a browser for a page."""
    return request.path_info.startswith("/api/")


def _of_database(error: Exception) -> Problem | None:
    """A database that says "not now", or does not answer: nobody's mistake, and gone in a moment."""
    if units.is_passing(error):
        log.warning("database.busy", error=str(error))
        sentence = _("The bank is very busy. Nothing was done; try again.")
        return Problem.of("busy", sentence, retry_after=units.RETRY_AFTER_S)
    if units.is_connection_lost(error):
        log.error("database.gone", error=str(error))
        sentence = _(
            "The bank cannot reach its books. Wait a moment; look whether it was done before you try again."
        )
        return Problem.of("busy", sentence, retry_after=units.RETRY_AFTER_S)
    return None


def _of_permission(error: exceptions.PermissionDenied) -> Problem:
    code = getattr(error.detail, "code", "")
    if code in CODES:
        return Problem.of(code, str(error.detail))
    return Problem.of("not_allowed", _("You are not allowed to do this. Ask a game master."))


def _of_validation(error: exceptions.ValidationError) -> Problem:
    """400 with one line per field. A code of ours (``invalid_amount``) that a field raised becomes the problem's code."""
    found = list(_flat(error.detail, ()))
    code = next((detail.code for _path, detail in found if detail.code in CODES), "invalid_request")
    errors = tuple(
        {"field": ".".join(map(str, path)), "message": str(detail)} for path, detail in found[:ERRORS_MAX]
    )
    lines = [part for path, _detail in found for part in path if isinstance(part, int)]
    first = errors[0] if errors else {"field": "", "message": _("The request is not valid.")}
    sentence = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return Problem.of(code, sentence, errors=errors, extra={"index": lines[0]} if lines else {})


def _flat(detail: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The leaves of the framework's nested error detail, each with its path."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flat(inner, path if name == "non_field_errors" else (*path, name))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            # A list holds sentences about one field, or (in a list of objects) an object per line.
            yield from _flat(inner, (*path, position) if isinstance(inner, dict | list) else path)
    else:
        yield path, detail

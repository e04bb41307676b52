"""The roof's own middleware: an id on every request, and answers in the form that the client understands."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.translation import gettext as _

from accounts.addresses import has_trusted_peer
from accounts.requests import BankRequest
from neobank import bodies, views
from neobank.problems import Problem, problem_of

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """``X-Request-Id``: the client's when it is a sane one, else a new one; on the request, in the logs, on the answer.

    It stands first, so it also takes away what only a trusted hop may say before anybody believes it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: BankRequest) -> HttpResponse:
        request.started_at = time.perf_counter()
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        request.request_id = sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(12)
        # Where the logging middleware looks for it.
        request.META["HTTP_X_REQUEST_ID"] = request.request_id
        if not has_trusted_peer(request):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id
        # Balances belong into no cache between us and the person.
        if request.path_info.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        elif settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class FormMiddleware:
    """Tells a form that was sent by a script (``X-Form``) where the answer leads, in place of leading there.

    What the next page has to say is said once: a redirect that the script follows would use it up, and load the page twice.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "X-Form" in request.headers and response.status_code in {302, 303}:
            response.status_code = 204
            response["X-Location"] = response["Location"]
            del response["Location"]
        return response


class RefusalMiddleware:
    """Stops what may not reach a view, and turns refusals raised by pages into pages (API views have their own hook).

    Django's decorators do not raise where a method is wrong, they answer with an empty page: that becomes one of ours.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refused = problem_of(request.META[bodies.REFUSED]) if bodies.REFUSED in request.META else None
        if refused is not None:
            return views.refusal(request, refused)
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            return views.wrong_method(request, response["Allow"])
        return response

    def process_view(self, request: BankRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        problem = None
        if bodies.is_too_large(request):
            problem = problem_of(bodies.TooLarge(bodies.limit_of(request.path_info)))
        elif request.refusal is not None:
            problem = Problem.of_refusal(request.refusal)
        elif "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            problem = Problem.of("invalid_request", _("The address holds a NUL character. Leave it out."))
        return views.refusal(request, problem) if problem else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        problem = problem_of(error)
        return views.refusal(request, problem) if problem else None

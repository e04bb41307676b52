"""Pages of the roof: what people see when something is refused or broken, and what each error code means."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.pages import way_back
from neobank.catalogue import CODES
from neobank.look import theme_of
from neobank.problems import Problem, json_response, problem_of, wants_json


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """The event's front door: what this is, and the ways in."""
    return render(request, "neobank/landing.html")


def refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The answer to a refused request: problem details under ``/api/``, else a page, or the way to the sign-in."""
    if wants_json(request):
        return json_response(problem, request)
    if problem.code == "not_signed_in" and request.method in {"GET", "HEAD"}:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    context = {"problem": problem, "request_id": getattr(request, "request_id", "")}
    response = render(request, "errors/refusal.html", context, status=problem.status)
    for name, value in problem.headers().items():
        response[name] = value
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a good token: mostly one that was open for days."""
    problem = Problem.of(
        "csrf_failed",
        _(
            "The form had been open too long, or you signed in meanwhile. Nothing was done this time; send it once more."
        ),
    )
    if wants_json(request):
        return refusal(request, problem)
    context = {
        "problem": problem,
        "request_id": getattr(request, "request_id", ""),
        "way_back": way_back(request),
    }
    return render(request, "errors/stale.html", context, status=problem.status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400: what Django itself found suspicious."""
    problem = problem_of(exception) if exception else None
    return refusal(request, problem or Problem.of("invalid_request", _("The request is not valid.")))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403."""
    return refusal(request, _certainly(exception or PermissionDenied()))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404."""
    return refusal(request, _certainly(Http404()))


def wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    """The answer where only other methods are ``allowed`` (the text of the header): mostly a form's address typed by hand."""
    problem = Problem.of(
        "method_not_allowed",
        _("This address cannot be used this way. Go back, and use the link or the button there."),
    )
    response = refusal(request, problem)
    response["Allow"] = allowed
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: nothing about what broke, and nothing that could break again (no database, no context processors).

    What was raised where no view was reached comes here as well: a database that does not answer is no mistake of ours.
    """
    error = sys.exception()
    problem = (
        problem_of(error) if isinstance(error, DatabaseError | InterfaceError) else None
    ) or Problem.of(
        "internal_error",
        _("Something broke on our side. Try again; if it stays, tell the organisers the number below."),
    )
    if wants_json(request):
        return json_response(problem, request)
    context = {
        "problem": problem,
        "request_id": getattr(request, "request_id", ""),
        "theme": theme_of(request),
    }
    broken = render_to_string("errors/broken.html", context)
    return HttpResponse(broken, status=problem.status, headers=problem.headers())


def error_meaning(request: HttpRequest, slug: str) -> HttpResponse:
    """What the ``type`` of a problem leads to."""
    row = CODES.get(slug.replace("-", "_"))
    if row is None:
        raise Http404
    context: dict[str, Any] = {"code": slug.replace("-", "_"), "row": row, "title": _(row.title)}
    return render(request, "errors/meaning.html", context)


def _certainly(error: Exception) -> Problem:
    problem = problem_of(error)
    if problem is None:
        raise error
    return problem

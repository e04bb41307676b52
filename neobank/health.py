"""Whether the server lives, answers, and is ready: for load balancers, orchestrators and people with a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

Check = Callable[[], bool]


class HealthMiddleware:
    """Answers before hosts are checked: a probe calls by IP address, has no tenant and follows no redirect."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        checks = PATHS.get(request.path_info.removesuffix("/"))
        if checks is None or request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        return _report(checks)


def database_answers() -> bool:
    """Whether the database answers a query about a table of ours: SQLite would make an empty file of a lost one."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1 from accounts_tenant limit 1")
            return True
    except DatabaseError:
        return False


def migrations_applied() -> bool:
    """Whether the database has every table of this version of the program."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _report(checks: dict[str, Check]) -> HttpResponse:
    results = {name: check() for name, check in checks.items()}
    healthy = all(results.values())
    response = JsonResponse(
        {
            "status": "healthy" if healthy else "unhealthy",
            "service": "neobank",
            "checks": {name: "ok" if good else "failed" for name, good in results.items()},
        },
        status=200 if healthy else 503,
        headers={"Cache-Control": "no-store"},
    )
    response["Content-Length"] = str(len(response.content))
    return response


PATHS: Final[dict[str, dict[str, Check]]] = {
    "/health": {"database": database_answers},
    "/api/v1/health": {"database": database_answers},
    "/health/live": {},
    "/health/ready": {"database": database_answers, "migrations": migrations_applied},
}

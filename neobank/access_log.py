"""The one line a request leaves: method, route, status, latency; tenant and user were bound on the way.

The route is the pattern (``api/v1/transfers/<id>``), never the address: addresses and their queries hold names and codes.
"""

from __future__ import annotations

import time
from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django_structlog import signals


@receiver(signals.bind_extra_request_finished_metadata)
def _finished(request: HttpRequest, response: HttpResponse, log_kwargs: dict[str, Any], **_: Any) -> None:
    _describe(request, response.status_code, log_kwargs)


@receiver(signals.bind_extra_request_failed_metadata)
def _failed(request: HttpRequest, log_kwargs: dict[str, Any], **_: Any) -> None:
    _describe(request, 500, log_kwargs)


@receiver(signals.bind_extra_request_metadata)
def _started(log_kwargs: dict[str, Any], **_: Any) -> None:
    log_kwargs.clear()


def _describe(request: HttpRequest, status: int, line: dict[str, Any]) -> None:
    line.clear()
    match = request.resolver_match
    started_at = getattr(request, "started_at", None)
    line |= {
        "method": request.method,
        "route": match.route if match else "",
        "status": status,
        "latency_ms": round((time.perf_counter() - started_at) * 1000, 1) if started_at else None,
    }

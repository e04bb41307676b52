"""Logs: one JSON line an event on standard output, readable lines on a laptop, and no secret in either.

Settings call ``logging_config`` before anything of Django is ready, so this module imports none of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor

REMOVED: Final = "[removed]"

# Values under such names are never written, whatever they are.
_SECRET_NAMES: Final = re.compile(
    r"pass(word|phrase|wd)|secret|token|api[-_]?key|authorization|cookie|credential|otp|event[-_]?code|phone|session_key",
    re.IGNORECASE,
)
# What is recognised as a secret wherever it stands, messages of exceptions included.
_SECRET_TEXTS: Final = (
    (re.compile(r"\b(nbk_[A-Za-z0-9]{1,8}|nbr_[0-9a-f]{1,32})_[A-Za-z0-9_-]+"), rf"\1_{REMOVED}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), REMOVED),
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {REMOVED}"),
    (
        re.compile(
            r"((?:pass(?:word|phrase|wd)|secret|token|api[-_]?key|otp|phone)[\"']?\s*[:=]\s*)"
            r"(\"[^\"]*\"|'[^']*'|[^\s,;&}\"']+)",
            re.IGNORECASE,
        ),
        rf"\1{REMOVED}",
    ),
    # A telephone number: international, or national with its leading zero; not a UUID that has only digits, nor a date.
    (
        re.compile(
            r"(?<![\w.:-])(?![0-9a-f]{8}-[0-9a-f]{4}-)(\+\d[\d ()./-]{6,}\d|0\d[\d ()/-]{6,}\d)(?![\w-])"
        ),
        REMOVED,
    ),
)


def logging_config(*, log_format: str, level: str) -> dict[str, Any]:
    """Configure structlog, and return ``LOGGING`` for everything that uses the standard library.

    ``log_format`` is ``json`` or ``console``, ``level`` a name such as ``INFO``.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if log_format == "json"
        # The plain formatter: the pretty one prints local variables, and those are where secrets are.
        else structlog.dev.ConsoleRenderer(
            timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
        )
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            },
        },
        "handlers": {
            "nowhere": {"class": "logging.NullHandler"},
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"},
        },
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            # Django's own handlers would write a second, different line.
            "django": {"handlers": [], "propagate": True},
            # The request's one line says it (neobank.access_log).
            "django.request": {"handlers": ["nowhere"], "propagate": False},
            # So for this, which writes whole paths: the codes in some of them open something.
            "django.security.csrf": {"handlers": ["nowhere"], "propagate": False},
        },
    }


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Processor: takes secrets, tokens and telephone numbers out of every value, nested ones included."""
    return {name: _redacted(name, value) for name, value in event.items()}


def _redacted(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name):
        return REMOVED
    if isinstance(value, str):
        for pattern, replacement in _SECRET_TEXTS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        # Digests, sealed values, bodies: nothing that a log is for.
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {key: _redacted(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_redacted("", item) for item in value]
    if isinstance(value, bool | int | float | None):
        return value
    return value if name.startswith("_") else _redacted(name, str(value))

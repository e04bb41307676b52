"""The web server: gunicorn with threads, configured in code, so that there is one way to start it."""

from __future__ import annotations

import os
from typing import Any, Final

from django.conf import settings
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http import wsgi

# A stopping server finishes what it has begun; an orchestrator kills it after 30 s.
GRACEFUL_S: Final = 25


class Server(BaseApplication):
    """gunicorn for this project; ``run`` returns only by exiting the process."""

    def load_config(self) -> None:
        for name, value in options().items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from neobank.wsgi import application

        return application

    def run(self) -> None:
        wsgi.Response.default_headers = _headers
        super().run()


class PlainLogger(Logger):
    """gunicorn's own messages go where all logs go; requests are logged by the application, once."""

    def setup(self, cfg: Config) -> None:
        self.cfg = cfg
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def access(self, *args: Any) -> None:
        """Nothing: see above."""

    def reopen_files(self) -> None:
        """Nothing: logs go to standard output."""


def options() -> dict[str, Any]:
    """gunicorn's settings, from ours."""
    return {
        "bind": [address()],
        "workers": settings.WEB_WORKERS,
        "worker_class": "neobank.worker.Worker",
        "threads": settings.WEB_THREADS,
        "graceful_timeout": GRACEFUL_S,
        "keepalive": 15,
        "limit_request_line": 4094,
        "limit_request_fields": 64,
        "limit_request_field_size": 8190,
        # A worker's heartbeat is a file: in memory, or a slow disk looks like a dead worker; the root may be read-only.
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,  # noqa: S108
        "control_socket_disable": True,
        # Which hops are believed is the application's to decide, see accounts.addresses.
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "logger_class": PlainLogger,
        "proc_name": "neobank",
    }


def address() -> str:
    """``HOST:PORT`` as gunicorn wants it, IPv6 in brackets."""
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    return f"{host}:{settings.PORT}"


_default_headers = wsgi.Response.default_headers


def _headers(response: Any) -> list[str]:
    """Without the server's name; and a body that was not read to its end is the last, as the client should know."""
    if getattr(response.req.body, "failed", False):
        response.force_close()
    return [line for line in _default_headers(response) if not line.startswith("Server:")]

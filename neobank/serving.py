"""The web server: gunicorn with threads, configured in code, so that there is one way to start it."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any, Final

from django.conf import settings
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http import wsgi

from neobank import tls

# A stopping server finishes what it has begun; an orchestrator kills it after 30 s.
GRACEFUL_S: Final = 25


class Server(BaseApplication):
    """gunicorn for this project; ``run`` returns only by exiting the process.

    With ``while_stdin_is_open`` it stops as by SIGTERM when its standard input ends: whoever holds the other end of that
    pipe takes the server along, however he goes.
    """

    def __init__(self, *, while_stdin_is_open: bool = False) -> None:
        self.while_stdin_is_open = while_stdin_is_open
        super().__init__()

    def options(self) -> dict[str, Any]:
        """gunicorn's settings for this server."""
        return options()

    def load_config(self) -> None:
        for name, value in self.options().items():
            self.cfg.set(name, value)
        if self.while_stdin_is_open:
            self.cfg.set("post_worker_init", _watch_stdin)

    def load(self) -> Any:
        from neobank.wsgi import application

        return application

    def run(self) -> None:
        wsgi.Response.default_headers = _headers
        super().run()


class Door(Server):
    """The plain-http side of a laptop that serves https itself (``neobank.laptop.door``)."""

    def options(self) -> dict[str, Any]:
        """Another port, one process, no TLS."""
        own = {"bind": [address(settings.EVENT_HTTP_PORT)], "workers": 1, "threads": 4}
        return {name: value for name, value in options().items() if name not in _TLS} | own

    def load(self) -> Any:
        from neobank.laptop.door import application

        return application()


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
    } | _tls()


def address(port: int | None = None) -> str:
    """``HOST:PORT`` as gunicorn wants it, IPv6 in brackets; ``port`` instead of ``PORT``."""
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    return f"{host}:{port or settings.PORT}"


_TLS: Final = ("certfile", "keyfile", "ssl_context")


def _tls() -> dict[str, Any]:
    if not settings.TLS_CERT:
        return {}
    return dict(zip(_TLS, (settings.TLS_CERT, settings.TLS_KEY or None, tls.context), strict=True))


def _watch_stdin(_worker: Any) -> None:
    """In a worker, because a process that forks should have no threads: tell the master when standard input ends."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getppid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


_default_headers = wsgi.Response.default_headers


def _headers(response: Any) -> list[str]:
    """Without the server's name; and a body that was not read to its end is the last, as the client should know."""
    if getattr(response.req.body, "failed", False):
        response.force_close()
    return [line for line in _default_headers(response) if not line.startswith("Server:")]

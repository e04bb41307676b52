"""Real web servers, started and killed as a machine would start and lose them."""

import contextlib
import http.client
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.databases import PROJECT, Server


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class WebServer(Server):
    """gunicorn, as production runs it, on one loopback port.

    After `kill` (the power cut: kill -9 for the whole process group) or `stop` (SIGTERM, which lets requests finish),
    `start` brings it back under the same address.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    stop_signal = signal.SIGTERM

    @property
    def base_url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it printed, over all of its lives."""
        return self.folder / f"web-{self.port}.log"

    def start(self) -> "WebServer":
        """Run it and return when /health/live answers; raises ServerFailed with the end of its log."""
        address = {"HOST": "127.0.0.1", "PORT": str(self.port)}
        command = [sys.executable, str(PROJECT / "manage.py"), "serve"]
        self._spawn(command, self.log, {**self.environment, **address}, cwd=PROJECT)
        self._wait_until(self._answers, self.log)
        return self

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/health/live")
            return connection.getresponse().status == 200
        return False

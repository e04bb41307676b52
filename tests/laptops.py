"""A laptop in a field, as `make event` makes one: a real process on loopback addresses with a folder of its own."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.serialization import Encoding

from neobank import local_secrets
from neobank.laptop import authority
from tests.databases import PROJECT, eventually
from tests.servers import WebServer, free_port

GM, PASSWORD = "Old Nyx", "neon-rain-2077"
#: What the suite's environment says and `make event` sees to itself.
OWN = {*local_secrets.DRAW, "DEBUG", "HTTPS", "ALLOWED_HOSTS", "DATABASE_URL", "DATABASE_OWNER_URL"}
ANSWERS = {"EVENT_NAME": "Neon Night", "EVENT_GM_NAME": GM, "EVENT_GM_PASSWORD": PASSWORD}


@dataclass
class Laptop(WebServer):
    """`environment` is that of the person who types the command; `kill` is the battery falling out."""

    http_port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ()

    @classmethod
    def new(cls, folder: Path, around: Mapping[str, str], **more: str) -> Laptop:
        """A laptop without an event, that answers the questions; ``around`` is the suite's environment."""
        folder.mkdir(parents=True, exist_ok=True)
        usual = {name: value for name, value in around.items() if name not in OWN}
        own = {"VAR_DIR": str(folder / "var"), "HOST": "127.0.0.1", "EVENT_BACKUP_EVERY_S": "3600"}
        return cls(folder, environment=usual | own | ANSWERS | more)

    def start(self) -> Laptop:
        """Run it, and return when it has said that it is open."""
        before = self.said().count(" is open.")
        self.run()
        self._wait_until(lambda: self.said().count("Ctrl-C ends it") > before, self.log)
        return self

    def run(self) -> None:
        """Run it without waiting for anything."""
        ports = {"PORT": str(self.port), "EVENT_HTTP_PORT": str(self.http_port)}
        command = [sys.executable, str(PROJECT / "manage.py"), "event", *self.arguments]
        self._spawn(command, self.log, {**self.environment, **ports}, cwd=PROJECT)

    def beside(self, *arguments: str) -> str:
        """What a command says that is run beside it, as `make manage` runs one."""
        ports = {"PORT": str(self.port), "EVENT_HTTP_PORT": str(self.http_port)}
        command = [sys.executable, str(PROJECT / "manage.py"), "local", *arguments]
        around = {**self.environment, **ports}
        done = subprocess.run(command, cwd=PROJECT, env=around, capture_output=True, text=True)
        return done.stdout + done.stderr

    def ended(self) -> int:
        """Its exit status, when it has ended by itself."""
        assert self.process is not None
        return self.process.wait()

    def said(self) -> str:
        """Everything it has printed, over all of its lives."""
        return self.log.read_text() if self.log.exists() else ""

    @property
    def folder_of_event(self) -> Path:
        """Where its event is."""
        return Path(self.environment["VAR_DIR"]) / "event"

    def secrets(self) -> dict[str, str]:
        """What stands in its file of secrets."""
        lines = (self.folder_of_event / "secrets.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))

    def backups(self) -> list[Path]:
        """The backups of its schedule, oldest first."""
        chosen = self.environment.get("EVENT_BACKUP_DIR", str(self.folder_of_event / "backups"))
        return sorted(Path(chosen).glob("*.nbk"))

    def wait_for_backups(self, count: int) -> None:
        """Return when it has told of so many."""
        assert eventually(lambda: self.said().count("  backup: ") >= count)

    def trusting(self) -> ssl.SSLContext:
        """A phone that trusts its authority and nobody else."""
        pem = authority.certificate_in(self.folder_of_event / "authority.pem").public_bytes(Encoding.PEM)
        return ssl.create_default_context(cadata=pem.decode())

    def ask(self, path: str, body: Any = None, *, host: str = "127.0.0.1", **headers: str) -> Answer:
        """An answer over https, from a phone that trusts the authority."""
        connection = http.client.HTTPSConnection(host, self.port, timeout=60, context=self.trusting())
        raw = None if body is None else json.dumps(body)
        return _answer(connection, "GET" if raw is None else "POST", path, raw, headers)

    def post(self, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """An answer to a page's form, over https."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.trusting())
        return _answer(connection, "POST", path, urlencode(form), headers)

    def ask_plainly(self, path: str, *, port: int, method: str = "GET", host: str = "") -> Answer:
        """An answer over plain http."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        return _answer(connection, method, path, None, {"Host": host} if host else {})

    def sign_in(self, name: str = GM, password: str = PASSWORD) -> str:
        """An access token."""
        answer = self.ask("/api/v1/auth/login", {"character_name": name, "password": password})
        assert answer.status == 200, answer.text
        return str(answer.json["access_token"])

    def register(self, name: str) -> str:
        """A new player's access token, by the code on the poster."""
        [code] = set(re.findall(r"^Event code +(\S+)$", self.said(), re.MULTILINE))
        wanted = {"character_name": name, "password": PASSWORD, "event_code": code}
        answer = self.ask("/api/v1/auth/register", wanted)
        assert answer.status == 201, answer.text
        return str(answer.json["access_token"])


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    cookies: list[str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def _answer(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: str | None,
    headers: Mapping[str, str],
) -> Answer:
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        cookies = response.headers.get_all("Set-Cookie") or []
        return Answer(response.status, dict(response.headers), cookies, response.read())
    finally:
        connection.close()

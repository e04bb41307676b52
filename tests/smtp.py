"""A mail server of one's own: RFC 5321 as far as a client that only delivers gets to see it."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from queue import Queue


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.say(220, "here")
        to: list[str] = []
        while line := self.rfile.readline():
            verb, _space, rest = line.decode().strip().partition(" ")
            if verb.upper() == "QUIT":
                self.say(221, "bye")
                return
            if verb.upper() == "DATA":
                self.say(354, "go on")
                raw = b"".join(iter(self._line, b".\r\n"))
                self.server.letters.put((to, email.message_from_bytes(raw, policy=email.policy.default)))  # type: ignore[attr-defined]
                to = []
            elif verb.upper() == "RCPT":
                to.append(rest.partition(":")[2].strip("<> "))
            self.say(250, "fine")

    def _line(self) -> bytes:
        line = self.rfile.readline()
        return line[1:] if line.startswith(b"..") else line

    def say(self, code: int, text: str) -> None:
        self.wfile.write(f"{code} {text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class MailServer:
    """A running one: where it listens, and what was delivered."""

    def __init__(self, server: _Server) -> None:
        self.port: int = server.server_address[1]
        self.letters: Queue[tuple[list[str], EmailMessage]] = server.letters  # type: ignore[attr-defined]

    def next(self) -> tuple[str, EmailMessage]:
        """The next letter that arrives, and whom it is for. Raises ``queue.Empty`` when none does."""
        [to], letter = self.letters.get(timeout=30)
        return to, letter


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """One on a port of this machine, while the block runs."""
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.letters = Queue()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield MailServer(server)
        server.shutdown()
        thread.join()

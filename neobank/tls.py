"""TLS of our own web server, where no proxy in front does it.

Phones in a field come and go in the middle of everything, so whoever holds a thread without sending anything is let go. Whoever
comes with plain http, because a browser was told the address without ``https://``, is told where to go.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings

_HANDSHAKE: Final = 0x16  # the content type of a TLS handshake record, RFC 8446 section 5.1
_HEAD_BYTES: Final = 4096


def context(_config: Any = None, _usual: Any = None) -> ssl.SSLContext:
    """The one context of all connections: with a new one for each, as gunicorn does, no phone could resume its session."""
    global _context
    if _context is None:
        _context = BankContext(ssl.PROTOCOL_TLS_SERVER)
        _context.minimum_version = ssl.TLSVersion.TLSv1_2
        _context.load_cert_chain(settings.TLS_CERT, settings.TLS_KEY or None)
        _context.set_alpn_protocols(["http/1.1"])
    return _context


class BankSocket(ssl.SSLSocket):
    """A connection that ends as if it had been reset when the other side keeps silent in the handshake, or does not believe our
    certificate: every phone that has not trusted it yet does that, several times a page, and would fill the laptop's screen.

    How long anybody may take once a request can be read is for ``neobank.worker``.
    """

    def do_handshake(self, block: bool = False) -> None:
        """See the class."""
        try:
            with _quietly():
                super().do_handshake(block)
        except TimeoutError as error:
            raise _gone() from error

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """See the class."""
        with _quietly():
            return super().recv(buflen, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        """See the class; ``sendall`` sends by this."""
        with _quietly():
            return super().send(data, flags)


class BankContext(ssl.SSLContext):
    """Makes ``BankSocket``; looks at the first byte before it takes it for TLS."""

    sslsocket_class = BankSocket

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """As usual. Raises ``ConnectionResetError`` when this was plain http, which has been answered then."""
        sock.settimeout(settings.WEB_SILENCE_S)
        try:
            head = sock.recv(_HEAD_BYTES, socket.MSG_PEEK)
        except TimeoutError as error:
            raise _gone() from error
        if head and head[0] != _HANDSHAKE:
            _answer_plain_http(sock, head)
            raise _gone()
        return super().wrap_socket(sock, *args, **kwargs)


def secure_url(path: str, host: str) -> str:
    """``path`` at the https address of the bank: under ``host`` when that is one of its names, else under its first."""
    name = host.strip().rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host.strip()
    if name not in settings.ALLOWED_HOSTS:
        name = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
    safe = path if path.startswith("/") and not path.startswith("//") and path.isprintable() else "/"
    return f"https://{name}:{settings.PORT}{safe}"


def _answer_plain_http(sock: socket.socket, head: bytes) -> None:
    lines = head.decode("latin-1").split("\r\n")
    method, _space, rest = lines[0].partition(" ")
    host = next((line.partition(":")[2] for line in lines[1:] if line.lower().startswith("host:")), "")
    if method not in {"GET", "HEAD"}:
        answer = "HTTP/1.1 400 Bad Request\r\n"
    else:
        path = rest.partition(" ")[0]
        answer = f"HTTP/1.1 302 Found\r\nLocation: {secure_url(path, host)}\r\n"
    sock.recv(len(head))
    sock.sendall(f"{answer}Content-Length: 0\r\nConnection: close\r\n\r\n".encode("latin-1", "replace"))
    sock.shutdown(socket.SHUT_WR)


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        yield
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        raise
    except ssl.SSLError as error:
        raise _gone() from error


def _gone() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "the other side is gone")


_context: ssl.SSLContext | None = None

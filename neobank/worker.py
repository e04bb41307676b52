"""gunicorn's worker with threads, given bounds of time: a thread is for whoever sends, and not for ever.

Its own worker reads with no timeout, keeps a thread for each connection that has said nothing yet, and waits in its main loop
for clients to hang up: a handful of slow phones, or one person with a script, and nobody else is served.

Here a new connection waits in the poller until it says something. Then a thread reads it: each pause may last
``WEB_SILENCE_S``, a request with its body ``WEB_REQUEST_S``, and each piece of the answer ``WEB_SEND_S``. Who is slower is
answered 408 (where an answer is still possible) and let go. A connection that is closing waits in the poller as well.
"""

from __future__ import annotations

import errno
import selectors
import socket
import ssl
import time
from functools import partial
from typing import Any, Final

from django.conf import settings
from gunicorn import util
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.sock import ssl_wrap_socket
from gunicorn.workers.gthread import TConn, ThreadWorker

# Read and thrown away after the last answer, so that the client reads that answer instead of a broken connection.
_LAST_WORDS_MAX: Final = 65_536
_GONE_BEFORE_ACCEPT: Final = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED}


class Worker(ThreadWorker):
    """Takes in connections, and gives them to threads when they have something to say."""

    def accept(self, listener: socket.socket) -> None:
        """Let a new connection wait in the poller."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in _GONE_BEFORE_ACCEPT:
                return
            raise
        self.nr_conns += 1
        connection = Connection(self.cfg, client, address, listener.getsockname())
        connection.set_timeout()
        self.pending_conns.append(connection)
        readable = partial(self.on_pending_socket_readable, connection)
        self.poller.register(client, selectors.EVENT_READ, readable)

    def handle(self, connection: Connection) -> Any:
        """One request, in a thread. Returns whether the connection goes back into the poller."""
        if connection.is_leaving:
            return connection.may_still_talk()
        return super().handle(connection) or connection.leave()

    def handle_request(self, request: Any, connection: Connection) -> Any:
        """The same, with its headers read. A client that does not read its answer is let go without a traceback."""
        try:
            return super().handle_request(request, connection)
        except TimeoutError:
            self.log.info("A client did not read its answer in time.")
            connection.close()
            return False

    def handle_error(self, request: Any, client: socket.socket, address: Any, error: Exception) -> None:
        """What could not be read as a request."""
        if isinstance(error, HeadersTooSlow):
            self.log.info("A client did not finish its headers in time.")
            util.write_error(client, 408, "Request Timeout", "")
            return
        super().handle_error(request, client, address, error)

    def _cap_keepalive(self, deadline: float) -> None:
        # A stopping worker waits no longer for who has said nothing than for who has been answered.
        super()._cap_keepalive(deadline)
        for connection in self.pending_conns:
            connection.timeout = min(connection.timeout, deadline)


class Connection(TConn):
    """One client's connection."""

    sock: socket.socket

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # With TLS there is nothing to read before the handshake, which takes a thread.
        self.parser = None if self.cfg.is_ssl else _Parser(self.cfg, self.sock, self.client)
        self.is_leaving = False
        self._last_words_left = _LAST_WORDS_MAX

    def init(self) -> None:
        """Ready to read a request, in a thread. Raises ``OSError`` when the handshake fails."""
        if self.parser is None:
            self.initialized = True
            wrapped: ssl.SSLSocket = ssl_wrap_socket(self.sock, self.cfg)
            wrapped.do_handshake()
            self.sock = wrapped
            self.parser = _Parser(self.cfg, self.sock, self.client)
        super().init()

    def leave(self) -> bool:
        """Close our side. Returns whether to wait for the other to close its own (RFC 9112 section 9.6)."""
        self.is_leaving = True
        if self.parser is not None:
            self.parser.unreader.take_buffered()
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return self.may_still_talk()

    def may_still_talk(self) -> bool:
        """Throw away what has come. Returns whether there may be more."""
        try:
            self.sock.setblocking(False)
            said = self.sock.recv(_LAST_WORDS_MAX)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._last_words_left -= len(said)
        return said != b"" and self._last_words_left > 0

    def close(self, graceful: bool = False) -> None:
        """Close both sides, at once: this is called in the main loop."""
        util.close(self.sock)


class HeadersTooSlow(Exception):
    """The headers did not come in time. (No ``OSError``, which gunicorn takes for a broken connection.)"""


class _Parser(RequestParser):
    """Reads requests, each with its own deadline."""

    def __init__(self, cfg: Any, source: socket.socket, address: Any) -> None:
        super().__init__(cfg, source, address)
        self.unreader = _Unreader(source)

    def __next__(self) -> Any:
        self.unreader.begin()
        try:
            return super().__next__()
        except TimeoutError:
            raise HeadersTooSlow from None


class _Unreader(SocketUnreader):
    """Reads from the socket; raises ``TimeoutError`` when nothing comes, or not all of it in time."""

    def begin(self) -> None:
        """A request begins."""
        self.deadline = time.monotonic() + settings.WEB_REQUEST_S
        self.sock.settimeout(settings.WEB_SEND_S)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next piece."""
        left = min(self.deadline - time.monotonic(), settings.WEB_SILENCE_S)
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        try:
            piece: bytes = super().chunk(size_hint)
            return piece
        finally:
            self.sock.settimeout(settings.WEB_SEND_S)

"""A line between a phone and the server as it is in a field: it can be cut, lose what the server says, or hold it back."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Final

CHUNK: Final = 65536
# Closed with this a connection is gone at once, as when the signal fails, without a goodbye.
AT_ONCE: Final = struct.pack("ii", 1, 0)


class Line:
    """A TCP relay to one loopback port, at ``base_url``. What it does to a connection is decided when bytes pass.

    - ``mend``: everything passes.
    - ``cut``: nothing does, and what was open is closed.
    - ``lose_answers``: a form reaches the server; when the server answers, the line is cut.
    - ``hold_answers``: a form reaches the server; the answer waits for ``mend``.
    """

    def __init__(self, port: int) -> None:
        self.upstream = port
        self.forms = 0
        self.answered = threading.Event()
        self._state = "mended"
        self._changed = threading.Condition()
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self) -> str:
        """Where the server is reached over this line."""
        return f"http://127.0.0.1:{self.port}"

    def mend(self) -> None:
        """From now on everything passes, what was held back first."""
        self._become("mended")

    def cut(self) -> None:
        """No byte passes."""
        self._become("cut")
        for connection in list(self._open):
            self._drop(connection)

    def lose_answers(self) -> None:
        """Forms arrive; ``answered`` is set when the server has answered one, and nobody hears it."""
        self.answered.clear()
        self._become("losing")

    def hold_answers(self) -> None:
        """Forms arrive; ``answered`` is set when the server has answered one, which is heard after ``mend``."""
        self.answered.clear()
        self._become("holding")

    def close(self) -> None:
        """The end of it."""
        self.cut()
        self._listening.close()

    def _become(self, state: str) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                phone, _address = self._listening.accept()
                threading.Thread(target=self._relay, args=(phone,), daemon=True).start()

    def _relay(self, phone: socket.socket) -> None:
        self._open.add(phone)
        if self._state == "cut":
            self._drop(phone)
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.upstream))
        except OSError:
            self._drop(phone)
            return
        self._open.add(server)
        sends_form = threading.Event()
        back = threading.Thread(target=self._answers, args=(server, phone, sends_form), daemon=True)
        back.start()
        with contextlib.suppress(OSError):
            while data := phone.recv(CHUNK):
                if self._state == "cut":
                    break
                if data.startswith(b"POST "):
                    self.forms += 1
                    sends_form.set()
                server.sendall(data)
        self._drop(phone)
        self._drop(server)

    def _answers(self, server: socket.socket, phone: socket.socket, sends_form: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(CHUNK):
                if sends_form.is_set() and not self._lets_pass():
                    break
                phone.sendall(data)
        self._drop(phone)
        self._drop(server)

    def _lets_pass(self) -> bool:
        """Whether the answer to a form may go on, once that is certain."""
        with self._changed:
            if self._state in {"holding", "losing"}:
                self.answered.set()
            self._changed.wait_for(lambda: self._state != "holding")
            return self._state == "mended"

    def _drop(self, connection: socket.socket) -> None:
        self._open.discard(connection)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

"""How much of a request's body is read, however it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from typing import IO, Any, Final

from django.conf import settings
from django.http import HttpRequest

# Read and thrown away beyond the limit, so that a client still sending hears the refusal instead of a broken connection.
DRAINED_MAX: Final = 16_000_000
_PIECE: Final = 65_536
# Where the environment names the exception for which the request is refused before any view sees it.
REFUSED: Final = "neobank.refused"

_Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class TooLarge(Exception):
    """The body has more bytes than ``DATA_UPLOAD_MAX_MEMORY_SIZE``."""


class TooSlow(Exception):
    """The body did not arrive in the time that the server gives a client."""


def is_too_large(request: HttpRequest) -> bool:
    """Whether the request's body has, or announces, more bytes than allowed."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return length.isdigit() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE


class WholeBodies:
    """WSGI: takes in the body before anything answers, at most one byte more than is allowed.

    Two reasons. Answering a refusal (401, 404) while the client still sends makes the kernel reset the connection, and the
    client never reads why. And Django reads as much as ``Content-Length`` says, where a chunked request says nothing.
    """

    def __init__(self, application: _Wsgi) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        announced = environ.get("CONTENT_LENGTH") or ""
        is_chunked = not announced and "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        if is_chunked or announced.isdigit():
            stream = environ["wsgi.input"]
            try:
                body = stream.read(limit + 1 if is_chunked else min(int(announced), limit + 1))
            except TimeoutError:
                body, environ[REFUSED] = b"", TooSlow()
            if len(body) > limit:
                _drain(stream)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)


def _drain(stream: IO[bytes]) -> None:
    left = DRAINED_MAX
    with suppress(TimeoutError):
        while left > 0 and (piece := stream.read(min(_PIECE, left))):
            left -= len(piece)

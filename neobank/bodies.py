"""How much of a request is read, however it is sent, and in which encoding: before Django looks at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from typing import IO, Any, Final

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest

from accounts.pictures import UPLOAD_MAX

# Read and thrown away beyond the limit, so that a client still sending hears the refusal instead of a broken connection.
DRAINED_MAX: Final = 16_000_000
_PIECE: Final = 65_536
# Where the environment names the exception for which the request is refused before any view sees it.
REFUSED: Final = "neobank.refused"

_FORMS: Final = {"application/x-www-form-urlencoded", "multipart/form-data"}
_CHARSET: Final = re.compile(r";\s*charset\*?\d*\*?\s*=\s*\"?([^\s\";]*)", re.ASCII | re.IGNORECASE)
# RFC 2046 section 5.1.1, quoted or not.
_BOUNDARY: Final = re.compile(
    r";\s*boundary\s*=\s*(\"[^\"]{1,70}\"|[^\s\";]{1,70})", re.ASCII | re.IGNORECASE
)
_READ_AS_UTF_8: Final = {"utf-8", "utf8", "us-ascii", "ascii"}

# Where pictures are sent to; a form has something around them.
UPLOADS: Final = {"/me/picture": UPLOAD_MAX + 10_000, "/api/v1/account/picture": UPLOAD_MAX}

_Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class TooLarge(Exception):
    """The body has more bytes than its address allows."""

    def __init__(self, limit: int | None = None) -> None:
        super().__init__()
        self.limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE if limit is None else limit


class TooSlow(Exception):
    """The body did not arrive in the time that the server gives a client."""


class NotUtf8(Exception):
    """A form says that its text is in another encoding."""


def limit_of(path: str) -> int:
    """How many bytes a body sent to ``path`` may have."""
    return UPLOADS.get(path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def is_too_large(request: HttpRequest) -> bool:
    """Whether the request's body has, or announces, more bytes than allowed."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return length.isdigit() and int(length) > limit_of(request.path_info)


class WholeBodies:
    """WSGI: takes in the body before anything answers, at most one byte more than is allowed.

    Two reasons. Answering a refusal (401, 404) while the client still sends makes the kernel reset the connection, and the
    client never reads why. And Django reads as much as ``Content-Length`` says, where a chunked request says nothing.
    """

    def __init__(self, application: _Wsgi) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        limit = limit_of(environ.get("PATH_INFO", ""))
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
        _settle_encoding(environ)
        _count_parameters(environ)
        return self.application(environ, start_response)


def _settle_encoding(environ: dict[str, Any]) -> None:
    """Leave of the content type what we read it for. Django would decode forms, and the query string, by any codec it names."""
    sent = environ.get("CONTENT_TYPE", "")
    kind = sent.partition(";")[0].strip().lower()
    boundary = _BOUNDARY.search(sent)
    environ["CONTENT_TYPE"] = f"{kind}; boundary={boundary[1]}" if boundary else kind
    named = {encoding.lower() for encoding in _CHARSET.findall(sent)}
    if kind in _FORMS and named - _READ_AS_UTF_8 and environ.get("CONTENT_LENGTH", "0") != "0":
        environ.setdefault(REFUSED, NotUtf8())


def _count_parameters(environ: dict[str, Any]) -> None:
    """Take away a query string that Django would refuse to read, in the middle of whoever asks for it first."""
    if environ.get("QUERY_STRING", "").count("&") >= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:
        environ["QUERY_STRING"] = ""
        environ.setdefault(REFUSED, TooManyFieldsSent())


def _drain(stream: IO[bytes]) -> None:
    left = DRAINED_MAX
    with suppress(TimeoutError):
        while left > 0 and (piece := stream.read(min(_PIECE, left))):
            left -= len(piece)

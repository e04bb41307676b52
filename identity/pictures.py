"""A picture over HTTP: for pages and for apps the same."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from accounts.models import Picture
from accounts.pictures import CONTENT_TYPE

KEPT_S: Final = 86_400


def answer(picture: Picture, request: HttpRequest) -> HttpResponse:
    """The bytes, which are nothing but a picture whatever somebody does with their address.

    An address shows the same for ever, so a browser may keep it; for a day, because its person may have taken it away.
    """
    tag = f'"{picture.pk.hex}"'
    response = (
        HttpResponseNotModified()
        if request.headers.get("If-None-Match") == tag
        else HttpResponse(bytes(picture.content), content_type=CONTENT_TYPE)
    )
    response["ETag"] = tag
    response["Cache-Control"] = f"private, max-age={KEPT_S}, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response

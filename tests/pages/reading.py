"""A browser at the event, and what a person reads on a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from tests.cast import PASSWORD


def sign_in(client: Client, name: str, **more: Any) -> Any:
    """Post the sign-in form."""
    return client.post("/login", {"character_name": name, "password": PASSWORD, **more})


# -- Reading a page ----------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def tags_of(response: Any) -> list[tuple[str, dict[str, str | None]]]:
    """Every start tag of a page with its attributes."""
    return _parsed(response).tags


def text_of(response: Any) -> str:
    """What a person reads on a page, white space folded."""
    return re.sub(r"\s+", " ", " ".join(_parsed(response).text)).strip()


def fields_of(response: Any) -> dict[str, str]:
    """What the fields of a page's forms hold."""
    return {
        str(attrs["name"]): attrs.get("value") or ""
        for tag, attrs in tags_of(response)
        if tag == "input" and attrs.get("name") and attrs.get("type") != "checkbox"
    }


def _parsed(response: Any) -> _Page:
    page = _Page()
    page.feed(response.content.decode())
    return page

"""A game master's desk: a browser with the console open, and the few gestures that every story of it is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.test import Client

from accounts.console.pages import ConsoleAdmin
from tests.cast import PASSWORD, Person
from tests.pages import reading
from tests.pages.reading import fields_of, tags_of

__all__ = ["Desk", "fields_of", "offered", "pages_of", "tags_of", "text_of", "url_of"]


def text_of(response: Any) -> str:
    """What a person reads on a page; a number in brackets has no space around it, though it has a tag."""
    return re.sub(r"(?<=\() | (?=[).,;])", "", reading.text_of(response))


def pages_of(model: type[Model]) -> ConsoleAdmin:
    """The console's pages of a model."""
    found = admin.site.get_model_admin(model)
    assert isinstance(found, ConsoleAdmin)
    return found


def url_of(row: Model, action: str = "change") -> str:
    """The address of a row's page, or of one of its actions."""
    return pages_of(type(row)).url_of(row, action)


@dataclass
class Desk:
    """A browser in which ``person`` has signed in; nobody when None."""

    host: str
    person: Person | None = None
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        if self.person is not None:
            typed = {"character_name": self.person.name, "password": PASSWORD}
            assert self.client.post("/login", typed, HTTP_HOST=self.host).status_code == 302

    def get(self, path: str, **query: Any) -> Any:
        """The page at ``path``."""
        return self.client.get(path, query, HTTP_HOST=self.host)

    def post(self, path: str, typed: dict[str, Any]) -> Any:
        """The answer to a form."""
        return self.client.post(path, typed, HTTP_HOST=self.host)

    def state(self, path: str, **typed: Any) -> Any:
        """Fill in the form at ``path`` and go on: the page that states the effect (a refusal of the form is a failure)."""
        answer = self.post(path, {**_hidden(self.get(path)), **typed})
        assert answer.status_code == 200, text_of(answer)
        return answer

    def confirm(self, path: str, statement: Any, **typed: Any) -> Any:
        """Press the button under a statement."""
        return self.post(path, {**fields_of(statement), "confirmed": "1", **typed})

    def act(self, path: str, **typed: Any) -> Any:
        """Fill in the form of a one-step action and confirm it."""
        return self.post(path, {**_hidden(self.get(path)), **typed, "confirmed": "1"})

    def notice(self, answer: Any) -> str:
        """What stands on the page that a finished action leads to."""
        assert answer.status_code == 303, text_of(answer)
        return text_of(self.get(answer["Location"]))


def offered(page: Any) -> set[str]:
    """The actions that a page offers, by the last part of their addresses."""
    links = [attributes for tag, attributes in tags_of(page) if tag == "a"]
    return {
        str(link["href"]).rstrip("/").rpartition("/")[2]
        for link in links
        if "button" in str(link.get("class", "")).split()
    }


def _hidden(page: Any) -> dict[str, str]:
    assert page.status_code == 200, text_of(page)
    return {
        str(attributes["name"]): attributes.get("value") or ""
        for tag, attributes in tags_of(page)
        if tag == "input" and attributes.get("type") == "hidden" and attributes.get("name")
    }

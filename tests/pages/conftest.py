"""Alice and Bob at one event, and browsers that are signed in as them."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import directory
from tests.cast import OPENING_BALANCE, Event, Person, make_event
from tests.pages.reading import sign_in


@pytest.fixture(autouse=True)
def _no_earlier_event() -> None:
    """The process remembers for two seconds which events there are."""
    directory.forget()


@pytest.fixture
def event(db: None) -> Event:
    """An event whose doors are open."""
    return make_event("arcadia", registration="open")


@pytest.fixture
def alice(event: Event) -> Person:
    """Alice has ₵100.00."""
    return event.person("Alice", money=OPENING_BALANCE)


@pytest.fixture
def bob(event: Event) -> Person:
    """Bob has nothing."""
    return event.person("Bob")


@pytest.fixture
def browser(alice: Person) -> Client:
    """Alice's browser, signed in."""
    client = Client()
    sign_in(client, "Alice")
    return client

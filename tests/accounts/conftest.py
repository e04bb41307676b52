"""The cast, and a browser that carries a cookie."""

import uuid
from collections.abc import Callable
from importlib import import_module

import pytest
from django.conf import settings
from django.test import Client

from accounts import tokens
from accounts.middleware import SESSION_SID, SESSION_TENANT
from tests.cast import Person, Phone, World, make_world


def sid_of(phone: Phone) -> uuid.UUID:
    """The session behind a phone's token."""
    return tokens.decode(phone.headers["Authorization"].removeprefix("Bearer ")).sid


@pytest.fixture
def world(db: None) -> World:
    """Two events and everybody in them."""
    return make_world()


@pytest.fixture
def browser_of() -> Callable[[Person], Client]:
    """A function that makes a browser in which a person has signed in, without the price of a password."""

    def browser(person: Person, *, strict: bool = False) -> Client:
        client = Client(enforce_csrf_checks=strict, headers={"Host": person.host})
        cookie = import_module(settings.SESSION_ENGINE).SessionStore()
        cookie[SESSION_TENANT] = str(person.tenant.pk)
        cookie[SESSION_SID] = str(sid_of(person.phone()))
        cookie.save()
        client.cookies[settings.SESSION_COOKIE_NAME] = cookie.session_key
        return client

    return browser

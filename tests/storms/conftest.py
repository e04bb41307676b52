"""A few people with money, ready to storm a server of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sessions import Database
from tests.storms.load import Crowd


@pytest.fixture
def crowd(fresh_database: Database) -> Iterator[Crowd]:
    """Four people with ₵500.00 each and a till that may debit any of them."""
    people = Crowd.of(4)
    yield people
    people.close()

"""The cast, ready for the stories of the ledger."""

from __future__ import annotations

import pytest

from tests.cast import World, make_world
from tests.ledger.stage import Stage, make_stage


@pytest.fixture
def world(db: None) -> World:
    """Two events and everybody in them."""
    return make_world()


@pytest.fixture
def stage(db: None) -> Stage:
    """Three people and a till, for the posting engine itself."""
    return make_stage()

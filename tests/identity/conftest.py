"""The cast, ready for the stories of the identity room."""

from __future__ import annotations

import pytest

from tests.cast import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """Two events and everybody in them."""
    return make_world()

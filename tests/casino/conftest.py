"""A casino with a house that can pay, and Alice who plays."""

from __future__ import annotations

import pytest

from tests.casino.floor import Floor, open_floor
from tests.cast import make_world


@pytest.fixture
def floor(db: None) -> Floor:
    """Both events with an open casino; no pace, so that tests need not wait."""
    return open_floor(make_world())

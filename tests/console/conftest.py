"""The cast, and the desks of those who have one."""

from __future__ import annotations

import pytest

from casino.console import live
from tests.cast import World, make_world
from tests.console.desk import Desk


@pytest.fixture(autouse=True)
def always_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The casino's figures are counted for each page, however slow the machine is."""
    monkeypatch.setattr(live, "QUICK_S", 3600)


@pytest.fixture
def world(db: None) -> World:
    """Two events and everybody in them."""
    return make_world()


@pytest.fixture
def gm(world: World) -> Desk:
    """The desk of Alice's game master."""
    return Desk(world.arcadia.host, world.gm)


@pytest.fixture
def charlies_gm(world: World) -> Desk:
    """The desk of the game master of the other event."""
    return Desk(world.borea.host, world.charlies_gm)

"""An event to send requests to."""

import io
import logging
from collections.abc import Iterator

import pytest

from accounts.models import Tenant


@pytest.fixture
def arcadia(db: None) -> Tenant:
    """An event without anybody in it."""
    return Tenant.objects.create(slug="arcadia", name="Arcadia")


@pytest.fixture
def borea(db: None) -> Tenant:
    """Another one."""
    return Tenant.objects.create(slug="borea", name="Borea")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged during the test, as it would stand on standard output."""
    (handler,) = [
        handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler
    ]
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)

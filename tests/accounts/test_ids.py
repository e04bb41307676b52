"""Identifiers that sort by time."""

from __future__ import annotations

import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import ids


def test_an_identifier_is_of_version_7_and_knows_its_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = ids.uuid7()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after


@given(st.binary(min_size=10, max_size=10), st.integers(0, 2**48 - 1))
def test_version_variant_and_moment_stand_whatever_was_drawn(random: bytes, milliseconds: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids.os, "urandom", lambda count: random[:count])
        patch.setattr(ids.time, "time_ns", lambda: milliseconds * 1_000_000)
        made = ids.uuid7()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == milliseconds
    kept = ~(0xF << 76 | 0x3 << 62) & (2**80 - 1)
    assert made.int & kept == int.from_bytes(random, "big") & kept


@given(st.integers(0, 2**48 - 2))
def test_later_ones_sort_later(milliseconds: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids.time, "time_ns", lambda: milliseconds * 1_000_000)
        earlier = ids.uuid7()
        patch.setattr(ids.time, "time_ns", lambda: (milliseconds + 1) * 1_000_000)
        later = ids.uuid7()
    assert earlier < later
    assert str(earlier) < str(later)


def test_no_two_are_the_same() -> None:
    assert len({ids.uuid7() for _ in range(10_000)}) == 10_000

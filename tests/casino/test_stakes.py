"""Which stakes fit, and which of them the house can pay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casino import stakes

lines = st.sampled_from([5, 10])


@given(stake=st.integers(1, 10_000), lines=lines, low=st.integers(1, 300), more=st.integers(0, 5_000))
def test_the_nearest_stakes_fit_and_none_is_nearer(stake: int, lines: int, low: int, more: int) -> None:
    lowest, highest = low * lines, low * lines + more * lines
    found = stakes.nearest(stake, lines=lines, lowest=lowest, highest=highest)
    valid = range(lowest, highest + 1, lines)
    assert found
    assert all(one in valid for one in found)
    assert min(abs(one - stake) for one in found) == min(abs(one - stake) for one in valid)


@given(
    available=st.integers(0, 10**7), bound=st.integers(0, 200_000), lines=lines, highest=st.integers(0, 5_000)
)
def test_the_largest_stake_is_covered_and_the_next_one_is_not(
    available: int, bound: int, lines: int, highest: int
) -> None:
    found = stakes.largest_covered(available=available, bound=bound, lines=lines, highest=highest)
    assert found % lines == 0
    assert 0 <= found <= highest
    assert not found or stakes.covers(available=available, stake=found, bound=bound, lines=lines)
    if found + lines <= highest:
        assert not stakes.covers(available=available, stake=found + lines, bound=bound, lines=lines)


@pytest.mark.parametrize(
    ("offered", "says"),
    [
        ([], "1 to 12"),
        (list(range(5, 70, 5)), "1 to 12"),
        ([5, 5], "rising"),
        ([10, 5], "rising"),
        ([0, 5], "more than nothing"),
        ([5, 7], "7 cannot be"),
        ([5.0], "whole number"),
        ([True], "whole number"),
    ],
)
def test_a_game_cannot_offer_other_stakes(offered: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        stakes.check_stakes(offered, lines=5)

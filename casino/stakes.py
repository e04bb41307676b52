"""Which stakes a game takes. Pure; money in minor units.

A stake is divided over the lines, and every prize is a whole number of line bets: so a stake is a whole number of line bets,
too, and no prize is ever rounded.
"""

from __future__ import annotations

from collections.abc import Sequence


def is_divisible(stake: int, lines: int) -> bool:
    """Whether ``stake`` is the same whole amount on each of ``lines``."""
    return stake % lines == 0


def nearest(stake: int, *, lines: int, lowest: int, highest: int) -> list[int]:
    """The valid stakes next to ``stake``: at most one below and one above, within the limits, both included."""
    below = stake // lines * lines
    found = {candidate for candidate in (below, below + lines) if lowest <= candidate <= highest}
    if not found:
        found = {-(-lowest // lines) * lines if stake < lowest else highest // lines * lines}
    return sorted(found)


def largest_covered(*, available: int, bound: int, lines: int, highest: int) -> int:
    """The largest stake whose largest prize the house can pay, 0 when it can cover none.

    ``available`` is what the house has above its floor; the bet comes in first: ``available + stake >= bound * stake / lines``
    with ``bound`` in line bets. The answer is a multiple of ``lines`` and at most ``highest``.
    """
    most = highest // lines
    if bound > lines:
        most = min(most, available // (bound - lines))
    return max(most, 0) * lines


def covers(*, available: int, stake: int, bound: int, lines: int) -> bool:
    """Whether the house can pay the largest prize of a spin with ``stake``, its bet included."""
    return available + stake >= stake // lines * bound


def check_stakes(stakes: Sequence[int], *, lines: int) -> None:
    """Raises ``ValueError`` with a plain sentence unless ``stakes`` are 1 to 12 rising multiples of ``lines``."""
    if not 1 <= len(stakes) <= 12:
        raise ValueError("A game offers 1 to 12 stakes.")
    if any(type(stake) is not int or stake < 1 for stake in stakes):
        raise ValueError("A stake is a whole number of minor units, and more than nothing.")
    if list(stakes) != sorted(set(stakes)):
        raise ValueError("Stakes stand in rising order, each once.")
    wrong = [stake for stake in stakes if not is_divisible(stake, lines)]
    if wrong:
        raise ValueError(f"Each stake is divided over {lines} lines; {wrong[0]} cannot be.")

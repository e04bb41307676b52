"""Amounts: shown, typed and split without losing a unit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import money

amounts = st.integers(0, money.MAX_AMOUNT)
exponents = st.integers(0, 8)


@given(st.integers(0, 10**13 - 1), exponents)
def test_what_is_shown_plainly_is_read_back(amount: int, exponent: int) -> None:
    assert money.parse(money.plain(amount, exponent=exponent), exponent=exponent) == amount


@given(st.integers(-money.MAX_AMOUNT, money.MAX_AMOUNT), exponents)
def test_what_is_displayed_has_every_digit_of_the_amount(amount: int, exponent: int) -> None:
    shown = money.display(amount, symbol="₵", exponent=exponent)
    whole, _, decimals = shown.removeprefix("-").removeprefix("₵").partition(".")
    assert shown.startswith("-") == (amount < 0)
    assert len(decimals) == exponent
    assert int(whole.replace(",", "") + decimals) == abs(amount)
    assert [len(group) for group in whole.split(",")[1:]] == [3] * (len(whole.split(",")) - 1)


@pytest.mark.parametrize(
    ("amount", "exponent", "shown"),
    [
        (0, 2, "₵0.00"),
        (5, 2, "₵0.05"),
        (-123456, 2, "-₵1,234.56"),
        (1234567, 0, "₵1,234,567"),
        (1, 8, "₵0.00000001"),
    ],
)
def test_display(amount: int, exponent: int, shown: str) -> None:
    assert money.display(amount, symbol="₵", exponent=exponent) == shown


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            " ",
            "1,5",
            "1.",
            ".5",
            "1.234",
            "-1",
            "+1",
            "1_000",
            "1e3",
            "NaN",
            "Infinity",
            "٣",
            "1.5\n",
            " 1",
        ),
        *("0x10", "1.5.0", "½", "１", "1" * 14),
    ],
)
def test_what_is_not_an_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        money.parse(typed, exponent=2)


@given(st.text(max_size=12))
def test_any_text_is_an_amount_of_minor_units_or_refused(typed: str) -> None:
    try:
        amount = money.parse(typed, exponent=2)
    except ValueError:
        return
    assert typed.isascii()
    assert amount == Decimal(typed) * 100


@pytest.mark.parametrize("value", [0, -1, 2**53, True, False, 1.0, "1", None])
def test_what_cannot_be_moved(value: object) -> None:
    assert not money.is_amount(value)


@given(st.integers(1, money.MAX_AMOUNT))
def test_what_can_be_moved(value: int) -> None:
    assert money.is_amount(value)


weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(any)


@given(st.integers(-money.MAX_AMOUNT, money.MAX_AMOUNT), weights)
def test_shares_add_up_and_are_as_fair_as_whole_units_can_be(amount: int, weights: list[int]) -> None:
    shares = money.split(amount, weights)
    assert sum(shares) == amount
    total = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        # |share - amount * weight / total| < 1, in whole numbers.
        assert abs(share * total - amount * weight) < total
        assert weight or share == 0


def test_what_is_left_goes_to_the_largest_remainder_and_of_equals_to_the_first() -> None:
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(10, [1, 4, 4]) == [1, 5, 4]
    assert money.split(-100, [1, 1, 1]) == [-34, -33, -33]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [2, -1]])
def test_weights_that_mean_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        money.split(100, weights)

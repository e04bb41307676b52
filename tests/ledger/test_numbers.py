"""Account numbers: a slip of the finger is never another account."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import numbers

PLACES = (3, 4, 5, 6, 8, 9, 10, 11)
characters = st.sampled_from(numbers.ALPHABET)


def with_character(number: str, place: int, character: str) -> str:
    return number[:place] + character + number[place + 1 :]


def with_check_character(body: list[str]) -> str:
    """The one valid number that begins with these seven characters."""
    text = f"NC-{''.join(body[:4])}-{''.join(body[4:])}"
    [number] = [text + last for last in numbers.ALPHABET if numbers.is_valid(text + last)]
    return number


# Not numbers.generate(), which nobody could replay.
drawn = st.lists(characters, min_size=7, max_size=7).map(with_check_character)


def test_generated_numbers_are_valid_and_differ() -> None:
    generated = {numbers.generate() for _ in range(2_000)}
    assert len(generated) == 2_000
    assert all(map(numbers.is_valid, generated))


@given(drawn)
def test_a_number_is_in_the_form_it_is_stored(number: str) -> None:
    assert numbers.normalize(number) == number


@given(drawn)
def test_every_single_wrong_character_is_caught(number: str) -> None:
    for place in PLACES:
        for character in set(numbers.ALPHABET) - {number[place]}:
            assert not numbers.is_valid(with_character(number, place, character))


@given(drawn)
def test_every_exchange_of_two_characters_is_caught(number: str) -> None:
    for one, other in combinations(PLACES, 2):
        if number[one] == number[other]:
            continue
        swapped = with_character(with_character(number, one, number[other]), other, number[one])
        assert not numbers.is_valid(swapped)


@given(drawn, st.data())
def test_it_may_be_typed_as_people_type(number: str, data: st.DataObject) -> None:
    typed = number.replace("-", data.draw(st.sampled_from(["", " ", "-", " - "])))
    typed = "".join(data.draw(st.sampled_from([c.lower(), c])) for c in typed)
    look_alikes = {"1": "1IiLl", "0": "0Oo"}
    head, code = typed[:2], typed[2:]
    code = "".join(data.draw(st.sampled_from(look_alikes.get(c, c))) for c in code)
    assert numbers.normalize(f" {head}{code} ") == number
    assert numbers.normalize(code) == number


@pytest.mark.parametrize(
    "number",
    [
        "",
        "NC",
        "NC-0000-000",
        "NC-0000-00000",
        "nc-0000-0000",
        "NC 0000 0000",
        "NC-000I-0000",
        "NC-0000-0000\n",
    ],
)
def test_what_is_not_written_as_a_number_is_not_valid(number: str) -> None:
    assert not numbers.is_valid(number)


@given(st.text())
def test_any_text_may_be_normalized(typed: str) -> None:
    numbers.normalize(typed)
    numbers.is_valid(typed)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("nc-mint-0000", "NC-MINT-0000"), ("MINTINR0", "NC-MINT-INR0"), ("nc casa 0000", "NC-CASA-0000")],
)
def test_reserved_numbers_keep_their_letters(typed: str, stored: str) -> None:
    assert numbers.normalize(typed) == stored


def test_issuance_accounts_are_named_after_their_currency() -> None:
    assert numbers.mint("NC", first=True) == "NC-MINT-0000"
    assert [numbers.mint(code, first=False) for code in ("INR", "IN", "GOLD")] == [
        "NC-MINT-INR0",
        "NC-MINT-IN00",
        "NC-MINT-GOLD",
    ]

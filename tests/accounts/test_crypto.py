"""Sealed values open in their own place, whole, with a key that is still on the ring, and not otherwise."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from accounts import crypto
from accounts.models import User

PLACE = "accounts.User.email:1"


def ring(*ids: int) -> str:
    """FIELD_KEYS with these keys, the first of which seals."""
    return ",".join(f"{key_id}:{base64.b64encode(bytes([key_id]) * 32).decode()}" for key_id in ids)


@given(st.text())
def test_a_sealed_text_opens_in_its_place(text: str) -> None:
    assert crypto.unseal(crypto.seal(text, place=PLACE), place=PLACE) == text


@given(st.text(), st.text(), st.text())
def test_it_does_not_open_in_another_place(text: str, place: str, other: str) -> None:
    sealed = crypto.seal(text, place=place)
    if other != place:
        with pytest.raises(crypto.CannotOpen):
            crypto.unseal(sealed, place=other)


@given(st.text(max_size=20), st.data())
def test_with_one_bit_flipped_it_does_not_open(text: str, data: st.DataObject) -> None:
    sealed = bytearray(crypto.seal(text, place=PLACE))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(bytes(sealed), place=PLACE)


@given(st.binary(max_size=80))
def test_what_was_never_sealed_does_not_open(noise: bytes) -> None:
    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(noise, place=PLACE)


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert len({crypto.seal("x", place=PLACE) for _ in range(500)}) == 500


def test_a_new_key_seals_and_the_old_one_still_opens_until_it_is_taken_away() -> None:
    with override_settings(FIELD_KEYS=ring(1)):
        old = crypto.seal("secret", place=PLACE)
    with override_settings(FIELD_KEYS=ring(2, 1)):
        assert crypto.unseal(old, place=PLACE) == "secret"
        new = crypto.seal("secret", place=PLACE)
        assert (old[1], new[1]) == (1, 2)
    with override_settings(FIELD_KEYS=ring(2)):
        assert crypto.unseal(new, place=PLACE) == "secret"
        with pytest.raises(crypto.CannotOpen, match="key 1 is not in FIELD_KEYS"):
            crypto.unseal(old, place=PLACE)


def test_a_row_is_sealed_again_once_and_keeps_its_text() -> None:
    row, field = User(pk=uuid.uuid4()), sealed_field()
    with override_settings(FIELD_KEYS=ring(1)):
        crypto.seal_into(row, field, "secret")
        assert not crypto.reseal(row, field)
    with override_settings(FIELD_KEYS=ring(2, 1)):
        assert crypto.reseal(row, field)
        assert not crypto.reseal(row, field)
    with override_settings(FIELD_KEYS=ring(2)):
        assert crypto.open_from(row, field) == "secret"
        other: Any = User(pk=uuid.uuid4())
        setattr(other, field, getattr(row, field))
        with pytest.raises(crypto.CannotOpen):
            crypto.open_from(other, field)


def test_nothing_stays_nothing() -> None:
    row, field = User(pk=uuid.uuid4()), sealed_field()
    crypto.seal_into(row, field, "")
    assert getattr(row, field) == b""
    assert crypto.open_from(row, field) == ""
    assert not crypto.reseal(row, field)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1:",
        "x:AAAA",
        "256:" + "A" * 43 + "=",
        "1:AAAA",
        "1:!",
        ring(1) + "," + ring(1),
        "-1:" + "A" * 43 + "=",
    ],
)
def test_a_broken_key_ring_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        crypto.parse_key_ring(text)


@given(st.text(), st.text(), st.text(), st.text())
def test_blind_indexes_are_equal_for_equal_values_only(
    kind: str, value: str, kind_2: str, value_2: str
) -> None:
    same = crypto.blind_index(kind, value) == crypto.blind_index(kind_2, value_2)
    assert same == (f"{kind}\0{value}" == f"{kind_2}\0{value_2}")
    assert crypto.blind_index(kind, value) == crypto.blind_index(kind, value)


def test_a_blind_index_needs_its_key() -> None:
    before = crypto.blind_index("email", "a@example.org")
    with override_settings(SEARCH_KEY=settings.SEARCH_KEY + "x"):
        assert crypto.blind_index("email", "a@example.org") != before


def sealed_field() -> str:
    """The first encrypted column of a person."""
    return next(field.name for field in User._meta.fields if isinstance(field, crypto.EncryptedField))

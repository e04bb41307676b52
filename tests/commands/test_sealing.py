"""The seal around a backup: whatever is changed, cut off, added or put elsewhere, it does not open."""

from __future__ import annotations

import io
import random

import pytest

from neobank.backups.sealing import CHUNK, HEADER, TAG, CannotOpen, Sealer, key_id, unsealed

KEY = "a key that only this test has"
SIZES = [0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17]


def sealed(data: bytes, *, key: str = KEY, piece: int = 1 << 16) -> bytes:
    file = io.BytesIO()
    sealer = Sealer(file, key)
    for start in range(0, len(data), piece):
        sealer.write(data[start : start + piece])
    sealer.finish()
    assert sealer.size == len(file.getvalue())
    return file.getvalue()


def opened(text: bytes, *, key: str = KEY) -> bytes:
    return b"".join(unsealed(io.BytesIO(text), key))


@pytest.fixture(scope="module")
def three_chunks() -> tuple[bytes, bytes]:
    """Some data and its sealed form."""
    data = random.Random(1).randbytes(2 * CHUNK + 500)
    return data, sealed(data)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_opens(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert opened(sealed(data)) == data


@pytest.mark.parametrize("piece", [1000, CHUNK, 5 * CHUNK])
def test_it_does_not_matter_in_which_pieces_it_was_written(piece: int) -> None:
    data = random.Random(2).randbytes(2 * CHUNK + 3)
    assert opened(sealed(data, piece=piece)) == data


def test_the_same_data_is_sealed_differently_each_time_and_shows_nothing() -> None:
    data = b"Alice has a secret. " * 50
    first, second = sealed(data), sealed(data)
    assert first[HEADER:] != second[HEADER:]
    assert b"Alice" not in first


def test_one_flipped_bit_anywhere_is_refused(three_chunks: tuple[bytes, bytes]) -> None:
    _, good = three_chunks
    chance = random.Random(3)
    borders = [HEADER + n * (CHUNK + TAG) + shift for n in (0, 1, 2) for shift in (-17, -1, 0, 1, 16)]
    for place in [*range(HEADER), *borders, len(good) - 1, *(chance.randrange(len(good)) for _ in range(60))]:
        bad = bytearray(good)
        bad[place] ^= 1 << chance.randrange(8)
        with pytest.raises(CannotOpen):
            opened(bytes(bad))


def test_a_part_that_is_missing_at_the_end_is_refused(three_chunks: tuple[bytes, bytes]) -> None:
    _, good = three_chunks
    whole_chunks = [HEADER + n * (CHUNK + TAG) for n in (0, 1, 2)]
    for length in [*whole_chunks, 0, 3, HEADER - 1, HEADER + 1, HEADER + TAG, len(good) // 2, len(good) - 1]:
        with pytest.raises(CannotOpen):
            opened(good[:length])


def test_chunks_that_change_places_repeat_or_are_left_out_are_refused(
    three_chunks: tuple[bytes, bytes],
) -> None:
    _, good = three_chunks
    header, size = good[:HEADER], CHUNK + TAG
    first, second, last = (
        good[HEADER : HEADER + size],
        good[HEADER + size : HEADER + 2 * size],
        good[HEADER + 2 * size :],
    )
    assert opened(header + first + second + last)
    for wrong in ([second, first, last], [first, last], [second, last], [first, first, second, last], [last]):
        with pytest.raises(CannotOpen):
            opened(header + b"".join(wrong))


def test_bytes_after_the_end_are_refused(three_chunks: tuple[bytes, bytes]) -> None:
    _, good = three_chunks
    for more in (b"\0", b"x" * 500, good[HEADER:]):
        with pytest.raises(CannotOpen):
            opened(good + more)


def test_chunks_of_another_backup_under_the_same_key_are_refused() -> None:
    data = b"x" * (CHUNK + 5)
    one, two = sealed(data), sealed(data)
    with pytest.raises(CannotOpen):
        opened(one[: HEADER + CHUNK + TAG] + two[HEADER + CHUNK + TAG :])
    with pytest.raises(CannotOpen):
        opened(two[:HEADER] + one[HEADER:])


def test_another_key_is_named_and_refused() -> None:
    with pytest.raises(CannotOpen, match=f"number {key_id(KEY)}; the one set here is {key_id('other')}"):
        opened(sealed(b"data"), key="other")


@pytest.mark.parametrize("text", [b"", b"NBBK", b"SQLite format 3\0" + b"\0" * 100, b"\0" * 4000])
def test_any_other_file_is_refused(text: bytes) -> None:
    with pytest.raises(CannotOpen, match="not a backup of NeoBank"):
        opened(text)


def test_what_was_never_finished_does_not_open() -> None:
    file = io.BytesIO()
    sealer = Sealer(file, KEY)
    sealer.write(b"x" * (3 * CHUNK))
    with pytest.raises(CannotOpen):
        opened(file.getvalue())

"""JSON bodies: one meaning each, or a plain refusal."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import Invalid
from neobank.parsers import DEPTH_MAX, parse


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"amount": 10050, "memo": "\xc3\xa4\xf0\x9f\x92\xb0"}', {"amount": 10050, "memo": "ä💰"}),
        (b'"\\ud83d\\udcb0"', "💰"),
        (b" [1.5, -0, null, true] ", [1.5, 0, None, True]),
        (b"-99999999999999999999", -99999999999999999999),
        (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
        (b"[" * DEPTH_MAX + b"]" * DEPTH_MAX, None),
    ],
)
def test_json_is_read(raw: bytes, value: Any) -> None:
    if value is not None:
        assert parse(raw) == value
    else:
        parse(raw)


REFUSED = {
    "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "empty": b"",
    "half": b'{"a": 1',
    "two values": b"{} {}",
    "trailing comma": b"[1,]",
    "single quotes": b"{'a': 1}",
    "comment": b"{} // x",
    "the same name twice": b'{"a": 1, "a": 2}',
    "the same name twice, deep": b'[{"x": {"b": 1, "\\u0062": 2}}]',
    "NaN": b'{"a": NaN}',
    "Infinity": b"[Infinity]",
    "minus Infinity": b"[-Infinity]",
    "infinite after all": b"[1e999]",
    "21 digits": b"[100000000000000000000]",
    "5000 digits": b"1" * 5000,
    "NUL": b'{"a": "x\\u0000"}',
    "NUL in a name": b'{"x\\u0000": 1}',
    "raw control character": b'["\x00"]',
    "half a surrogate pair": b'["\\ud800"]',
    "halves the wrong way round": b'["\\udcb0\\ud83d"]',
    "half in a name": b'{"\\udc00": 1}',
    "too deep": b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1),
    "far too deep": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
def test_what_is_not_json_is_refused_with_a_sentence(raw: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(raw)
    assert refusal.value.code == "malformed_json"
    assert refusal.value.sentence.endswith(".")
    refusal.value.sentence.encode()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**19), 10**19)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(json_values)
def test_whatever_json_can_say_comes_through_unchanged(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_break_it(raw: bytes) -> None:
    try:
        parse(raw)
    except Invalid as refusal:
        assert refusal.code == "malformed_json"  # noqa: PT017  either is fine, anything else is not

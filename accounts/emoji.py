"""Whether a text is one emoji: the picture beside a character's name."""

from __future__ import annotations

import re
from typing import Final

MAX_LENGTH: Final = 16

_BASE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf"
    "\u2934-\u2b55\u3030-\u3299\U0001f000-\U0001faff]"
)
_PERSON_OR_THING = f"{_BASE}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
_JOINED = f"{_PERSON_OR_THING}(?:\u200d{_PERSON_OR_THING})*"
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_KEYCAP = "[0-9#*]\ufe0f?\u20e3"
_SUBDIVISION = "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
# UTS #51 section 1.4.9, without the check that a sequence is one somebody draws.
_ONE: Final = re.compile(f"(?:{_FLAG}|{_KEYCAP}|{_SUBDIVISION}|{_JOINED})")


def is_one(text: str) -> bool:
    """Whether ``text`` is exactly one emoji of at most 16 code points."""
    return len(text) <= MAX_LENGTH and _ONE.fullmatch(text) is not None

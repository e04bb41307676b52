"""Names of characters, staff and factions: every way of making one goes through here.

A name is shown as it was typed (NFKC), and is unique by its ``key``: what is left when case, width and look-alikes are folded
away, after UTS #39 ("skeleton", section 4, and "single script", section 5.1). The characters a name may have, their scripts
and their pictures come from ``data/names.txt``; ``data/README.md`` says how that was made.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from accounts.errors import Invalid

MIN_LENGTH: Final = 2
MAX_LENGTH: Final = 64
MAX_KEY_LENGTH: Final = 128
MARKS_IN_A_ROW_MAX: Final = 3

ANY_SCRIPT: Final = "*"
# Scripts that are written together count as one (UTS #39 section 5.1, augmented script sets).
_TOGETHER: Final = {
    "Hani": {"Hanb", "Jpan", "Kore"},
    "Hira": {"Jpan"},
    "Kana": {"Jpan"},
    "Hang": {"Kore"},
    "Bopo": {"Hanb"},
}
# Payments go to a name or to a number, so no name may be read as one.
_LIKE_A_NUMBER: Final = re.compile(r"nc[\s-]?[0-9a-z]{4}[\s-]?[0-9a-z]{4}", re.ASCII | re.IGNORECASE)


class _Tables(NamedTuple):
    firsts: list[int]
    lasts: list[int]
    scripts: list[frozenset[str]]
    pictures: dict[int, str]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    tables = _Tables([], [], [], {})
    part = ""
    for line in (Path(__file__).parent / "data" / "names.txt").read_text(encoding="ascii").splitlines():
        if line.startswith(("#", "[")):
            part = line
        elif part == "[scripts]":
            first, last, *scripts = line.split()
            tables.firsts.append(int(first, 16))
            tables.lasts.append(int(last, 16))
            tables.scripts.append(
                frozenset(scripts).union(*(_TOGETHER.get(script, ()) for script in scripts))
            )
        else:
            source, *picture = line.split()
            tables.pictures[int(source, 16)] = "".join(chr(int(point, 16)) for point in picture)
    return tables


def _scripts_of(char: str) -> frozenset[str]:
    """The scripts a character is written in, ``{"*"}`` for any; empty when a name may not hold it."""
    tables = _tables()
    place = bisect.bisect_right(tables.firsts, ord(char)) - 1
    return tables.scripts[place] if place >= 0 and ord(char) <= tables.lasts[place] else frozenset()


def clean(raw: str, *, field: str = "character_name") -> str:
    """The name as it will be shown: NFKC, white space folded, 2 to 64 characters.

    Raises ``Invalid`` (``invalid_name``, with ``field``) for a name that is too short or too long, mixes scripts, holds
    anything invisible or that is neither letter, digit nor punctuation, piles up accents, or reads like an account number.
    """
    # Normalising can make a text 18 times as long; what is this long already need not be looked at.
    name = " ".join(unicodedata.normalize("NFKC", raw).split()) if len(raw) <= 4 * MAX_LENGTH else raw
    sentence = _fault_of(name)
    if sentence:
        raise Invalid("invalid_name", sentence, field=field)
    return name


def _too_long() -> str:
    return _("That name is too long. Choose one of 2 to 64 characters.")


def _fault_of(name: str) -> str | None:
    """What is wrong with a normalised name, as a sentence that says what to do; None when nothing is."""
    if len(name) < MIN_LENGTH:
        return _("That name is too short. Choose one of 2 to 64 characters.")
    if len(name) > MAX_LENGTH:
        return _too_long()
    scripts = [_scripts_of(char) for char in name]
    if not all(scripts):
        return _("A name is made of letters, digits, spaces and punctuation. Leave out every other sign.")
    if not any(unicodedata.category(char)[0] in "LN" for char in name):
        return _("A name needs at least one letter or digit. Add one.")
    named = [found for found in scripts if ANY_SCRIPT not in found]
    if named and not frozenset.intersection(*named):
        return _("A name is written in one alphabet. Use letters of one only.")
    if _is_piled_up(name):
        return _("That name has accents where no letter carries them. Leave them out.")
    if _LIKE_A_NUMBER.fullmatch(name):
        return _("That name could be taken for an account number. Choose another.")
    if len(key(name)) > MAX_KEY_LENGTH:
        return _too_long()
    return None


def _is_piled_up(name: str) -> bool:
    """Whether marks stand without a letter, hang over the end, repeat, or pile up (UTS #39 section 5.4)."""
    run = ""
    for before, char in pairwise(" " + name):
        if not unicodedata.category(char).startswith("M"):
            run = ""
        elif before == " " or char in run or len(run) == MARKS_IN_A_ROW_MAX:
            return True
        else:
            run += char
    # A vowel sign at the end belongs to its script's spelling; a free accent there would reach over what follows the name.
    return bool(run) and ANY_SCRIPT in _scripts_of(name[-1])


def key(name: str) -> str:
    """What makes a name unique within its tenant: equal for names that differ in case or width, or that look alike.

    Takes a name that ``clean`` returned; at most 128 characters then. Never shown: ``"Mila"`` gives ``"rnlla"``.
    """
    while (following := _key_step(name)) != name:
        name = following
    return name


def _key_step(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    pictured = unicodedata.normalize("NFD", folded).translate(_tables().pictures)
    return unicodedata.normalize("NFC", pictured)


RESERVED = frozenset(key(name) for name in ("The Mint", "Mint", "The House", "The Bank", "NeoBank", "Casino"))
"""Keys that nobody may take: what stands in a history as the bank's own must be the bank's own."""

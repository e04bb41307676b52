"""Makes ``names.txt`` from the Unicode Consortium's own files; run by hand when a newer version is wanted.

    python accounts/data/build.py FOLDER CONFUSABLES

FOLDER holds Scripts.txt, ScriptExtensions.txt, UnicodeData.txt, DerivedAge.txt, DerivedCoreProperties.txt and
PropertyValueAliases.txt of the Unicode Character Database; CONFUSABLES is the confusables.txt of UTS #39. README.md beside
this file says which versions the present table was made from, and what a new one means for names that exist.
"""

from __future__ import annotations

import itertools
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
KINDS = {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"}
ASCII_SYMBOLS = set(map(ord, "$+<=>^`|~"))
EVERY_SCRIPT = {"Common", "Inherited"}


def rows(path: Path) -> Iterator[list[str]]:
    """The fields of each line, without comments."""
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        fields = [field.strip() for field in line.partition("#")[0].split(";")]
        if fields != [""]:
            yield fields


def ranges(path: Path) -> Iterator[tuple[range, str]]:
    """Code points and their value, from files whose lines are ``0041..005A ; Value``."""
    for points, value, *_ in rows(path):
        first, _, last = points.partition("..")
        yield range(int(first, 16), int(last or first, 16) + 1), value


def categories(ucd: Path) -> dict[int, str]:
    """The general category of every assigned code point."""
    found: dict[int, str] = {}
    first = 0
    for fields in rows(ucd / "UnicodeData.txt"):
        point, name, category = int(fields[0], 16), fields[1], fields[2]
        if name.endswith(", First>"):
            first = point
        for covered in range(first, point + 1) if name.endswith(", Last>") else (point,):
            found[covered] = category
    return found


def scripts(ucd: Path) -> dict[int, str]:
    """The scripts of every code point: short names joined by a blank, ``*`` where it goes with any."""
    short = {long: code for kind, code, long, *_ in rows(ucd / "PropertyValueAliases.txt") if kind == "sc"}
    found: dict[int, str] = {}
    for points, name in ranges(ucd / "Scripts.txt"):
        value = "*" if name in EVERY_SCRIPT else short[name]
        found.update(dict.fromkeys(points, value))
    for points, names in ranges(ucd / "ScriptExtensions.txt"):
        found.update(dict.fromkeys(points, names))
    return found


def allowed(ucd: Path, version: tuple[int, ...]) -> dict[int, str]:
    """The code points a name may be made of, with their scripts.

    Letters, marks, digits, punctuation; nothing that is invisible, that NFKC replaces, or that is newer than the table of
    look-alikes, which would then have nothing to say about it.
    """
    kind, script = categories(ucd), scripts(ucd)
    old = set(
        itertools.chain.from_iterable(
            points
            for points, age in ranges(ucd / "DerivedAge.txt")
            if tuple(map(int, age.split("."))) <= version[:2]
        )
    )
    hidden = set(
        itertools.chain.from_iterable(
            points
            for points, name in ranges(ucd / "DerivedCoreProperties.txt")
            if name == "Default_Ignorable_Code_Point"
        )
    )
    return {
        point: script[point]
        for point in sorted(old - hidden)
        if (kind.get(point) in KINDS or point in ASCII_SYMBOLS or point == 0x20)
        and unicodedata.normalize("NFKC", chr(point)) == chr(point)
    }


def fold(text: str) -> str:
    """Case and compatibility forms away: NFKC and casefold until nothing changes."""
    while (folded := unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())) != text:
        text = folded
    return text


class Pictures:
    """What each folded character looks like.

    The table of UTS #39 knows capitals and small letters apart, a name's key does not. Where the two look like different
    letters (Greek capital Nu like N, small nu like v) one picture must be chosen for both. It is the capital's, because a whole
    name in capitals may look Latin where the same in small letters would not; among ASCII letters it is the small one's, except
    that i looks like l, as its capital does.
    """

    def __init__(self, confusables: Path) -> None:
        self.looks = {
            int(source, 16): "".join(chr(int(point, 16)) for point in target.split())
            for source, target, *_ in rows(confusables)
        }
        self.capitals: dict[str, list[str]] = defaultdict(list)
        for point in range(sys.maxunicode + 1):
            char = chr(point)
            folded = fold(char)
            # Only what a name can hold: the long s, for one, has become an s by then.
            if (
                unicodedata.category(char) == "Lu"
                and len(folded) == 1
                and unicodedata.is_normalized("NFKC", char)
            ):
                self.capitals[folded].append(char)

    def of(self, char: str) -> str:
        """The picture of one folded character, not yet followed to its end."""
        small = self.looks.get(ord(char), char)
        capitals = [fold(self.looks[ord(other)]) for other in self.capitals[char] if ord(other) in self.looks]
        capital = next((picture for picture in capitals if picture.isascii()), None)
        if capital is None or (char.isascii() and small != char):
            return small
        return capital

    def table(self) -> dict[str, str]:
        """Every folded, decomposed character that looks like something else, with its final picture."""
        sources = {*map(chr, self.looks), *self.capitals}
        first = {
            char: self.of(char)
            for char in sorted(sources)
            if fold(char) == char and unicodedata.normalize("NFD", char) == char
        }
        table = {char: self.followed(char, first) for char in first}
        return {char: picture for char, picture in table.items() if picture != char}

    @staticmethod
    def followed(char: str, first: dict[str, str]) -> str:
        """Picture of the picture, until it is its own."""
        text = char
        for _ in range(10):
            parts = unicodedata.normalize("NFD", fold(text))
            following = unicodedata.normalize("NFD", "".join(first.get(part, part) for part in parts))
            if following == text:
                return text
            text = following
        raise SystemExit(f"the pictures of U+{ord(char):04X} run in a circle")


def hexes(text: str) -> str:
    """``0072 006E``."""
    return " ".join(f"{ord(char):04X}" for char in text)


def lines(ucd: Path, confusables: Path) -> Iterator[str]:
    """The table, in two parts."""
    heading = confusables.read_text(encoding="utf-8-sig")
    version = re.search(r"^# Version: ([0-9.]+)", heading, re.MULTILINE)
    database = re.search(r"^# Scripts-([0-9.]+)\.txt", (ucd / "Scripts.txt").read_text(), re.MULTILINE)
    if version is None or database is None:
        raise SystemExit("these are not the files of the Unicode Consortium")
    yield f"# Made by build.py from confusables.txt {version[1]} and the Unicode Character Database {database[1]}."
    yield "# Modified from data files (c) Unicode, Inc.; their licence is in LICENSE-UNICODE.txt."
    yield "[scripts]"
    known = allowed(ucd, tuple(map(int, version[1].split("."))))
    for _, group in itertools.groupby(enumerate(known), lambda pair: (pair[1] - pair[0], known[pair[1]])):
        points = [point for _, point in group]
        yield f"{points[0]:04X} {points[-1]:04X} {known[points[0]]}"
    yield "[pictures]"
    for char, picture in Pictures(confusables).table().items():
        yield f"{ord(char):04X} {hexes(picture)}"


if __name__ == "__main__":
    (HERE / "names.txt").write_text(
        "\n".join(lines(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n", encoding="ascii"
    )

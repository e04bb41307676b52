"""A roster of 500 lines with everything wrong that people save out of a spreadsheet."""

from __future__ import annotations

from typing import Final

SIZE: Final = 500
HEADING: Final = "name;faction;balance;role;e-mail;display name"
#: What is wrong, and a word of the sentence that says so.
BAD: Final = {
    "Runner 003;;1": "Line 4 has this name",
    "RUNNER 005;;1": "Line 6 has this name",
    "Al\u200bice;;1": "letters, digits, spaces and punctuation",
    "P\u0430blo;;1": "one alphabet",
    "=HYPERLINK(1);;1": "formula",
    "@cmd;;1": "formula",
    "Minus;;-5": "not negative",
    "Precise;;1.005": "too many decimals",
    "Words;;plenty": "plain number like 12.50",
    "Thousands;;1,000": "plain number like 12.50",
    "Rich;;99999999999999": "No account can hold",
    "Lost;No Such House;1": "There is: Chrome Syndicate",
    f"{'x' * 70};;1": "too long",
    f"{'y' * 400};;1": "longer than 300",
    "Climber;;1;super_admin": "no role",
    "Post;;1;;not-an-address": "not an e-mail address",
    "Chrome Syndicate;;1": "A faction or the bank",
    "Neobank;;1": "A faction or the bank",
    ";Chrome Syndicate;1": "too short",
    "NC-7F3K-Q2MX;;1": "account number",
}


def good_lines(count: int) -> list[str]:
    """Lines with nothing wrong: every second in a faction, every third without money."""
    return [
        f"Runner {n:03d};{'Chrome Syndicate' if n % 2 else ''};{'' if n % 3 == 0 else f'{n},5'}"
        for n in range(1, count + 1)
    ]


def with_bad_lines() -> tuple[bytes, dict[int, str]]:
    """A file of 500 lines below its heading, and for each bad one its line number and the word that names the fault."""
    good = good_lines(SIZE - len(BAD))
    lines, expected = [HEADING, *good[:10]], {}
    rest = iter(good[10:])
    for text, word in BAD.items():
        lines.append(text)
        expected[len(lines)] = word
        lines += [line for _n, line in zip(range(20), rest, strict=False)]
    lines += list(rest)
    assert len(lines) == SIZE + 1
    return ("\ufeff" + "\r\n".join(lines)).encode(), expected


def total_of(count: int) -> int:
    """What the good lines come to, in minor units."""
    return sum(n * 100 + 50 for n in range(1, count + 1) if n % 3)

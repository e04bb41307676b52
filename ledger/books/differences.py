"""What a replay finds. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that does not say what the movements say.

    ``rule`` is a stable code, ``row`` names the table and the row, ``said`` is a plain sentence. A ``is_note`` may be right: it
    is shown, and does not make the books wrong.
    """

    rule: str
    row: str
    said: str
    is_note: bool = False

    def __str__(self) -> str:
        return f"{self.row}: {self.said} [{self.rule}]"

"""What the person at the laptop sees."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import segno
from django.utils.translation import gettext as _

_RULE: Final = "─" * 78
_LABEL_WIDTH: Final = 16
# Dark on light whatever the terminal's own colours are: half blocks, black on white.
_BLACK_ON_WHITE: Final = "\033[30;107m"
_PLAIN: Final = "\033[0m"
_HALVES: Final = {(1, 1): "█", (1, 0): "▀", (0, 1): "▄", (0, 0): " "}


@dataclass(frozen=True, slots=True)
class Summary:
    """What is said when the bank is open. ``trust_url`` and ``fingerprint`` are empty with a given certificate."""

    event: str
    event_code: str
    addresses: Sequence[str]
    join_url: str
    trust_url: str
    fingerprint: str
    poster: Path
    backups: Path
    every_minutes: str
    is_on_a_network: bool


def lines(summary: Summary) -> list[str]:
    """The summary, line by line."""
    first, *others = summary.addresses
    rows = [(_("Address"), first), *(("", other) for other in others)]
    if not summary.is_on_a_network:
        rows.append(("", _("No network: only this laptop reaches it. Join the Wi-Fi, then start again.")))
    rows += [(_("Game masters"), f"{first}admin/")]
    if summary.event_code:
        rows.append((_("Event code"), summary.event_code))
    if summary.trust_url:
        half = len(summary.fingerprint) // 2 + 1
        rows += [
            (_("To trust it"), summary.trust_url),
            (_("Fingerprint"), summary.fingerprint[:half]),
            ("", summary.fingerprint[half:]),
        ]
    rows += [
        (_("Poster"), str(summary.poster)),
        (
            _("Backups"),
            _("%(folder)s, every %(minutes)s minutes")
            % {"folder": summary.backups, "minutes": summary.every_minutes},
        ),
    ]
    return [
        "",
        _RULE,
        _("%s is open.") % summary.event,
        "",
        *(f"{label:<{_LABEL_WIDTH}}{text}" for label, text in rows),
    ]


def backup_key(key: str, number: str) -> list[str]:
    """What is shown once in the life of an event."""
    return [
        "",
        _RULE,
        _("BACKUP_KEY, shown only now. Write it on paper, and keep it away from this laptop:"),
        "",
        f"    {key}",
        "",
        _("Whoever has it and a backup has the event; without it no backup opens. (Its number is %s.)")
        % number,
        _RULE,
    ]


def qr(url: str) -> str:
    """A QR code for a terminal that knows colours."""
    rows = [list(row) for row in segno.make_qr(url, error="l").matrix_iter(border=2)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    shown = io.StringIO()
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        pairs = zip(upper, lower, strict=True)
        shown.write(_BLACK_ON_WHITE + "".join(_HALVES[bool(a), bool(b)] for a, b in pairs) + _PLAIN + "\n")
    return shown.getvalue()


def can_show_pictures(stream: Any) -> bool:
    """Whether ``stream`` is a terminal that knows half blocks."""
    return bool(stream.isatty()) and "utf" in str(getattr(stream, "encoding", "")).lower()

"""The pieces of a page, as values that the templates draw, and how upper floors add theirs to a lower floor's page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Model, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.requests import BankRequest

if TYPE_CHECKING:
    from accounts.console.actions import ActionPage

# How a piece is meant: "" plain, "good", "bad" (stopped, refused, dangerous), "quiet" (beside the point).
Tone = str
NOTHING = "–"
SHORT_TABLE_ROWS = 30
# Account numbers, and amounts with a sign in front.
_WHOLE = re.compile(r"\bNC-[0-9A-Z]{4}-[0-9A-Z]{4}\b|(?<!\w)-[^\w\s]?[0-9][0-9.,]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is so."""

    label: Any
    value: Any
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table; amounts stand to the right."""

    value: Any
    tone: Tone = ""
    is_amount: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to say."""
        return bool(self.value == NOTHING)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; ``older`` leads to the next page, ``empty`` stands where there is no row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str = ""
    older: str = ""
    newest: str = ""

    @property
    def headings(self) -> list[tuple[str, bool]]:
        """Every heading, and whether it stands over amounts."""
        first = self.rows[0] if self.rows else ()
        return [(label, cell.is_amount) for label, cell in zip(self.columns, first, strict=False)]

    @property
    def is_short(self) -> bool:
        """Whether it can be read at a glance."""
        return len(self.rows) <= SHORT_TABLE_ROWS

    @property
    def labelled(self) -> list[list[tuple[str, Cell]]]:
        """Every cell with its heading: on a phone each row is a card."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a page under its own heading; ``looked_back_to`` is where looking stopped before the table was full."""

    title: str
    facts: Sequence[Fact] = ()
    table: Table | None = None
    note: str = ""
    looked_back_to: Any = None


@dataclass(frozen=True, slots=True)
class Button:
    """The way to a page that does something."""

    label: str
    url: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Extension:
    """What upper floors add to the pages of a model: panels, actions, and ways to find a row by what was typed."""

    panels: list[Callable[[BankRequest, Any], Panel | None]] = field(default_factory=list)
    actions: list[type[ActionPage]] = field(default_factory=list)
    finders: list[Callable[[str], Q | None]] = field(default_factory=list)


_extensions: dict[type[Model], Extension] = {}


def extension_of(model: type[Model]) -> Extension:
    """The extension of a model's pages: an upper floor's ``admin.py`` appends to it, the pages read it."""
    return _extensions.setdefault(model, Extension())


def link(url: str, text: str) -> SafeString:
    """A link, both parts escaped."""
    return format_html('<a href="{}">{}</a>', url, text)


def unbroken(text: str) -> SafeString:
    """Text that stays on one line: half a number is taken for a whole one."""
    return format_html('<span class="number">{}</span>', text)


def whole_numbers(text: Any) -> SafeString:
    """A sentence in which account numbers and negative amounts stay on one line each."""
    return mark_safe(_WHOLE.sub(r'<span class="number">\g<0></span>', escape(str(text))))  # noqa: S308  escaped


def moment(when: dt.datetime | None) -> SafeString | str:
    """A moment on the event's own clock, to the second; the machine-readable form is UTC."""
    if when is None:
        return NOTHING
    local = timezone.localtime(when)
    is_this_year = local.year == timezone.localtime().year
    shown = date_format(local, _("D j M, H:i:s") if is_this_year else _("j M Y, H:i:s"))
    return format_html('<time datetime="{}">{}</time>', when.astimezone(dt.UTC).isoformat(), shown)


def yes_or_no(value: bool) -> str:
    """A truth in words."""
    return _("yes") if value else _("no")

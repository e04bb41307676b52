"""Lists of the console: a form says what can be asked for, and a page ends where the next one begins. Nothing is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

PAGE_ROWS: Final = 50


class Moment(forms.DateTimeField):
    """A moment on the event's clock, as browsers let people pick one."""

    def __init__(self, **kwargs: Any) -> None:
        picker = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(required=False, widget=picker, **kwargs)


class ListForm(forms.Form):
    """What a list can be asked for. What is not a field here cannot be asked: no look-up comes from the address."""

    q = forms.CharField(label=_("Search"), max_length=80, required=False)
    hint: ClassVar[Any] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "list_%s")
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.input_type = "search"
        self.fields["q"].help_text = self.hint

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` as far as the other fields ask for them; only called on a valid form."""
        return rows

    @property
    def said(self) -> str:
        """What the list is narrowed to, when no field shows it."""
        return ""

    @property
    def others(self) -> list[forms.BoundField]:
        """The fields beside the search."""
        return [self[name] for name in self.fields if name != "q"]

    @property
    def to_be_seen(self) -> list[forms.BoundField]:
        """Those of them that are not only in the address."""
        return [field for field in self.others if not field.is_hidden]

    @property
    def asks_more(self) -> bool:
        """Whether one of them is used, or wrong."""
        return any(field.value() or field.errors for field in self.to_be_seen)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, newest first, and the last row of this page when there are older ones."""

    rows: list[Any]
    last: Any = None
    # Where looking stopped before the page was full (None: it did not).
    looked_back_to: Any = None


def page_after(
    rows: QuerySet[Any], *, ordering: Sequence[str], after: Any = None, size: int = PAGE_ROWS
) -> Page:
    """The rows that follow ``after`` (a row, None: from the start). ``ordering`` is descending, its last column unique."""
    if after is not None:
        rows = rows.filter(before(after, ordering))
    found = list(rows.order_by(*ordering)[: size + 1])
    return Page(found[:size], found[size - 1] if len(found) > size else None)


def before(row: Any, ordering: Sequence[str]) -> Q:
    """Rows that stand after ``row`` in a list of descending ``ordering``; the outermost condition is what an index can use."""
    beyond = Q()
    for name in reversed(ordering):
        column = name.removeprefix("-")
        value = attrgetter(column.replace("__", "."))(row)
        strictly = Q(**{f"{column}__lt": value})
        beyond = (
            Q(**{f"{column}__lte": value}) & (strictly | (Q(**{column: value}) & beyond))
            if beyond
            else strictly
        )
    return beyond


def address(path: str, asked: dict[str, str], **more: str) -> str:
    """``path`` with what was asked for, and ``more`` of it; empty values are left out."""
    wanted = {name: value for name, value in {**asked, **more}.items() if value}
    return f"{path}?{urlencode(wanted)}" if wanted else path

"""The trail as the console shows it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.lists import address
from accounts.console.parts import NOTHING, Cell, Panel, Table, link, moment, whole_numbers
from accounts.models import AuditEvent, User
from accounts.requests import BankRequest

ON_A_PAGE = 10
PERSON = "accounts.user"
# Longer ones are ids, which nobody reads.
LONGEST_READABLE = 20
NOUNS = {
    "accounts.session": gettext_lazy("a sign-in"),
    "accounts.faction": gettext_lazy("a faction"),
    "accounts.invite": gettext_lazy("an invitation"),
    "ledger.transfer": gettext_lazy("a transfer"),
    PERSON: gettext_lazy("a person"),
}
# How amounts in a line are said, from the floor that knows currencies: for some lines at once, by the line's id.
Speech = Callable[[int], str]
speakers: list[Callable[[Sequence[AuditEvent]], dict[uuid.UUID, Speech]]] = []
# The console's page for a kind of target, by the address's name; upper floors add theirs.
pages = {
    PERSON: "admin:accounts_user_change",
    "accounts.faction": "admin:accounts_faction_change",
}
# Noted as the ledger counts them, in minor units.
_AMOUNTS = {
    "amount",
    "floor",
    "limit_per_day",
    "limit_per_payment",
    "per_day",
    "per_payment",
    "total",
    "welcome_bonus",
}


def trail_of(request: BankRequest, target: str) -> Panel | None:
    """What was done to ``target`` lately; None for those who may not see the trail."""
    if not request.user.has_perm("accounts.view_audit"):
        return None
    latest = list(AuditEvent.objects.filter(target=target).order_by("-id")[: ON_A_PAGE + 1])
    older = address(_list_url(), {"target": target}) if len(latest) > ON_A_PAGE else ""
    return trail_panel(_("Trail"), latest[:ON_A_PAGE], older=older)


def trail_panel(
    title: str, events: Iterable[AuditEvent], *, with_target: bool = False, older: str = ""
) -> Panel:
    """Lines of the trail, newest first; with what they are about unless the page says it."""
    lines = list(events)
    prepare(lines)
    columns = [_("When"), _("Who"), _("What"), *([_("To what")] if with_target else []), _("Details")]
    rows = [
        [
            Cell(link(reverse("admin:accounts_auditevent_change", args=[event.pk]), shown_moment(event))),
            Cell(event.actor_label),
            what(event),
            *([Cell(target_of(event))] if with_target else []),
            Cell(in_words(event), tone="quiet"),
        ]
        for event in lines
    ]
    return Panel(title, table=Table(columns, rows, empty=_("Nothing yet."), older=older))


def prepare(lines: Sequence[AuditEvent]) -> None:
    """Read, once for all of them, what ``target_of`` and ``in_words`` say about lines: names of people, currencies."""
    about = {line.pk: _person(line.target) for line in lines}
    wanted = set(filter(None, about.values()))
    names = dict(User.objects.filter(pk__in=wanted).values_list("pk", "character_name")) if wanted else {}
    spoken: dict[uuid.UUID, Speech] = {}
    for speaker in speakers:
        spoken |= speaker([line for line in lines if line.metadata.keys() & _AMOUNTS])
    for line in lines:
        line.target_name = names.get(about[line.pk], "")  # type: ignore[attr-defined]
        line.speech = spoken.get(line.pk, _minor_units)  # type: ignore[attr-defined]


def _person(target: str) -> uuid.UUID | None:
    kind, _colon, key = target.partition(":")
    try:
        return uuid.UUID(key) if kind == PERSON else None
    except ValueError:
        return None


def target_of(event: AuditEvent) -> Any:
    """What a line is about, as the way to its page where there is one."""
    kind, _colon, key = event.target.partition(":")
    name = getattr(event, "target_name", "")
    text = name or (key if len(key) <= LONGEST_READABLE else str(NOUNS.get(kind, kind)))
    try:
        return link(reverse(pages[kind], args=[key]), whole_numbers(text))
    except (KeyError, NoReverseMatch):
        # A kind without pages; or a number that somebody typed, and that was noted because it was refused.
        return text or NOTHING


def shown_moment(event: AuditEvent) -> Any:
    """When it happened, on the event's own clock."""
    return moment(event.created_at)


def what(event: AuditEvent) -> Cell:
    """The action, and the refusal when it was refused."""
    if event.status == "ok":
        return Cell(event.action)
    return Cell(
        _("%(action)s: refused (%(code)s)") % {"action": event.action, "code": event.status}, tone="bad"
    )


def details_of(event: AuditEvent) -> list[tuple[str, str]]:
    """What was noted with a line, in words. After ``prepare``."""
    speech: Speech = event.speech  # type: ignore[attr-defined]
    return [
        (name, _plain(value, speech if name in _AMOUNTS else str))
        for name, value in event.metadata.items()
        if value not in ("", None, [])
    ]


def in_words(event: AuditEvent) -> str:
    """``how: both · reason: cheating``. After ``prepare``."""
    return " · ".join(f"{name}: {value}" for name, value in details_of(event)) or NOTHING


def _plain(value: Any, number: Speech) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return number(value)
    if isinstance(value, dict) and value.keys() == {"before", "after"}:
        return f"{_plain(value['before'], number)} → {_plain(value['after'], number)}"
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _minor_units(amount: int) -> str:
    # Without the word, 10000 would be read as ten thousand.
    return _("%(count)d minor units") % {"count": amount}


def _list_url() -> str:
    return reverse("admin:accounts_auditevent_changelist")

"""The trail as the console says it: who did what to what, newest first, whichever floor has recorded it."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import activity
from accounts.activity import EVENT, Activity, Wanted
from accounts.actors import Actor
from accounts.console import noted
from accounts.console.lists import address
from accounts.console.parts import NOTHING, Cell, Panel, Table, link, moment, whole_numbers
from accounts.models import User
from accounts.requests import BankRequest

ON_A_PAGE: Final = 10
PERSON: Final = "accounts.user"
# Longer ones are ids, which nobody reads.
LONGEST_READABLE: Final = 20
_ID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.ASCII)

NOUNS = {
    # That it is about a sign-in, the line says by itself.
    "accounts.session": NOTHING,
    "accounts.faction": gettext_lazy("a faction"),
    "accounts.invite": gettext_lazy("an invitation"),
    "ledger.transfer": gettext_lazy("a transfer"),
    "ledger.vouchers": gettext_lazy("a batch of vouchers"),
    PERSON: gettext_lazy("a person"),
}
# What actions are called, as the buttons are; upper floors add theirs. What is not here is shown by its name in the books.
words: dict[str, Any] = {
    "email.ask": gettext_lazy("E-mail address to be confirmed"),
    "email.confirm": gettext_lazy("E-mail address confirmed"),
    "email.remove": gettext_lazy("E-mail address removed"),
    "faction.create": gettext_lazy("New faction"),
    "fields.reseal": gettext_lazy("Secrets sealed anew"),
    "invite.create": gettext_lazy("Invitation"),
    "key.issue": gettext_lazy("Issue device key"),
    "key.revoke": gettext_lazy("Revoke device key"),
    "login_code.card": gettext_lazy("Login card"),
    "login_code.desk": gettext_lazy("One-time login QR"),
    "login_code.print": gettext_lazy("Print login cards"),
    "login_code.use": gettext_lazy("Sign-in with a card or code"),
    "password.change": gettext_lazy("Change password"),
    "password.confirm": gettext_lazy("Password asked for"),
    "password.forgot": gettext_lazy("Letter for a new password"),
    "password.reset": gettext_lazy("New password"),
    "picture.remove": gettext_lazy("Take picture away"),
    "picture.set": gettext_lazy("New picture"),
    "roster.import": gettext_lazy("Import roster"),
    "session.end_all": gettext_lazy("Sign-out everywhere"),
    "session.end_others": gettext_lazy("Sign-out of all other devices"),
    "session.open": gettext_lazy("Sign-in"),
    "session.reuse": gettext_lazy("Sign-in ended: its token came back"),
    "session.revoke": gettext_lazy("Sign-out"),
    "tenant.brand": gettext_lazy("Change look"),
    "tenant.create": gettext_lazy("New event"),
    "tenant.hosts": gettext_lazy("Change addresses of the event"),
    "tenant.settings": gettext_lazy("Change settings"),
    "user.create": gettext_lazy("New login"),
    "user.disable": gettext_lazy("Switch login off"),
    "user.enable": gettext_lazy("Switch login on"),
    "user.profile": gettext_lazy("Change profile"),
    "user.register": gettext_lazy("Registration"),
    "user.role": gettext_lazy("Change role"),
    "world.pause": gettext_lazy("Pause the world"),
    "world.resume": gettext_lazy("Resume the world"),
}
# The console's page for a kind of thing, by the address's name; upper floors add theirs.
pages = {
    EVENT: "admin:accounts_auditevent_change",
    PERSON: "admin:accounts_user_change",
    "accounts.faction": "admin:accounts_faction_change",
}
# What game masters do elsewhere than in the console, on the server for instance.
done_elsewhere: set[str] = set()


# -- reading it --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """Some lines, newest first. ``older`` is the place where the next ones begin ("" at the end).

    ``looked_back_to`` is where looking stopped before there were as many as asked for (None: it did not).
    """

    lines: Sequence[Activity]
    older: str = ""
    looked_back_to: dt.datetime | None = None


Reader = Callable[[Actor, Wanted, str, int], Found]
# What reads the records of all floors as one trail: the roof's.
readers: list[Reader] = []


def read(actor: Actor, wanted: Wanted, *, after: str = "", limit: int) -> Found:
    """At most ``limit`` lines after ``after``. Raises ``Invalid`` (``bad_cursor``)."""
    [reader] = readers
    return reader(actor, wanted, after, limit)


# -- saying it ---------------------------------------------------------------------------------------------------------

# How a number in a line is said.
Speech = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Told:
    """How an upper floor says a line of its own; what is left out is said in plain words."""

    amounts: Speech | None = None
    what: str = ""
    about: Any = None
    details: Sequence[tuple[str, str]] | None = None


# Each is given all lines of a page at once, and answers by their ids.
tellers: list[Callable[[Sequence[Activity]], dict[uuid.UUID, Told]]] = []


@dataclass(frozen=True, slots=True)
class Said:
    """A line as people read it."""

    line: Activity
    what: Cell
    about: Any
    details: Sequence[tuple[str, str]]

    @property
    def when(self) -> Any:
        """When it happened, on the event's own clock."""
        return moment(self.line.created_at)

    @property
    def in_words(self) -> Any:
        """``how: both · reason: cheating``; ids are left to the page of the line."""
        readable = [f"{name}: {value}" for name, value in self.details if not _ID.search(value)]
        return whole_numbers(" · ".join(readable)) if readable else NOTHING

    def cells(self, *, with_who: bool = True, with_target: bool = True) -> list[Cell]:
        """The line in a table under ``columns``."""
        url = reverse(pages[self.line.record], args=[self.line.id])
        return [
            Cell(link(url, self.when)),
            *([Cell(self._who())] if with_who else []),
            self.what,
            *([Cell(self.about)] if with_target else []),
            Cell(self.in_words, tone="quiet"),
        ]

    def _who(self) -> Any:
        line = self.line
        if line.actor_id is None:
            return noted.NAMELESS.get(line.actor_name, line.actor_name)
        return link(address(list_url(), {"actor": str(line.actor_id)}), line.actor_name)


def columns(*, with_who: bool = True, with_target: bool = True) -> list[str]:
    """The headings over ``Said.cells``."""
    who, target = [_("Who")] if with_who else [], [_("To what")] if with_target else []
    return [_("When"), *who, _("What"), *target, _("Details")]


def say(lines: Sequence[Activity]) -> list[Said]:
    """The lines in words. What has to be read for that is read once for all of them: names of people, currencies."""
    about = {line.id: _person(line.target) for line in lines}
    wanted = set(filter(None, about.values()))
    names = dict(User.objects.filter(pk__in=wanted).values_list("pk", "character_name")) if wanted else {}
    told: dict[uuid.UUID, Told] = {}
    for teller in tellers:
        told |= teller(lines)
    return [_said(line, told.get(line.id, Told()), names.get(about[line.id], "")) for line in lines]


def _said(line: Activity, told: Told, name: str) -> Said:
    details = told.details if told.details is not None else _details_of(line, told.amounts or _minor_units)
    about = told.about if told.about is not None else _target_of(line.target, name)
    return Said(line, _what(line, told.what or called(line.action)), about, details)


def called(action: str) -> str:
    """An action in words."""
    return str(words.get(action, action))


def _what(line: Activity, text: str) -> Cell:
    if line.status == "ok":
        return Cell(text)
    facts = {"action": text, "code": noted.why(line.status)}
    return Cell(_("%(action)s: refused (%(code)s)") % facts, tone="bad")


def _target_of(target: str, name: str) -> Any:
    kind, _colon, key = target.partition(":")
    text = name or (key if len(key) <= LONGEST_READABLE else str(NOUNS.get(kind, kind)))
    try:
        return link(reverse(pages[kind], args=[key]), whole_numbers(text))
    except (KeyError, NoReverseMatch):
        # A kind without pages; or a number that somebody typed, and that was noted because it was refused.
        return text or NOTHING


def _person(target: str) -> uuid.UUID | None:
    kind, _colon, key = target.partition(":")
    try:
        return uuid.UUID(key) if kind == PERSON else None
    except ValueError:
        return None


# Noted as the ledger counts them, in minor units.
_AMOUNTS: Final = {
    "after",
    "amount",
    "before",
    "floor",
    "limit_per_day",
    "limit_per_payment",
    "per_day",
    "per_payment",
    "total",
    "welcome_bonus",
}


def _details_of(line: Activity, amounts: Speech) -> list[tuple[str, str]]:
    details = dict(line.details)
    if details.keys() >= {"before", "after"}:
        change = {"before": details.pop("before"), "after": details.pop("after")}
        details = {"change": change, **details}
    return [
        (noted.name_of(name), _plain(value, _speech(name, amounts)))
        for name, value in details.items()
        if value not in ("", None, [])
    ]


def _speech(name: str, amounts: Speech) -> Speech:
    if name.endswith("_s"):
        return _seconds
    return amounts if name in _AMOUNTS or name == "change" else str


def _plain(value: Any, number: Speech) -> str:
    if value in ("", None, []):
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return number(value)
    if isinstance(value, dict):
        return _plain_pairs(value, number)
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _plain_pairs(pairs: dict[str, Any], number: Speech) -> str:
    if pairs.keys() != {"before", "after"}:
        return ", ".join(f"{noted.name_of(name)} {_plain(value, number)}" for name, value in pairs.items())
    return f"{_plain(pairs['before'], number)} → {_plain(pairs['after'], number)}"


def _seconds(count: int) -> str:
    hours, rest = divmod(count, 3600)
    return _("%(count)d h") % {"count": hours} if not rest else _("%(count)d s") % {"count": count}


def _minor_units(amount: int) -> str:
    # Without the word, 10000 would be read as ten thousand.
    return _("%(count)d minor units") % {"count": amount}


# -- parts of pages ----------------------------------------------------------------------------------------------------


def trail_of(request: BankRequest, target: str, *, title: str = "", note: str = "") -> Panel | None:
    """What was done to ``target`` lately, movements of money aside; None for those who may not see the trail."""
    if not request.user.has_perm(activity.SEES_EVERYTHING):
        return None
    latest = activity.of_events(request.actor(), Wanted(target=target), None, ON_A_PAGE + 1)
    older = address(list_url(), {"target": target}) if len(latest) > ON_A_PAGE else ""
    rows = [said.cells(with_target=False) for said in say(latest[:ON_A_PAGE])]
    table = Table(columns(with_target=False), rows, empty=_("Nothing yet."), older=older)
    return Panel(title or _("What was done to it"), table=table, note=note)


def panel_of(title: str, found: Found, *, asked: dict[str, str], with_who: bool = True) -> Panel:
    """Lines of the trail; ``asked`` is what the list is asked for to go on with older ones."""
    rows = [said.cells(with_who=with_who) for said in say(found.lines)]
    older = address(list_url(), asked, after=found.older) if found.older else ""
    empty = _("Nothing lately.") if found.looked_back_to else _("Nothing yet.")
    return Panel(
        title,
        table=Table(columns(with_who=with_who), rows, empty=empty, older=older),
        looked_back_to=moment(found.looked_back_to) if found.looked_back_to else None,
    )


def list_url() -> str:
    """The address of the whole trail."""
    return reverse("admin:accounts_auditevent_changelist")

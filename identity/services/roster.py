"""Importing a roster: hundreds of characters with accounts and opening balances, after a dry run that names each bad line.

All of it is one transaction. Nobody gets a password: each comes in with a login card, and 500 slow hashes are not computed.
Who is there already is left alone, so the same file again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts import audit, crypto, names, roles, selectors, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid
from accounts.models import Faction, User
from accounts.services import people
from accounts.services.staff import enrol_all
from accounts.units import unit_of_work
from identity.roster import CELL_MAX, Row, amount_of
from ledger import selectors as bank
from ledger.models import Currency
from ledger.selectors.openings import people_with_one
from ledger.services.accounts import open_people
from ledger.services.opening import pay_opening_balances

PERMISSION: Final = "identity.import_roster"
SHOWN_MAX: Final = 40
_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line, and what to do about it."""

    line: int
    name: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A line that can be imported; ``user`` is a draft, ``balance`` in minor units of the first currency."""

    row: Row
    user: User
    balance: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do. ``unpaid`` of ``present`` have never had an opening balance, though the file names one."""

    currency: Currency
    new: list[Newcomer] = field(default_factory=list)
    present: list[Row] = field(default_factory=list)
    unpaid: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def total(self) -> int:
        """What is issued, in minor units."""
        return sum(one.balance for one in self.new)

    @property
    def fingerprint(self) -> str:
        """The same for plans that do the same."""
        told = [[one.user.name_key, str(one.user.faction_id), one.user.role, one.balance] for one in self.new]
        wrong = [fault.line for fault in self.faults]
        return hashlib.sha256(json.dumps([told, wrong]).encode()).hexdigest()[:32]


def plan_roster(*, actor: Actor, rows: Sequence[Row]) -> Plan:
    """What importing ``rows`` would do; writes nothing. Raises ``Denied``, ``NotFound`` (``no_currency``)."""
    actor.require(PERMISSION)
    with tenancy.scope(actor.tenant):
        return _plan(actor, rows)


@unit_of_work
def import_roster(
    *,
    actor: Actor,
    rows: Sequence[Row],
    whole: bool,
    expected: str = "",
    progress: Callable[[int], None] | None = None,
) -> Plan | DomainError:
    """Make the characters that can be made, or (``whole``) none unless every line is good; returns what was done.

    ``expected`` is the fingerprint of the plan that somebody agreed to. ``progress`` hears how many are made so far. Raises
    ``Denied``, ``NotFound`` (``no_currency``), ``Conflict`` (``roster_has_faults``, ``roster_changed``), and what refuses an
    opening balance; then nothing of it was done.
    """
    actor.require(PERMISSION)
    plan = _plan(actor, rows)
    if expected and plan.fingerprint != expected:
        raise Conflict(
            "roster_changed",
            _(
                "Something has changed since you looked, so nothing was imported. Look again at what it says now."
            ),
        )
    if whole and plan.faults:
        raise Conflict(
            "roster_has_faults",
            _("Nothing was imported: %(count)d lines are wrong. Correct them, or import only the good ones.")
            % {"count": len(plan.faults)},
        )
    if not plan.new:
        return plan
    for start in range(0, len(plan.new), _AT_ONCE):
        chunk = plan.new[start : start + _AT_ONCE]
        users = [one.user for one in chunk]
        enrol_all(actor=actor, users=users)
        accounts = open_people(actor=actor, users=users)
        due = [(account, one.balance) for account, one in zip(accounts, chunk, strict=True) if one.balance]
        if due:
            pay_opening_balances(actor=actor, due=due)
        if progress is not None:
            progress(start + len(chunk))
    audit.record(
        actor=actor,
        action="roster.import",
        target=f"accounts.tenant:{actor.tenant.slug}",
        people=len(plan.new),
        left=len(plan.present),
        wrong=len(plan.faults),
        total=plan.total,
    )
    return plan


# -- Judging the lines -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Known:
    """What stands in the event already, and in the lines above."""

    currency: Currency
    factions: dict[str, Faction]
    people: dict[str, User]
    emails: set[bytes]
    lines: dict[str, int] = field(default_factory=dict)


def _plan(actor: Actor, rows: Sequence[Row]) -> Plan:
    known = _known(rows)
    plan = Plan(known.currency)
    there: dict[Row, User] = {}
    for row in rows:
        found = _judge(actor, row, known)
        if isinstance(found, Newcomer):
            plan.new.append(found)
        elif isinstance(found, User):
            there[row] = found
        else:
            plan.faults.append(Fault(row.line, _shown(row.name), tuple(found)))
    plan.present.extend(there)
    paid = people_with_one(user.pk for user in there.values())
    plan.unpaid.extend(row for row, user in there.items() if row.balance.strip() and user.pk not in paid)
    return plan


def _known(rows: Sequence[Row]) -> _Known:
    keys = {key for row in rows if (key := _key_of(row.name))}
    emails = [crypto.blind_index("email", row.email.strip().casefold()) for row in rows if row.email.strip()]
    taken = User.objects.filter(email_index__in=emails).values_list("email_index", flat=True)
    return _Known(
        currency=bank.first_currency(),
        factions={faction.name_key: faction for faction in selectors.factions()},
        people={user.name_key: user for user in User.objects.filter(name_key__in=keys)},
        emails={bytes(index) for index in taken},
    )


def _key_of(name: str) -> str:
    try:
        return names.key(names.clean(name))
    except Invalid:
        return ""


def _judge(actor: Actor, row: Row, known: _Known) -> Newcomer | User | list[str]:
    """Somebody to be made, somebody who is there already, or everything that is wrong with the line."""
    if columns := row.formulas():
        return [_is_formula(columns)]
    if any(len(cell) > CELL_MAX for cell in (row.name, row.faction, row.role, row.email, row.display_name)):
        return [_("A cell is longer than %(count)d characters. Shorten it.") % {"count": CELL_MAX}]
    faults: list[str] = []
    user = _drafted(row, faults)
    if user is not None:
        found = _same_name(row, user, known, faults)
        if found is not None:
            return found
    role = _role_of(actor, row, faults)
    faction = _faction_of(row, known, faults)
    display_name = _display_name_of(row, faults)
    try:
        balance = amount_of(row.balance, exponent=known.currency.exponent)
    except ValueError as error:
        faults.append(str(error))
        balance = 0
    if user is None or faults:
        return faults
    if user.email_index is not None:
        known.emails.add(bytes(user.email_index))
    user.role, user.faction, user.display_name = role, faction, display_name
    return Newcomer(row, user, balance)


def _drafted(row: Row, faults: list[str]) -> User | None:
    try:
        return people.draft(character_name=row.name, email=row.email.strip(), vouched_for=True)
    except Invalid as refusal:
        faults.append(refusal.sentence)
        # The name is looked at all the same: a line below may have it, too.
        return people.draft(character_name=row.name) if refusal.field == "email" else None


def _same_name(row: Row, user: User, known: _Known, faults: list[str]) -> User | None:
    """The person of that very name who is there already. Names that only look alike are faults."""
    existing = known.people.get(user.name_key)
    above = known.lines.setdefault(user.name_key, row.line)
    if above != row.line:
        faults.append(
            _("Line %(line)d has this name, or one that looks like it. Keep one of the two.")
            % {"line": above}
        )
    elif existing is not None:
        if existing.character_name.casefold() == user.character_name.casefold():
            return existing
        faults.append(
            _("“%(name)s” is there already, and the two look alike. Choose another name.")
            % {"name": existing.character_name}
        )
    elif user.name_key in known.factions or user.name_key in names.RESERVED:
        faults.append(_("A faction or the bank itself has this name, or looks like it. Choose another."))
    if user.email_index is not None and user.email_index in known.emails:
        faults.append(_("Somebody else has this e-mail address. Leave it out, or give another."))
    return None


def _role_of(actor: Actor, row: Row, faults: list[str]) -> str:
    typed = "_".join(row.role.casefold().split())
    role = {"": roles.PLAYER, "game_master": roles.GM}.get(typed, typed)
    if role not in people.ROLES_OF_AN_EVENT:
        faults.append(
            _("There is no role “%(role)s”. Leave it empty for a player, or write one of: %(known)s.")
            % {"role": _shown(row.role), "known": ", ".join(people.ROLES_OF_AN_EVENT)}
        )
    elif (refusal := people.why_not_give(actor, role)) is not None:
        faults.append(refusal.sentence)
    return role


def _faction_of(row: Row, known: _Known, faults: list[str]) -> Faction | None:
    if not row.faction.strip():
        return None
    faction = known.factions.get(_key_of(row.faction))
    if faction is None:
        there = ", ".join(faction.name for faction in known.factions.values()) or pgettext("faction", "none")
        faults.append(
            _("There is no faction “%(name)s”. Correct it, or leave it empty. There is: %(known)s.")
            % {"name": _shown(row.faction), "known": there[:200]}
        )
    return faction


def _display_name_of(row: Row, faults: list[str]) -> str:
    if not row.display_name.strip():
        return ""
    try:
        return names.clean(row.display_name)
    except Invalid as refusal:
        faults.append(_("Display name: %(sentence)s") % {"sentence": refusal.sentence})
        return ""


def _is_formula(columns: Sequence[str]) -> str:
    return _(
        "In the column “%(columns)s”: what begins with = + - or @ is a formula for a spreadsheet. Write the text itself."
    ) % {"columns": ", ".join(column.replace("_", " ") for column in columns)}


def _shown(text: str) -> str:
    """What stands in a cell, on one line; what cannot be seen, as its number."""
    short = text[:SHOWN_MAX]
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in short)

"""Making the event of this laptop and its first game master, from the environment or by asking; later starts find them."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from django.conf import settings
from django.utils.translation import gettext as _

from accounts import directory, passwords, roles, selectors, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError
from accounts.models import Tenant, User
from accounts.services.people import draft
from accounts.services.staff import create_staff
from accounts.services.tenants import create_tenant
from neobank.events import draw_event_code, set_up_event

COMMAND: Final = "event"
NAME: Final = "NeoTropolis"
_SLUG_LENGTH_MAX: Final = 40
_CLOCK: Final = Path("/etc/localtime")


class NobodyToAsk(Exception):
    """Something has to be known that the environment does not say, and there is no terminal; the text says what."""


def open_event(*, say: Callable[[str], Any]) -> Tenant:
    """The event, with its bank and a game master; made when it is not there, asking for what the environment leaves open.

    Raises ``NobodyToAsk``, and ``DomainError`` for what the environment says wrongly.
    """
    tenant = _the_event()
    if tenant is None:
        tenant = _make_event()
    # Also after a start that was cut off between the two.
    set_up_event(tenant=tenant, command=COMMAND)
    with tenancy.scope(tenant):
        if not User.objects.filter(role=roles.GM).exists():
            _make_gm(Actor.server(tenant, COMMAND), say)
    return tenant


def _the_event() -> Tenant | None:
    tenants = list(Tenant.objects.exclude(slug=directory.SYSTEM_SLUG).order_by("created_at"))
    if any(tenant.bonus_when_open for tenant in tenants):
        raise Conflict(
            "demo_here",
            _(
                "DATABASE_URL leads to the demo, with its all-powerful till. Unset it, and the event gets a database of its own."
            ),
        )
    return tenants[0] if tenants else None


def _make_event() -> Tenant:
    """The name is asked for only where somebody sits; without one the event is called as in the story."""
    name = (
        settings.EVENT_NAME
        or (_ask(_("The event's name [%s]: ") % NAME) if _is_somebody_there() else "")
        or NAME
    )
    return create_tenant(
        command=COMMAND,
        slug=_slug_of(name),
        name=name,
        registration=Tenant.Registration.EVENT_CODE,
        event_code=settings.EVENT_CODE or draw_event_code(),
        language=settings.LANGUAGE_CODE,
        **_time_zone(),
    )


def _time_zone() -> dict[str, Any]:
    """That of the laptop, where its system names one of the world's; it is where the event is."""
    name = str(_CLOCK.resolve()).partition("zoneinfo/")[2]
    return (
        {"time_zone": name}
        if "/" in name and name in available_timezones() and not name.startswith("Etc/")
        else {}
    )


def _make_gm(actor: Actor, say: Callable[[str], Any]) -> None:
    if settings.EVENT_GM_NAME and settings.EVENT_GM_PASSWORD:
        _create_gm(actor, _draft_gm(settings.EVENT_GM_NAME), settings.EVENT_GM_PASSWORD)
        return
    if not _is_somebody_there():
        raise NobodyToAsk(
            _(
                "This event has no game master yet, and nobody is at the terminal to ask. Set EVENT_GM_NAME and "
                "EVENT_GM_PASSWORD (or EVENT_GM_PASSWORD_FILE), then start it again."
            )
        )
    while True:
        try:
            # The name is looked at first: nobody should type a password twice for a name that is refused.
            user = _draft_gm(settings.EVENT_GM_NAME or _ask(_("The game master's name: ")))
            _create_gm(actor, user, settings.EVENT_GM_PASSWORD or _ask_password())
        except DomainError as refusal:
            if settings.EVENT_GM_NAME or settings.EVENT_GM_PASSWORD:
                raise
            say(refusal.sentence)
        else:
            return


def _draft_gm(name: str) -> User:
    if selectors.login_named(name) is not None:
        raise Conflict("name_taken", _("%s is a player of this event. Choose another name.") % name)
    return draft(character_name=name, role=roles.GM)


def _create_gm(actor: Actor, user: User, password: str) -> None:
    create_staff(actor=actor, user=user, password_hash=passwords.hash_of(password, owner=user))


def _is_somebody_there() -> bool:
    return sys.stdin.isatty()


def _ask(question: str) -> str:
    return input(question).strip()


def _ask_password() -> str:
    """Typed twice, because nobody else could put a mistyped one right tonight."""
    while True:
        password = getpass.getpass(_("Password (8 characters or more): "))
        if password == getpass.getpass(_("The same again: ")):
            return password
        sys.stdout.write(_("The two differ. Type both once more.") + "\n")


def _slug_of(name: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return words[:_SLUG_LENGTH_MAX].strip("-") or "event"

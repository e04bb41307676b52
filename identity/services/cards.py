"""One-time codes as people meet them: cards that are printed, a code shown at the desk, and signing in with either."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import languages, limits, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError
from accounts.models import LoginCode, User
from accounts.services import login_codes, people, sessions
from accounts.units import unit_of_work
from identity import selectors
from identity.addresses import trust_for
from identity.devices import Device
from identity.paper.cards import PrintedCard, cards_pdf
from identity.services import arrivals
from identity.services.stay import SignedIn, Stay


def print_cards(
    *, actor: Actor, users: Sequence[User], address: str, lives: dt.timedelta, request: str
) -> bytes:
    """A PDF with a new login card for each of ``users``; cards that they had before stop working.

    ``address`` is the event's own (``https://bank.example``). The same ``request`` again gives the same file. Raises what
    ``issue_login_codes`` raises, and ``Conflict`` (``nobody_to_print``).
    """
    if not users:
        raise Conflict(
            "nobody_to_print",
            _(
                "There is nobody to print a card for: all of them have chosen a password. Choose “everybody” if need be."
            ),
        )
    issued = login_codes.issue_login_codes(
        actor=actor, users=users, kind=LoginCode.Kind.CARD, lives=lives, request=request
    )
    with tenancy.scope(actor.tenant):
        numbers = selectors.account_numbers_of(users)
    cards = [
        PrintedCard(
            name=one.user.character_name,
            faction=one.user.faction.name if one.user.faction else "",
            number=numbers.get(one.user.pk, ""),
            address=address_of(address, one.code),
        )
        for one in issued
    ]
    last = timezone.localtime(min(one.login_code.expires_at for one in issued))
    trust = trust_for(address)
    with languages.in_that_of(actor.tenant):
        until = date_format(last, _("j M Y"))
        return cards_pdf(cards, event=actor.tenant.name, until=until, trust_url=trust.url if trust else "")


def show_at_desk(
    *, actor: Actor, person: User, lives: dt.timedelta, request: str, end_sign_ins: bool
) -> login_codes.IssuedCode:
    """A code for somebody who stands at the desk without phone or password.

    Raises what ``issue_login_codes`` raises, and ``Conflict`` when the same request was made before and its code is used up.
    """
    [issued] = login_codes.issue_login_codes(
        actor=actor,
        users=[person],
        kind=LoginCode.Kind.DESK,
        lives=lives,
        request=request,
        end_sign_ins=end_sign_ins,
    )
    refusal = login_codes.why_not(issued.login_code)
    if refusal is not None:
        raise refusal
    return issued


def address_of(address: str, code: str) -> str:
    """What the QR of a card holds, at the event's ``address``."""
    return f"{address}{reverse('people:card', args=[code])}"


def redeem_login_code(
    *, actor: Actor, code: str, stay: Stay, device: Device, device_name: str = ""
) -> SignedIn:
    """Sign in whoever holds ``code``, once. ``actor`` is a visitor.

    The phone that used it may ask again for a few minutes and gets the same sign-in: its answer may have been lost on the way.
    Raises ``NotFound`` (``unknown_login_code``), ``Conflict`` (``login_code_used``, ``login_code_replaced``,
    ``login_code_expired``, ``login_off``; in the trail), ``TooMany``.
    """
    limits.hit("login_code", limits.network(actor.origin.ip))
    signed_in = _redeem(actor=actor, code=code, stay=stay, device=device, device_name=device_name)
    arrivals.tell(actor=actor, signed_in=signed_in)
    return signed_in


@unit_of_work
def _redeem(
    *, actor: Actor, code: str, stay: Stay, device: Device, device_name: str
) -> SignedIn | DomainError:
    user = people.locked(login_codes.find(code).user_id)
    # Again, now that nobody else is at it.
    row = login_codes.find(code)
    known = device.after_sign_in(user.pk)
    if (earlier := login_codes.session_of_repeat(row, device.id)) is not None:
        return SignedIn(user, earlier, stay, known)
    refusal = login_codes.why_not(row)
    if refusal is not None:
        return login_codes.refused(actor=actor, row=row, refusal=refusal)
    newcomer = replace(actor, user=user)
    login_codes.use(actor=newcomer, row=row, device_id=device.id)
    opened = sessions.open_session(
        actor=newcomer,
        user=user,
        lasts=stay.lasts(),
        device_name=device_name,
        refreshable=stay is Stay.REFRESHABLE,
    )
    login_codes.note_session(actor=newcomer, row=row, session=opened.session)
    is_elsewhere = arrivals.note(user=user, session=opened.session, device=device)
    return SignedIn(user, opened.session, stay, known, opened.refresh_token, is_elsewhere)

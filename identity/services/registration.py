"""Registration: a login, a bank account and a sign-in, in one transaction or not at all."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from accounts import audit, limits, passwords, selectors, tenancy
from accounts.actors import Actor
from accounts.errors import Denied, DomainError
from accounts.models import Faction, Tenant, User
from accounts.services import invites, people, sessions
from accounts.units import unit_of_work
from identity.devices import Device
from identity.services.stay import SignedIn, Stay
from ledger.services.accounts import open_person
from ledger.services.bonus import pay_welcome_bonus


@dataclass(frozen=True, slots=True)
class Registration:
    """What somebody who registers has filled in. Its repr shows no secret."""

    character_name: str
    password: str = field(repr=False)
    faction: str = ""
    invite: str = field(default="", repr=False)
    event_code: str = field(default="", repr=False)
    email: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _Admission:
    """Why somebody was let in: what that brings with it."""

    earns_bonus: bool
    faction: Faction | None = None
    by: str = "open"


def register(
    *, actor: Actor, wanted: Registration, stay: Stay, device: Device, device_name: str = ""
) -> SignedIn:
    """Make a player with a checking account, signed in, and pay the welcome bonus where it is due.

    ``actor`` is a visitor. Raises ``Invalid`` (``invalid_name``, ``invalid_password``, ``invalid_email``, ``unknown_faction``),
    ``Denied`` (``registration_closed``, ``event_code_needed``, ``wrong_event_code``, ``invite_needed``, ``bad_invite``,
    ``faction_fixed``), ``Conflict`` (``name_taken``, ``email_taken``), ``TooMany``.
    """
    limits.hit("register", limits.network(actor.origin.ip))
    counted_device = device.id or actor.origin.device_id
    place = f"{actor.tenant.pk}:{counted_device}"
    if counted_device:
        limits.peek("register_device", place)
    with tenancy.scope(actor.tenant):
        user = people.draft(character_name=wanted.character_name, email=wanted.email)
        password_hash = passwords.hash_of(wanted.password, owner=user)
    signed_in = _register(
        actor=actor,
        wanted=wanted,
        user=user,
        password_hash=password_hash,
        stay=stay,
        device=device,
        device_name=device_name,
    )
    if counted_device:
        limits.count("register_device", place)
    return signed_in


@unit_of_work
def _register(
    *,
    actor: Actor,
    wanted: Registration,
    user: User,
    password_hash: str,
    stay: Stay,
    device: Device,
    device_name: str,
) -> SignedIn | DomainError:
    admission = _admit(actor, wanted, user)
    if isinstance(admission, Denied):
        return people.refused(actor, "user.register", "", admission)
    user.faction = admission.faction
    people.make_user(actor=actor, user=user, password_hash=password_hash)
    newcomer = replace(actor, user=user)
    audit.record(actor=newcomer, action="user.register", target=people.target(user), by=admission.by)
    account = open_person(actor=newcomer, user=user)
    if admission.earns_bonus:
        refusal = pay_welcome_bonus(actor=newcomer, account=account)
        if refusal is not None:
            raise refusal
    opened = sessions.open_session(
        actor=newcomer,
        user=user,
        lasts=stay.lasts(),
        device_name=device_name,
        refreshable=stay is Stay.REFRESHABLE,
    )
    return SignedIn(user, opened.session, stay, device.after_sign_in(user.pk), opened.refresh_token)


def _admit(actor: Actor, wanted: Registration, user: User) -> _Admission | Denied:
    """Whether the event lets this person in. An invitation that lets somebody in is used by that."""
    policy = actor.tenant.registration
    if policy == Tenant.Registration.CLOSED:
        return Denied(
            "registration_closed", _("Registration is closed. Ask a game master to make your character.")
        )
    if wanted.faction and not actor.tenant.faction_choice:
        return Denied(
            "faction_fixed",
            _("Factions are given by the game masters here. Leave the field empty."),
            field="faction",
        )
    chosen = selectors.faction_named(wanted.faction) if wanted.faction else None
    if wanted.invite:
        invite = invites.redeem(actor=actor, code=wanted.invite, user_id=user.pk)
        if invite is None:
            return Denied(
                "bad_invite",
                _("This invitation was used before, or has expired. Ask for a new one."),
                field="invite",
            )
        return _Admission(earns_bonus=True, faction=invite.faction or chosen, by="invite")
    if policy == Tenant.Registration.INVITE:
        return Denied(
            "invite_needed",
            _("You need an invitation to register here. Ask a game master for one."),
            field="invite",
        )
    if wanted.event_code:
        if not _is_event_code(actor.tenant, wanted.event_code):
            return Denied(
                "wrong_event_code",
                _("That is not the event code. Look at the poster again."),
                field="event_code",
            )
        return _Admission(earns_bonus=True, faction=chosen, by="event_code")
    if policy == Tenant.Registration.EVENT_CODE:
        return Denied(
            "event_code_needed", _("Enter the event code. It is on the poster."), field="event_code"
        )
    return _Admission(earns_bonus=actor.tenant.bonus_when_open, faction=chosen)


def _is_event_code(tenant: Tenant, typed: str) -> bool:
    """Compared without telling by the time how much of it was right; case and blanks around it do not count."""
    if not tenant.event_code:
        return False
    return hmac.compare_digest(_folded(typed), _folded(tenant.event_code))


def _folded(code: str) -> bytes:
    return code.strip().casefold().encode()

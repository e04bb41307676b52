"""Codes that sign one person in, once: on printed cards, and shown at the desk for a lost phone or password; and those in
letters, with which a lost password is replaced.

Whoever holds one is that person, so it is treated like a password: only a digest is kept, the newest alone is good, and a new
password or role, or switching the login off, takes it back.
"""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts import audit, crypto, notify
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid, NotFound
from accounts.models import LoginCode, LoginSession, User
from accounts.services import people
from accounts.services.sessions import end_sessions, void_login_codes
from accounts.units import RunAgain, unit_of_work

PERMISSION: Final = "accounts.login_codes"
LIVES_AT_MOST: Final = dt.timedelta(days=90)
AT_ONCE_MAX: Final = 2_000
# A phone whose answer was lost on the way asks again.
REPEATED_WITHIN: Final = dt.timedelta(minutes=5)
_LENGTH: Final = 24  # of 6 bits each
_SALT: Final = "neobank.accounts.login_code"
# What these open is a sign-in; a letter's code opens none.
SIGN_IN: Final = (LoginCode.Kind.CARD, LoginCode.Kind.DESK)
BY_LETTER: Final = (LoginCode.Kind.RESET,)
ACTIONS: Final = {LoginCode.Kind.CARD: "login_code.card", LoginCode.Kind.DESK: "login_code.desk"}


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A person's new code; nobody can show it a second time, but for whoever repeats the same request."""

    user: User
    login_code: LoginCode
    code: str = field(repr=False)


@unit_of_work
def issue_login_codes(
    *,
    actor: Actor,
    users: Sequence[User],
    kind: LoginCode.Kind,
    lives: dt.timedelta,
    request: str,
    end_sign_ins: bool = False,
) -> list[IssuedCode] | DomainError:
    """A code for each of ``users``, good once and for ``lives``; unused ones that they had before stop working.

    The codes follow from ``request`` (a one-time key): the same request again gives the same ones and changes nothing, so two
    taps do not make the first print worthless. ``end_sign_ins`` also signs them out everywhere. Raises ``Denied`` (in the
    trail; ``not_allowed``, ``own_role``, ``platform_role``), ``Invalid`` (``invalid_login_code``), ``Conflict``
    (``login_off``), ``NotFound``.
    """
    actor.require(PERMISSION)
    if not (dt.timedelta() < lives <= LIVES_AT_MOST and request and 1 <= len(users) <= AT_ONCE_MAX):
        raise Invalid(
            "invalid_login_code",
            _("Choose 1 to 2,000 people, and a time of at most 90 days, then try again."),
        )
    found = _locked(users)
    for user in found:
        refusal = people.why_not_manage(actor, user, PERMISSION)
        if refusal is not None:
            return people.refused(actor, ACTIONS[kind], people.target(user), refusal)
        if not user.is_active:
            raise Conflict(
                "login_off",
                _("The login of %(name)s is switched off. Switch it on first.")
                % {"name": user.character_name},
            )
    codes = {user.pk: _code(actor, request, user) for user in found}
    digests = {crypto.digest(code): pk for pk, code in codes.items()}
    rows = {row.user_id: row for row in LoginCode.objects.filter(digest__in=list(digests))}
    missing = [user for user in found if user.pk not in rows]
    if missing:
        rows |= _make(actor, missing, codes, kind, timezone.now() + lives, end_sign_ins)
    return [IssuedCode(user, rows[user.pk], codes[user.pk]) for user in found]


def _make(
    actor: Actor,
    users: list[User],
    codes: dict[uuid.UUID, str],
    kind: LoginCode.Kind,
    expires_at: dt.datetime,
    end_sign_ins: bool,
) -> dict[uuid.UUID, LoginCode]:
    void_login_codes(actor=actor, users=users)
    rows = LoginCode.objects.bulk_create(
        LoginCode(
            user=user,
            kind=kind,
            digest=crypto.digest(codes[user.pk]),
            created_by=actor.user,
            expires_at=expires_at,
        )
        for user in users
    )
    ended = {user.pk: end_sessions(actor=actor, user=user) for user in users} if end_sign_ins else {}
    audit.record_all(
        actor=actor,
        action=ACTIONS[kind],
        lines=[
            (
                people.target(user),
                {"until": expires_at.isoformat(timespec="minutes"), "sessions_ended": ended.get(user.pk, 0)},
            )
            for user in users
        ],
    )
    if kind == LoginCode.Kind.CARD:
        # For the console's front page, where a line for each would hide everything else.
        audit.record(
            actor=actor,
            action="login_code.print",
            target=f"accounts.tenant:{actor.tenant.slug}",
            cards=len(users),
        )
    else:
        for user in users:
            notify.publish(
                to=user,
                kind="login_code.desk",
                text=lambda: _(
                    "A game master made a one-time sign-in for you. If you did not ask for it, tell another game master."
                ),
            )
    return {row.user_id: row for row in rows}


def _locked(users: Sequence[User]) -> list[User]:
    """The rows of ``users`` in their order, locked by id until the commit. Raises ``NotFound``."""
    rows = User.objects.select_for_update(no_key=True, of=("self",)).select_related("faction")
    by_id = {row.pk: row for row in rows.filter(pk__in=[user.pk for user in users]).order_by("pk")}
    if len(by_id) < len({user.pk for user in users}):
        raise NotFound("unknown_person", _("There is nobody of that name here. Check the name."))
    return [by_id[pk] for pk in dict.fromkeys(user.pk for user in users)]


def _code(actor: Actor, request: str, user: User) -> str:
    """144 bits that only this server can derive from the request."""
    parts = "\0".join((str(actor.tenant.pk), actor.principal, request, str(user.pk)))
    raw = salted_hmac(_SALT, parts, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(raw)[:_LENGTH].decode("ascii")


# -- Using one ---------------------------------------------------------------------------------------------------------


def find(code: str, *, kinds: tuple[LoginCode.Kind, ...] = SIGN_IN) -> LoginCode:
    """The row of ``code``, with its user. Reads only. Raises ``NotFound`` (``unknown_login_code``)."""
    row: LoginCode | None = (
        LoginCode.objects.select_related("user").filter(digest=crypto.digest(code), kind__in=kinds).first()
        if code.isascii() and len(code) <= 2 * _LENGTH
        else None
    )
    if row is None:
        raise NotFound("unknown_login_code", _unknown_letter() if kinds != SIGN_IN else _unknown_card())
    return row


def _unknown_card() -> str:
    return _("This code is not known here. Scan the card again, or show it to a game master.")


def _unknown_letter() -> str:
    return _("This link is not known here. Take care that it is whole, or ask for another letter.")


def why_not(row: LoginCode) -> DomainError | None:
    """Why ``row`` does not sign anybody in (any more), with what to do then; None when it does."""
    is_letter = row.kind == LoginCode.Kind.RESET
    if row.used_at is not None:
        return Conflict("login_code_used", _used_letter() if is_letter else _used_card())
    if row.voided_at is not None:
        by_card = _("This code was replaced or taken back. Use the newer one, or ask a game master for it.")
        by_letter = _("There is a newer letter, or the password was changed since. Use the newest letter.")
        return Conflict("login_code_replaced", by_letter if is_letter else by_card)
    if row.expires_at <= timezone.now():
        by_card = _("This code is too old. Ask a game master for a new one: it takes a moment.")
        by_letter = _("This link is too old; each is good for an hour. Ask for another letter.")
        return Conflict("login_code_expired", by_letter if is_letter else by_card)
    if not row.user.is_active:
        return Conflict("login_off", _("This login is switched off. Ask a game master why."))
    return None


def refused(*, actor: Actor, row: LoginCode, refusal: DomainError) -> DomainError:
    """``refusal``, with its line in the trail."""
    audit.record(
        actor=actor,
        action="login_code.use",
        target=people.target(row.user),
        status=refusal.code,
        kind=row.kind,
    )
    return refusal


def _used_card() -> str:
    return _(
        "This code was used already; each works once. If that was you, sign in with your name and password. "
        "If it was not, or you have no password, go to a game master now."
    )


def _used_letter() -> str:
    return _(
        "This link was used already; each works once. If that was you, sign in with the password that you chose. "
        "If it was not, ask for another letter, and tell a game master."
    )


def use(*, actor: Actor, row: LoginCode, device_id: str) -> None:
    """Use ``row`` up: one UPDATE decides, so of two who come with the same code one is let in. Inside a unit.

    Raises ``RunAgain`` for the other one.
    """
    now = timezone.now()
    good = LoginCode.objects.filter(pk=row.pk, used_at=None, voided_at=None, expires_at__gt=now)
    if not good.update(used_at=now, device_id=device_id):
        raise RunAgain
    audit.record(actor=actor, action="login_code.use", target=people.target(row.user), kind=row.kind)


def note_session(*, actor: Actor, row: LoginCode, session: LoginSession) -> None:
    """Note which sign-in ``row`` has led to. Inside a unit."""
    LoginCode.objects.filter(pk=row.pk).update(session_id=session.pk)


def session_of_repeat(row: LoginCode, device_id: str) -> LoginSession | None:
    """The sign-in that ``row`` opened a moment ago, when the same phone asks again; else None."""
    if not device_id or row.used_at is None or row.device_id != device_id:
        return None
    if timezone.now() - row.used_at > REPEATED_WITHIN:
        return None
    living = LoginSession.objects.filter(
        pk=row.session_id, user=row.user_id, revoked_at=None, expires_at__gt=timezone.now()
    )
    return living.first()

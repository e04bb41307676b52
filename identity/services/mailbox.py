"""E-mail as a person meets it: an address of one's own, and the letter to whoever has forgotten the password."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import limits, mail, selectors, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, TooMany
from accounts.models import User
from accounts.services import email
from accounts.services.password import ask_for_reset
from identity import letters


def ask_for_address(*, actor: Actor, wanted: str, password: str, address: str) -> None:
    """Send a letter to ``wanted`` with the link that makes it the actor's. ``address`` is the event's own.

    Raises what ``accounts.services.email.ask`` raises.
    """
    to, token = email.ask(actor=actor, email=wanted, password=password)
    if actor.user is not None:
        letters.confirm(actor.tenant, actor.user, to=to, link=f"{address}{_confirm_path(token)}")


def welcome(*, actor: Actor, user: User, address: str) -> None:
    """The same for the address that somebody gave while registering, where letters are sent: a few an hour to one address."""
    if not mail.is_on() or user.email_index is None or user.email_confirmed_at is not None:
        return
    try:
        limits.hit("letter_welcome", bytes(user.email_index).hex())
    except TooMany:
        return
    to = email.address_of(user)
    token = email.token_of(user, to)
    letters.confirm(actor.tenant, user, to=to, link=f"{address}{_confirm_path(token)}")


def confirm_address(*, actor: Actor, token: str) -> User:
    """Settle an address with the token of the letter, and tell the one until now. Raises as ``accounts.services.email``."""
    confirmed = email.confirm(actor=actor, token=token)
    letters.address_gone(actor.tenant, confirmed.user, to=confirmed.before)
    return confirmed.user


def remove_address(*, actor: Actor, password: str) -> None:
    """Take the actor's address away, and say so there. Raises as ``accounts.services.email.remove``."""
    before = email.remove(actor=actor, password=password)
    if actor.user is not None:
        letters.address_gone(actor.tenant, actor.user, to=before)


def forgot(*, actor: Actor, who: str, address: str) -> None:
    """Send whoever is meant by ``who`` (a character's name, or an e-mail address) the link to a new password.

    ``actor`` is a visitor, who does not learn whether there is anybody, or any address: nothing is returned and nothing raised
    that would say so, and the letter itself goes out later. Raises ``Conflict`` (``mail_off``), ``TooMany`` for the visitor's own
    address.
    """
    if not mail.is_on():
        raise Conflict(
            "mail_off", _("No e-mail is sent from here. A game master shows you a code to sign in with.")
        )
    limits.hit("forgot", limits.network(actor.origin.ip))
    with tenancy.scope(actor.tenant):
        person = selectors.login_meant(who)
    if person is not None and person.is_active and person.email_confirmed_at is not None:
        try:
            limits.hit("letter_forgot", str(person.pk))
        except TooMany:
            person = None
    code = ask_for_reset(actor=actor, person=person)
    if code and person is not None:
        link = f"{address}{reverse('people:reset', args=[code])}"
        letters.reset(actor.tenant, person, link=link)


def _confirm_path(token: str) -> str:
    return reverse("people:confirm_email", args=[token])

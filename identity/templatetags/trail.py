"""The trail in plain words, for templates: ``{% load trail %}``."""

from __future__ import annotations

from typing import Final

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.activity import Activity
from accounts.actors import VISITOR
from accounts.models import User

register = template.Library()

# What a person meets in a trail of their own; anything else is shown by the name it has in the books.
_WORDS: Final = {
    "user.register": gettext_noop("Joined"),
    "user.create": gettext_noop("Login made"),
    "user.profile": gettext_noop("Profile changed"),
    "user.role": gettext_noop("Role changed"),
    "user.disable": gettext_noop("Login switched off"),
    "user.enable": gettext_noop("Login switched on"),
    "session.open": gettext_noop("Signed in"),
    "session.revoke": gettext_noop("Signed out"),
    "session.end_others": gettext_noop("All other devices signed out"),
    "login_code.use": gettext_noop("Card or code used"),
    "login_code.card": gettext_noop("Login card printed"),
    "login_code.desk": gettext_noop("Sign-in code shown at the desk"),
    "email.ask": gettext_noop("E-mail address to be confirmed"),
    "email.confirm": gettext_noop("E-mail address confirmed"),
    "email.remove": gettext_noop("E-mail address removed"),
    "picture.set": gettext_noop("Picture changed"),
    "picture.remove": gettext_noop("Picture taken away"),
    "password.forgot": gettext_noop("Letter for a new password asked for"),
    "password.change": gettext_noop("Password changed"),
    "password.reset": gettext_noop("Password reset"),
    "password.confirm": gettext_noop("Password asked for"),
    "session.end_all": gettext_noop("Signed out everywhere"),
    "account.open": gettext_noop("Account opened"),
    "account.freeze": gettext_noop("Account frozen"),
    "account.unfreeze": gettext_noop("Account free again"),
    "account.limits": gettext_noop("Limits changed"),
    "account.staff": gettext_noop("Somebody may work with an account"),
    "account.staff_end": gettext_noop("Somebody may work with an account no longer"),
    "account.merchant": gettext_noop("Till on or off"),
    "key.issue": gettext_noop("Device key made"),
    "key.revoke": gettext_noop("Device key ended"),
    "request.make": gettext_noop("Payment asked for"),
    "request.cancel": gettext_noop("Payment request taken back"),
    "account.adjust": gettext_noop("Balance put right"),
    "account.floor": gettext_noop("Overdraft changed"),
    "faction.create": gettext_noop("Faction founded"),
    "faction.freeze": gettext_noop("Faction frozen"),
    "faction.unfreeze": gettext_noop("Faction free again"),
    "payroll.pay": gettext_noop("Pay run"),
    "terminal.debit": gettext_noop("A terminal wanted to be paid"),
    "transfer.refund": gettext_noop("Giving back"),
}
# What did not simply work or fail.
_OUTCOMES: Final = {
    ("session.open", "bad_login"): gettext_noop("Sign-in refused"),
    ("session.reuse", "refresh_reused"): gettext_noop("Sign-in ended: an old token of it came back"),
}


@register.filter
def what(line: Activity) -> str:
    """What happened, and whether it was refused."""
    if (line.action, line.status) in _OUTCOMES:
        return _(_OUTCOMES[line.action, line.status])
    action = _(_WORDS[line.action]) if line.action in _WORDS else line.action
    return action if line.status == "ok" else _("%(action)s · refused") % {"action": action}


@register.filter
def doer(line: Activity, me: User) -> str:
    """Who it was, when it was not ``me``."""
    if line.actor_id == me.pk:
        return ""
    if line.actor_id is not None:
        return _("by %(name)s") % {"name": line.actor_name}
    if line.actor_name == VISITOR:
        return _("by somebody unknown")
    return _("by staff at the server")

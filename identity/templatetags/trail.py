"""The trail in plain words, for templates: ``{% load trail %}``."""

from __future__ import annotations

from typing import Final

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

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
    "session.reuse": gettext_noop("Sign-in ended: its token came back"),
    "password.change": gettext_noop("Password changed"),
    "password.reset": gettext_noop("Password reset"),
    "password.confirm": gettext_noop("Password asked for"),
    "account.open": gettext_noop("Account opened"),
    "account.freeze": gettext_noop("Account frozen"),
    "account.unfreeze": gettext_noop("Account free again"),
    "account.limits": gettext_noop("Limits changed"),
    "account.staff": gettext_noop("Somebody may work with an account"),
    "transfer.refund": gettext_noop("Giving back"),
}


@register.filter
def action(name: str) -> str:
    """What an action of the trail is called."""
    return _(_WORDS[name]) if name in _WORDS else name

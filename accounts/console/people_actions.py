"""What game masters do about people: roles, logins, lost passwords."""

from __future__ import annotations

import secrets
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import roles
from accounts.console.actions import ActionPage, Change, Done, Effect
from accounts.console.parts import Button
from accounts.models import User
from accounts.services import people
from accounts.services.password import reset_password

ROLE_LABELS: Final = roles.LABELS
# What a role given in the console means; the others are given elsewhere.
ROLES_GIVEN_HERE: Final[dict[str, Any]] = {
    roles.PLAYER: gettext_lazy("plays, and does not see the console"),
    roles.SUPPORT: gettext_lazy("sees players and money in the console, changes nothing"),
    roles.GM: gettext_lazy("may do everything here: move money, freeze, issue keys, make game masters"),
}
# Read aloud across a desk and typed on a phone: no capitals, nothing that looks like something else.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class ChangeRoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(label=gettext_lazy("New role"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [role for role in ROLES_GIVEN_HERE if role != user.role]
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role, f"{ROLE_LABELS[role]}: {ROLES_GIVEN_HERE[role]}") for role in others
        ]


class ChangeRole(ActionPage):
    """Make somebody a game master, or a player again."""

    name = "role"
    permission = "accounts.manage_roles"
    label = gettext_lazy("Change role")
    noted_as = "user.role"
    form_class = ChangeRoleForm
    asks_password = True

    def form_arguments(self) -> dict[str, Any]:
        return {"user": self.row}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        now, then = self.row.role, (typed or {})["role"]
        sentence = _("From the next click on, %(name)s is a %(role)s: %(meaning)s.") % {
            "name": self.row.character_name,
            "role": ROLE_LABELS[then],
            "meaning": ROLES_GIVEN_HERE[then],
        }
        warning = _("A game master can do everything that you can do, also to you.")
        warnings = [warning] if then == roles.GM else []
        return Effect([sentence], [Change(_("Role"), ROLE_LABELS.get(now, now), ROLE_LABELS[then])], warnings)

    def act(self, typed: dict[str, Any], key: str) -> Done:
        user = people.set_role(actor=self.actor, person=self.row, role=typed["role"])
        sentence = _("%(name)s is a %(role)s now.") % {
            "name": user.character_name,
            "role": ROLE_LABELS[user.role],
        }
        return Done(sentence, self.pages.url_of(user))


class SwitchOff(ActionPage):
    """Keep somebody out."""

    name = "switch-off"
    permission = "accounts.manage_people"
    label = gettext_lazy("Switch login off")
    noted_as = "user.disable"
    tone = "bad"
    in_one_step = True

    @classmethod
    def is_offered(cls, row: User) -> bool:
        return row.is_active

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        return Effect(
            [
                _(
                    "%(name)s is signed out everywhere at once, and cannot sign in again until you switch the login on."
                )
                % {"name": self.row.character_name},
                _(
                    "The money stays where it is. Payments to the account still arrive; freeze it to stop those too."
                ),
            ]
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.row.is_active else _("That login was off already. Nothing was done.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        user = people.disable_user(actor=self.actor, person=self.row, reason=typed["reason"])
        return Done(
            _("The login of %(name)s is off.") % {"name": user.character_name}, self.pages.url_of(user)
        )


class SwitchOn(ActionPage):
    """Let somebody in again."""

    name = "switch-on"
    permission = "accounts.manage_people"
    label = gettext_lazy("Switch login on")
    noted_as = "user.enable"
    in_one_step = True

    @classmethod
    def is_offered(cls, row: User) -> bool:
        return not row.is_active

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        return Effect([_("%(name)s can sign in again.") % {"name": self.row.character_name}])

    def already_done(self, typed: dict[str, Any]) -> str:
        return _("That login was on already. Nothing was done.") if self.row.is_active else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        user = people.enable_user(actor=self.actor, person=self.row, reason=typed["reason"])
        return Done(
            _("The login of %(name)s is on.") % {"name": user.character_name}, self.pages.url_of(user)
        )


class NewPassword(ActionPage):
    """Help somebody who has lost the password."""

    name = "new-password"
    permission = "accounts.manage_people"
    label = gettext_lazy("New password")
    noted_as = "password.reset"
    form_class = forms.Form
    in_one_step = True
    asks_password = True

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        return Effect(
            [
                _(
                    "A new password is drawn for %(name)s and shown to you once. The old one stops working at once."
                )
                % {"name": self.row.character_name},
                _("%(name)s is signed out everywhere.") % {"name": self.row.character_name},
            ],
            warnings=[_("Make sure that it is really the player who asks.")],
        )

    def act(self, typed: dict[str, Any], key: str) -> HttpResponse:
        drawn = "-".join("".join(secrets.choice(_ALPHABET) for _i in range(4)) for _j in range(3))
        ended = reset_password(actor=self.actor, person=self.row, new=drawn)
        note = _("Sign-ins that were ended: %(count)d.") % {"count": ended}
        back = Button(self.row.character_name, self.pages.url_of(self.row))
        return self.show_once(
            _("New password of %(name)s") % {"name": self.row.character_name}, drawn, note, back
        )

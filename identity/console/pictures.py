"""Pictures in the console: what a person shows, and taking it away."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.actions import ActionPage, Done, Effect
from accounts.console.parts import Fact, Panel
from accounts.models import User
from accounts.requests import BankRequest
from accounts.services.pictures import remove_picture


def picture_of(request: BankRequest, row: User) -> Panel | None:
    """The picture that others see beside the name; nothing where there is none."""
    if row.picture_id is None:
        return None
    shown = format_html(
        '<img src="{}" alt="{}" width="96" height="96">',
        reverse("people:picture", args=[row.picture_id]),
        _("The picture of %(name)s") % {"name": row.character_name},
    )
    return Panel(_("Picture"), facts=[Fact(_("Others see"), shown)])


class TakePictureAway(ActionPage):
    """Take away a picture that should not be there."""

    name = "take-picture-away"
    permission = "accounts.manage_people"
    label = gettext_lazy("Take picture away")
    noted_as = "picture.remove"
    in_one_step = True
    row: User

    @classmethod
    def is_offered(cls, row: User) -> bool:
        return row.picture_id is not None

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        return Effect(
            [
                _("The picture of %(name)s is gone for everybody, and cannot be brought back.")
                % {"name": self.row.character_name},
                _("%(name)s is told, and may show another one.") % {"name": self.row.character_name},
            ]
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.row.picture_id else _("There is no picture any more. Nothing was done.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        user = remove_picture(actor=self.actor, person=self.row, reason=typed["reason"])
        return Done(
            _("The picture of %(name)s is gone.") % {"name": user.character_name}, self.pages.url_of(user)
        )

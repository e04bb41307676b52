"""The desk: somebody has lost the phone or the password, and is back in within seconds."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any, Final

import segno
from django import forms
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.actions import ActionPage, Effect
from accounts.console.parts import Button, moment
from accounts.models import LoginCode, User
from accounts.services.login_codes import ACTIONS, PERMISSION
from identity.addresses import is_of_this_machine, proposal, trust_for
from identity.services.cards import address_of, show_at_desk

LIVES: Final = dt.timedelta(minutes=15)


class LoginQrForm(forms.Form):
    """Whether the old phone may go on."""

    sign_out = forms.BooleanField(
        label=gettext_lazy("The phone is lost or stolen: sign it out everywhere now"), required=False
    )


class LoginQr(ActionPage):
    """Show a code that signs one person in, once, within a quarter of an hour."""

    name = "login-qr"
    permission = PERMISSION
    label = gettext_lazy("One-time login QR")
    noted_as = ACTIONS[LoginCode.Kind.DESK]
    form_class = LoginQrForm
    in_one_step = True
    asks_password = True
    row: User

    @classmethod
    def is_offered(cls, row: User) -> bool:
        return row.is_active

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        name = self.row.character_name
        warnings = [
            _("Make sure that it is really the player who asks: whoever scans it is %(name)s.")
            % {"name": name}
        ]
        if is_of_this_machine(self._address()):
            warnings.append(
                _(
                    "This console is open at an address that only this computer knows. Open it at the address on the "
                    "poster; no phone can follow this code."
                )
            )
        return Effect(
            [
                _(
                    "A QR code is shown to you. The phone that scans it is signed in as %(name)s: once, within 15 minutes."
                )
                % {"name": name},
                _(
                    "After that the player can choose a new password without the old one, which works until then."
                ),
                _("Cards and codes that %(name)s was given before, and has not used, stop working.")
                % {"name": name},
            ],
            warnings=warnings,
        )

    def act(self, typed: dict[str, Any], key: str) -> HttpResponse:
        issued = show_at_desk(
            actor=self.actor, person=self.row, lives=LIVES, request=key, end_sign_ins=typed["sign_out"]
        )
        address = self._address()
        link, trust = address_of(address, issued.code), trust_for(address)
        context = {
            **self.pages.admin_site.each_context(self.request),
            "title": _("Sign in as %(name)s") % {"name": self.row.character_name},
            "qr": qr_picture(link),
            "link": link,
            "trust_url": trust.url if trust else "",
            "until": moment(issued.login_code.expires_at),
            "back": Button(self.row.character_name, self.pages.url_of(self.row)),
        }
        return TemplateResponse(self.request, "admin/login_qr.html", context)

    def _address(self) -> str:
        return proposal(self.actor.tenant, self.request.build_absolute_uri("/").rstrip("/"))


def qr_picture(content: str) -> SafeString:
    """A QR code as SVG without a style of its own: the page's policy allows none."""
    file = io.BytesIO()
    segno.make(content, micro=False, error="m").save(
        file,
        kind="svg",
        xmldecl=False,
        svgns=True,
        border=4,
        omitsize=True,
        svgclass="qr",
        lineclass=None,
        light="#fff",
    )
    return mark_safe(file.getvalue().decode())  # noqa: S308  made of rectangles, by us

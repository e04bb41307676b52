"""Login cards and the poster, as files for the printer."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final

from django import forms
from django.http import HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import roles
from accounts.console.actions import ActionPage, Effect
from accounts.errors import Invalid
from accounts.models import Faction, Tenant, User
from accounts.selectors import factions
from accounts.services.login_codes import AT_ONCE_MAX, PERMISSION
from identity import addresses
from identity.paper.drawing import can_draw
from identity.selectors import people_for_cards
from identity.services.cards import print_cards
from identity.services.poster import join_poster

DAYS: Final = 14
TRUST_MAX: Final = 900
_ALL: Final = "all"


class AddressForm(forms.Form):
    """Where phones find the event."""

    address = forms.CharField(
        label=gettext_lazy("Address that phones open"),
        max_length=addresses.LENGTH_MAX,
        help_text=gettext_lazy("It is in every QR code that is printed now. Try it with a phone first."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_address(self) -> str:
        """Scheme, host and port; none that only this computer can open."""
        try:
            return addresses.clean(self.cleaned_data["address"])
        except Invalid as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal


class CardsForm(AddressForm):
    """For whom, and for how long."""

    faction = forms.ChoiceField(label=gettext_lazy("For whom"))
    everybody = forms.BooleanField(
        label=gettext_lazy("Also for those who have a password already"), required=False
    )
    days = forms.IntegerField(
        label=gettext_lazy("Days that the cards work"), min_value=1, max_value=90, initial=DAYS
    )
    field_order = ("faction", "everybody", "days", "address")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.factions = {str(faction.pk): faction for faction in factions()}
        choices = [(str(pk), faction.name) for pk, faction in self.factions.items()]
        self.fields["faction"].choices = [  # type: ignore[attr-defined]
            (_ALL, _("all factions, and those without one")),
            *choices,
        ]

    def clean_faction(self) -> Faction | None:
        """None for all."""
        return self.factions.get(self.cleaned_data["faction"])


class Printing(ActionPage):
    """An action whose effect is a file for the printer, with addresses in it that phones open."""

    form_class: ClassVar[type[forms.Form]] = AddressForm

    def form_arguments(self) -> dict[str, Any]:
        asked_at = self.request.build_absolute_uri("/").rstrip("/")
        return {"initial": {"address": addresses.proposal(self.actor.tenant, asked_at)}}

    def warnings(self, typed: dict[str, Any]) -> list[str]:
        """What is to be thought of before paper is used."""
        if not addresses.is_of_this_machine(typed["address"]):
            return []
        return [
            _(
                "%(address)s can be opened on this computer only, and by no phone. Go back and write the event's own address."
            )
            % {"address": typed["address"]}
        ]

    def file(self, name: str, content: bytes) -> HttpResponse:
        """A PDF to save or print, kept by no browser."""
        response = HttpResponse(content, content_type="application/pdf")
        slug = slugify(self.actor.tenant.slug) or "event"
        response["Content-Disposition"] = f'attachment; filename="{slug}-{name}.pdf"'
        return response


class LoginCards(Printing):
    """Print a card for everybody who cannot sign in yet."""

    name = "login-cards"
    permission = PERMISSION
    label = gettext_lazy("Print login cards")
    noted_as = "login_code.print"
    form_class = CardsForm
    asks_password = True
    row: Tenant

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        asked = typed or {}
        people = self._people(asked)
        count = len(people)
        if not count:
            return Effect(
                [
                    _("There is nobody to print a card for: all of them have chosen a password already."),
                    _("Go back to choose others, or show a single person a code from that person's page."),
                ],
                is_possible=False,
            )
        sentences = [
            ngettext(
                "%(count)d card is made, on %(pages)d page of A4.",
                "%(count)d cards are made, ten on a page of A4: pages needed: %(pages)d.",
                count,
            )
            % {"count": count, "pages": -(-count // 10)},
            _("Each signs its owner in once, within %(days)d days, at %(address)s.")
            % {"days": asked["days"], "address": asked["address"]},
            _("Cards that were printed for these people before, and not used, stop working."),
        ]
        warnings = [_("Whoever holds a card is that character. Count them, and keep them as you keep money.")]
        staff = [user.character_name for user in people if roles.allows(user.role, "accounts.console")]
        unprintable = sum(not can_draw(user.character_name) for user in people)
        if unprintable:
            warnings.append(
                _(
                    "%(count)d names are in an alphabet that is not printed; their cards show the account number instead."
                )
                % {"count": unprintable}
            )
        if staff:
            warnings.append(
                _("Among them are cards that open the console: %(names)s.") % {"names": ", ".join(staff[:20])}
            )
        if count > AT_ONCE_MAX:
            warnings.append(_("That is too many for one file. Go back and choose a faction."))
        return Effect(
            sentences,
            warnings=[*self.warnings(asked), *warnings],
            button=ngettext("print %(count)d card", "print %(count)d cards", count) % {"count": count},
            is_possible=count <= AT_ONCE_MAX,
        )

    def act(self, typed: dict[str, Any], key: str) -> HttpResponse:
        lives = dt.timedelta(days=typed["days"])
        content = print_cards(
            actor=self.actor, users=self._people(typed), address=typed["address"], lives=lives, request=key
        )
        return self.file("login-cards", content)

    def _people(self, typed: dict[str, Any]) -> list[User]:
        return people_for_cards(self.actor, faction=typed["faction"], everybody=typed["everybody"])


class PosterForm(AddressForm):
    """What stands on the poster."""

    trust = forms.CharField(
        label=gettext_lazy("How to trust the certificate"),
        required=False,
        max_length=TRUST_MAX,
        help_text=gettext_lazy(
            "Only where phones warn, and the poster does not say by itself what to tap: beside “make event” it does."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class JoinPoster(Printing):
    """Print the poster for the gate."""

    name = "poster"
    permission = "accounts.manage_tenant"
    label = gettext_lazy("Print the poster")
    noted_as = "poster.print"
    form_class = PosterForm
    row: Tenant

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        asked = typed or {}
        sentences = [
            _("A page of A4 with a QR code that leads to %(address)s, and the address to type.")
            % {"address": asked["address"]}
        ]
        if self.row.registration == Tenant.Registration.EVENT_CODE:
            sentences.append(
                _(
                    "The event code %(code)s stands on it, and is in the QR code: whoever sees the poster can join."
                )
                % {"code": self.row.event_code}
            )
        elif self.row.registration != Tenant.Registration.OPEN:
            sentences.append(_("Nobody can register by it alone at this event: it leads to the sign-in."))
        if trust := addresses.trust_for(asked["address"]):
            sentences.append(
                _("It also says how to trust the bank's certificate: at %(url)s, and with its fingerprint.")
                % {"url": trust.url}
            )
        return Effect(sentences, warnings=self.warnings(asked), button=_("print the poster"))

    def act(self, typed: dict[str, Any], key: str) -> HttpResponse:
        return self.file(
            "poster", join_poster(actor=self.actor, address=typed["address"], advice=typed["trust"])
        )

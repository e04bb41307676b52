"""The event's own look in the console: its colours and its logo."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import brand
from accounts.console.actions import ActionPage, Done, Effect
from accounts.console.parts import NOTHING, Fact
from accounts.errors import Invalid
from accounts.logos import UPLOAD_MAX
from accounts.models import Tenant
from accounts.services.brand import change_brand


class ColourField(forms.CharField):
    """A colour that can be read where the column ``name`` is used; empty for the house's own."""

    def __init__(self, name: str, *, usual: str, label: Any, help_text: Any) -> None:
        typed = {"autocomplete": "off", "spellcheck": "false", "placeholder": usual}
        super().__init__(
            label=label,
            help_text=help_text,
            required=False,
            max_length=40,
            widget=forms.TextInput(attrs=typed),
        )
        self.column = name

    def clean(self, value: Any) -> str:
        """``#rrggbb``, or ""."""
        try:
            return brand.clean(self.column, super().clean(value))
        except Invalid as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal


class BrandForm(forms.Form):
    """Four colours and a picture."""

    accent_dark = ColourField(
        "accent_dark",
        usual="#00f0ff",
        label=gettext_lazy("Accent on dark pages"),
        help_text=gettext_lazy(
            "Buttons and links. Bright enough to be read on the dark. Empty: the usual one."
        ),
    )
    glow_dark = ColourField(
        "glow_dark",
        usual="#ff2bd6",
        label=gettext_lazy("Second colour on dark pages"),
        help_text=gettext_lazy("Edges, and what glows."),
    )
    accent_light = ColourField(
        "accent_light",
        usual="#005a66",
        label=gettext_lazy("Accent on light pages"),
        help_text=gettext_lazy("The same by daylight: dark enough to be read on white."),
    )
    glow_light = ColourField(
        "glow_light",
        usual="#a1008a",
        label=gettext_lazy("Second colour on light pages"),
        help_text=gettext_lazy("Edges, and what glows."),
    )
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "PNG, JPEG or WebP, at most 900 kB. It is made small, and stands at the top of every page."
        ),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    without_logo = forms.BooleanField(label=gettext_lazy("Take the logo away"), required=False)

    def __init__(self, *args: Any, has_logo: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_logo:
            del self.fields["without_logo"]


class ChangeBrand(ActionPage):
    """Give the event its own colours and logo."""

    name = "brand"
    permission = "accounts.manage_tenant"
    label = gettext_lazy("Change look")
    noted_as = "tenant.brand"
    form_class = BrandForm
    in_one_step = True
    row: Tenant

    def form_arguments(self) -> dict[str, Any]:
        return {
            "initial": {name: getattr(self.row, name) for name in brand.COLOURS},
            "has_logo": bool(self.row.logo),
        }

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        return Effect(
            [
                _("Every player sees these colours and this logo with the next page."),
                _("Nothing else changes: not what things are called, not where they stand, not the console."),
            ]
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        is_same = all(getattr(self.row, name) == typed[name] for name in brand.COLOURS)
        is_same = is_same and not typed["logo"] and not typed.get("without_logo")
        return _("That is how it is already. Nothing was changed.") if is_same else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        upload: UploadedFile | None = typed["logo"]
        tenant = change_brand(
            actor=self.actor,
            colours={name: typed[name] for name in brand.COLOURS},
            logo=upload.read(UPLOAD_MAX + 1) if upload else None,
            without_logo=bool(typed.get("without_logo")),
        )
        return Done(_("The look of %(name)s is changed.") % {"name": tenant.name}, self.pages.url_of(tenant))


def brand_facts(tenant: Tenant) -> list[Fact]:
    """The event's own look, as its page shows it."""
    chosen = [
        f"{BrandForm.base_fields[name].label}: {colour}"
        for name in brand.COLOURS
        if (colour := getattr(tenant, name))
    ]
    logo: Any = NOTHING
    if tenant.logo:
        source = f"{reverse('brand-logo')}?v={tenant.logo}"
        logo = format_html('<img class="logo" src="{}" alt="{}">', source, _("The logo of this event"))
    return [Fact(_("Colours"), " · ".join(chosen) or _("the usual ones")), Fact(_("Logo"), logo)]

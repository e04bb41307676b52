"""What people type into the pages about their login. Whether it is good is for the services to say."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts import emoji, names, passwords
from accounts.models import Faction, Tenant
from accounts.services.people import EMAIL_MAX

_CODE_MAX: Final = 64
_PICTURES: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")


def _password(label: Any, autocomplete: str, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=passwords.MAX_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


def _character_name(autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Character name"),
        max_length=names.MAX_LENGTH,
        widget=forms.TextInput(
            attrs={"autocomplete": autocomplete, "autocapitalize": "words", "spellcheck": "false"}
        ),
    )


class LoginForm(forms.Form):
    """Signing in."""

    character_name = _character_name("username")
    password = _password(gettext_lazy("Password"), "current-password")
    remember = forms.BooleanField(label=gettext_lazy("Stay signed in for 30 days"), required=False)


class _NewPassword(forms.Form):
    """A form with a new password, typed twice: without mail nobody else could put a mistyped one right."""

    password_field = "password"  # noqa: S105  the name of a field

    def clean(self) -> dict[str, Any]:
        """Compares the two."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "repeat" in cleaned and cleaned.get(self.password_field, cleaned["repeat"]) != cleaned["repeat"]:
            self.add_error("repeat", _("The two are not the same. Type both once more."))
        return cleaned


class RegisterForm(_NewPassword):
    """Joining, with the fields that the event's policy asks for."""

    event_code = forms.CharField(
        label=gettext_lazy("Event code"),
        help_text=gettext_lazy("The word on the poster."),
        max_length=_CODE_MAX,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    invite = forms.CharField(
        label=gettext_lazy("Invitation"),
        help_text=gettext_lazy("The code that you were given; it works once."),
        max_length=_CODE_MAX,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    character_name = _character_name("username")
    faction = forms.ChoiceField(label=gettext_lazy("Faction"), required=False)
    password = _password(
        gettext_lazy("Password"),
        "new-password",
        gettext_lazy("At least 8 characters, and not an obvious one."),
    )
    repeat = _password(gettext_lazy("Password again"), "new-password")

    def __init__(
        self, *args: Any, tenant: Tenant, factions: list[Faction], invited: bool, **kwargs: Any
    ) -> None:
        """``invited``: somebody comes with an invitation, which opens every door that is not closed."""
        super().__init__(*args, **kwargs)
        policy, rules = tenant.registration, Tenant.Registration
        if not (invited or policy == rules.INVITE):
            del self.fields["invite"]
        if invited or policy == rules.INVITE or not (tenant.event_code or policy == rules.EVENT_CODE):
            del self.fields["event_code"]
        elif policy == rules.OPEN:
            self.fields["event_code"].required = False
        if factions and tenant.faction_choice:
            names_of_all = [(faction.name, faction.name) for faction in factions]
            self.fields["faction"].choices = [("", pgettext("faction", "none yet")), *names_of_all]  # type: ignore[attr-defined]
        else:
            del self.fields["faction"]


class ProfileForm(forms.Form):
    """What a person may change about the own character."""

    emoji = forms.CharField(
        label=gettext_lazy("Emoji"),
        help_text=gettext_lazy("One, shown beside your name."),
        max_length=emoji.MAX_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    faction = forms.ChoiceField(label=gettext_lazy("Faction"), required=False)

    def __init__(self, *args: Any, tenant: Tenant, factions: list[Faction], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if factions and tenant.faction_choice:
            names_of_all = [(faction.name, faction.name) for faction in factions]
            self.fields["faction"].choices = [("", pgettext("faction", "none")), *names_of_all]  # type: ignore[attr-defined]
        else:
            del self.fields["faction"]


class PictureForm(forms.Form):
    """A picture of one's own. What it is, its content says."""

    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy(
            "JPEG, PNG, WebP or GIF, at most 5 MB. The middle of it is shown as a small square."
        ),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ",".join(_PICTURES)}),
    )


class EmailForm(forms.Form):
    """An e-mail address of one's own; none takes it away."""

    email = forms.CharField(
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("Empty takes it away."),
        max_length=EMAIL_MAX,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none"}),
    )
    current_password = _password(gettext_lazy("Your password"), "current-password")


class ForgotForm(forms.Form):
    """Whose password was forgotten."""

    who = forms.CharField(
        label=gettext_lazy("Character name or e-mail address"),
        max_length=EMAIL_MAX,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class ChoosePasswordForm(_NewPassword):
    """A password for whoever came with a card or code: there is none yet, or it was lost."""

    password_field = "new_password"  # noqa: S105  the name of a field

    new_password = _password(
        gettext_lazy("New password"),
        "new-password",
        gettext_lazy("At least 8 characters, and not an obvious one."),
    )
    repeat = _password(gettext_lazy("New password again"), "new-password")


class PasswordForm(ChoosePasswordForm):
    """Changing one's own password."""

    current_password = _password(gettext_lazy("Password until now"), "current-password")
    field_order = ("current_password", "new_password", "repeat")

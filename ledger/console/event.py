"""The event's own settings and the world pause. Here and not on the ground floor, because one of them is an amount."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts import origins, tenancy
from accounts.console.actions import ActionPage, Change, Done, Effect, ReasonForm
from accounts.console.brand import ChangeBrand, brand_facts
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Fact, Panel, moment, yes_or_no
from accounts.console.trail import trail_of
from accounts.errors import Invalid, NotFound
from accounts.models import Tenant
from accounts.requests import BankRequest
from accounts.services.settings import change_settings, target
from accounts.services.world import pause_world, resume_world
from ledger import selectors
from ledger.console.money import AmountField, MoneyForm, plain, shown
from ledger.models import Currency


class OriginsField(forms.CharField):
    """Origins of web apps on one line, with spaces between them."""

    def to_python(self, value: Any) -> Any:
        """A list, each as a browser writes it."""
        try:
            return origins.clean((super().to_python(value) or "").split())
        except Invalid as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal

    def prepare_value(self, value: Any) -> Any:
        """As it is typed."""
        return " ".join(value) if isinstance(value, list) else value


class SettingsForm(MoneyForm):
    """Everything that can be set about an event while it runs."""

    name = forms.CharField(label=gettext_lazy("Name of the event"), max_length=80)
    registration = forms.ChoiceField(
        label=gettext_lazy("Who may register"), choices=Tenant.Registration.choices, widget=forms.RadioSelect
    )
    event_code = forms.CharField(
        label=gettext_lazy("Event code"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("The word on the poster, for registration with an event code."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    welcome_bonus = AmountField(
        label=gettext_lazy("Welcome bonus"), required=False, help_text=gettext_lazy("Empty: none.")
    )
    bonus_when_open = forms.BooleanField(
        label=gettext_lazy("Pay the welcome bonus to everybody who registers openly (demonstrations only)"),
        required=False,
    )
    faction_choice = forms.BooleanField(
        label=gettext_lazy("Players may choose their own faction"), required=False
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        help_text=gettext_lazy("For instance Europe/Berlin."),
        validators=Tenant._meta.get_field("time_zone").validators,
    )
    day_starts_at = forms.TimeField(
        label=gettext_lazy("The day begins at"),
        help_text=gettext_lazy("Daily limits start anew then. A night belongs to its evening."),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    cors_origins = OriginsField(
        label=gettext_lazy("Web apps from other addresses"),
        required=False,
        help_text=gettext_lazy("With spaces between them, for instance https://app.example. Empty: none."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_welcome_bonus(self) -> int:
        """Minor units; 0 for none."""
        return self.cleaned_data["welcome_bonus"] or 0

    def clean(self) -> dict[str, Any]:
        """An event code is needed where people register with one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        needs_code = cleaned.get("registration") == Tenant.Registration.EVENT_CODE
        if needs_code and not cleaned.get("event_code") and "event_code" not in self.errors:
            self.add_error("event_code", _("Choose the word that people register with."))
        return cleaned


class ChangeSettings(ActionPage):
    """Change the settings."""

    name = "settings"
    permission = "accounts.manage_tenant"
    label = gettext_lazy("Change settings")
    noted_as = "tenant.settings"
    form_class = SettingsForm
    # A welcome bonus behind open doors is new money for whoever comes.
    asks_password = True
    row: Tenant

    def form_arguments(self) -> dict[str, Any]:
        currency = selectors.first_currency()
        initial = {name: getattr(self.row, name) for name in SettingsForm.base_fields}
        bonus = self.row.welcome_bonus
        initial["welcome_bonus"] = plain(bonus, currency) if bonus else ""
        return {"currency": currency, "initial": initial}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        changes = []
        for name, value in (typed or {}).items():
            before = getattr(self.row, name)
            if before != value:
                label = SettingsForm.base_fields[name].label
                changes.append(Change(label, _in_words(name, before), _in_words(name, value)))
        warnings = []
        wanted = typed or {}
        if (wanted["time_zone"], wanted["day_starts_at"]) != (self.row.time_zone, self.row.day_starts_at):
            warnings.append(
                _("The day begins at another moment: what was paid today may count for another day.")
            )
        if wanted["registration"] == Tenant.Registration.OPEN != self.row.registration:
            warnings.append(_("Anybody who reaches the address can register."))
        if (
            wanted["bonus_when_open"]
            and wanted["welcome_bonus"]
            and wanted["registration"] == Tenant.Registration.OPEN
        ):
            warnings.append(_("Everybody can register again and again, and collects the bonus each time."))
        if added := [origin for origin in wanted["cors_origins"] if origin not in self.row.cors_origins]:
            warnings.append(
                _("Whoever signs in on a page of %(origins)s lets that page do what they may do.")
                % {"origins": ", ".join(added)}
            )
        return Effect([_("This takes effect at once, for everybody.")], changes, warnings)

    def already_done(self, typed: dict[str, Any]) -> str:
        is_same = all(getattr(self.row, name) == value for name, value in typed.items())
        return _("That is how it is already. Nothing was changed.") if is_same else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        tenant = change_settings(actor=self.actor, **typed)
        return Done(
            _("The settings of %(name)s are changed.") % {"name": tenant.name}, self.pages.url_of(tenant)
        )


class PauseForm(ReasonForm):
    """Why everything stops; players read it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("Every player reads it at the top of every page.")


class PauseWorld(ActionPage):
    """Stop the money of the whole event."""

    name = "pause"
    permission = "ledger.pause"
    label = gettext_lazy("Pause the world")
    noted_as = "world.pause"
    tone = "bad"
    form_class = PauseForm
    in_one_step = True
    row: Tenant

    @classmethod
    def is_offered(cls, row: Tenant) -> bool:
        return row.paused_at is None

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        return Effect(
            [
                _("No player and no terminal of %(event)s can pay any more, until you resume.")
                % {"event": self.row.name},
                _("Nobody loses anything. Game masters' own movements go on."),
            ]
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.row.paused_at is None else _("The world was paused already. Nothing was done.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        tenant = pause_world(actor=self.actor, reason=typed["reason"])
        return Done(_("The world is paused. Nobody can pay."), self.pages.url_of(tenant))


class ResumeWorld(ActionPage):
    """Let the money flow again."""

    name = "resume"
    permission = "ledger.pause"
    label = gettext_lazy("Resume the world")
    noted_as = "world.resume"
    in_one_step = True
    row: Tenant

    @classmethod
    def is_offered(cls, row: Tenant) -> bool:
        return row.paused_at is not None

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        return Effect([_("Everybody in %(event)s can pay again at once.") % {"event": self.row.name}])

    def already_done(self, typed: dict[str, Any]) -> str:
        return _("The world was not paused. Nothing was done.") if self.row.paused_at is None else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        tenant = resume_world(actor=self.actor, reason=typed["reason"])
        return Done(_("The world goes on. Everybody can pay again."), self.pages.url_of(tenant))


class EventPages(ConsoleAdmin):
    """The event that this console belongs to; there is no list, because there is one."""

    view_permission = "accounts.manage_tenant"
    singular, plural = gettext_lazy("Event"), gettext_lazy("Event")
    place = 70
    has_list = False
    url_key = "slug"
    console_actions: ClassVar[Sequence[type[ActionPage]]] = (
        ChangeSettings,
        ChangeBrand,
        PauseWorld,
        ResumeWorld,
    )

    def rows(self) -> QuerySet[Tenant]:
        # The one table whose manager knows no scope.
        return Tenant.objects.filter(pk=tenancy.current().pk)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Straight to the event."""
        self._only_look(request)
        return HttpResponseRedirect(self.url_of(tenancy.current()))

    def state_of(self, row: Tenant) -> Fact:
        if row.paused_at is None:
            return Fact(_("World"), _("money flows"), "good")
        return Fact(_("World"), _("PAUSED: nobody can pay"), "bad")

    def facts(self, request: BankRequest, row: Tenant) -> list[Fact]:
        paused = [
            Fact(_("Paused since"), moment(row.paused_at), "bad"),
            Fact(_("Because"), row.pause_reason or NOTHING),
        ]
        return [
            *(paused if row.paused_at else []),
            *(
                Fact(SettingsForm.base_fields[name].label, _in_words(name, getattr(row, name)))
                for name in SettingsForm.base_fields
            ),
            *brand_facts(row),
        ]

    def panels(self, request: BankRequest, row: Tenant) -> list[Panel]:
        done_to_it = trail_of(request, target(row))
        return [done_to_it] if done_to_it else []


def _in_words(name: str, value: Any) -> Any:
    if name == "registration":
        return Tenant.Registration(value).label
    if name == "welcome_bonus":
        return _bonus(value)
    if name == "language":
        return dict(settings.LANGUAGES).get(value, value)
    if name == "day_starts_at":
        return value.strftime("%H:%M")
    if name == "cors_origins":
        return " ".join(value) or NOTHING
    return yes_or_no(value) if isinstance(value, bool) else value or NOTHING


def _bonus(amount: int) -> str:
    if not amount:
        return pgettext("bonus", "none")
    try:
        currency: Currency = selectors.first_currency()
    except NotFound:
        return _("%(count)d minor units") % {"count": amount}
    return shown(amount, currency)

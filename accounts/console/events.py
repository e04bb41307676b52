"""The trail in the console: who did what to what, newest first."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final, cast

from django import forms
from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import Http404
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts import activity, search
from accounts.activity import Wanted
from accounts.console import trail
from accounts.console.lists import PAGE_ROWS, ListForm, Moment, Page, address
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Cell, Fact, Panel, link, moment
from accounts.console.trail import Said
from accounts.errors import Invalid
from accounts.models import ApiKey, AuditEvent, User
from accounts.requests import BankRequest

_ACCOUNT_NUMBER: Final = re.compile(r"nc-[0-9a-z]{4}-[0-9a-z]{4}", re.ASCII | re.IGNORECASE)


def of_masters(site: AdminSite) -> Wanted:
    """What game masters do: by action, for among all that players do (each sign-in is a line) it would be far between."""
    pages = [one for one in site._registry.values() if isinstance(one, ConsoleAdmin)]
    actions = [action for one in pages for action in one.all_actions()]
    names = {name for action in actions for name in (action.noted_as, action.recorded_as) if name}
    return Wanted(actions=frozenset(names | trail.done_elsewhere), by_right=True)


class TrailListForm(ListForm):
    """Lines by who, what, to what and when."""

    hint = gettext_lazy("The beginning of the name of whoever did it.")
    masters = forms.BooleanField(label=gettext_lazy("Only what game masters did"), required=False)
    action = forms.CharField(label=gettext_lazy("What"), max_length=48, required=False, widget=forms.Select)
    target = forms.CharField(
        label=gettext_lazy("To what"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("A whole account number."),
    )
    since = Moment(label=pgettext_lazy("time", "From"))
    until = Moment(label=pgettext_lazy("time", "To"))
    actor = forms.UUIDField(required=False, widget=forms.HiddenInput)
    field_order = ("q", "action", "target", "since", "until", "masters", "actor")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = sorted(
            ((action, str(capfirst(trail.called(action)))) for action in trail.words), key=lambda one: one[1]
        )
        asked = self.data.get("action", "") if self.is_bound else ""
        other = [(asked, asked)] if asked and asked not in trail.words else []
        self.fields["action"].widget.choices = [("", _("all")), *known, *other]

    def clean_target(self) -> str:
        """As the trail names it."""
        typed: str = self.cleaned_data["target"].strip()
        return f"ledger.account:{typed.upper()}" if _ACCOUNT_NUMBER.fullmatch(typed) else typed

    def wanted(self, masters: Wanted) -> Wanted:
        """What a valid form asks for; ``masters`` is what game masters do."""
        asked = self.cleaned_data
        text, person, action = asked["q"].strip(), asked["actor"], asked["action"].strip()
        is_device = bool(person) and ApiKey.objects.filter(pk=person).exists()
        return replace(
            masters if asked["masters"] else Wanted(),
            user_ids=frozenset(search.find(search.USER, text)) if text else None,
            user_id=None if is_device else person,
            key_id=person if is_device else None,
            action=action,
            target=asked["target"],
            since=asked["since"],
            until=asked["until"],
        )

    @property
    def said(self) -> str:
        """Whose lines these are, when the address says it and no field shows it."""
        person = self.cleaned_data.get("actor") if self.is_bound and self.is_valid() else None
        if person is None:
            return ""
        user = User.objects.filter(pk=person).first()
        key = None if user else ApiKey.objects.filter(pk=person).first()
        name = user.character_name if user else key.name if key else _("somebody unknown")
        return _("Only what %(name)s did.") % {"name": name}


class AuditPages(ConsoleAdmin):
    """The list is the trail of all floors, transfers included; the pages are those of the ground floor's own lines."""

    view_permission = "accounts.view_audit"
    singular, plural = gettext_lazy("Line of the trail"), gettext_lazy("Trail")
    place = 60
    list_form = TrailListForm
    empty_list = gettext_lazy("No such line.")

    def page(self, request: BankRequest, form: ListForm, after: str) -> Page:
        wanted = Wanted()
        if form.is_bound:
            if not form.is_valid():
                return Page([])
            wanted = cast(TrailListForm, form).wanted(of_masters(self.admin_site))
        try:
            found = trail.read(request.actor(), wanted, after=after, limit=PAGE_ROWS)
        except Invalid:
            raise Http404 from None
        back_to = moment(found.looked_back_to) if found.looked_back_to else None
        return Page(trail.say(found.lines), found.older or None, back_to)

    def older(self, page: Page) -> str:
        return page.last or ""

    def columns(self) -> list[str]:
        return trail.columns()

    def cells(self, row: Said) -> list[Cell]:
        return row.cells()

    def rows(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.all()

    # -- the page ------------------------------------------------------------------------------------------------------

    def find(self, key: str) -> AuditEvent:
        row: AuditEvent = super().find(key)
        [row.said] = trail.say([activity.line_of(row)])  # type: ignore[attr-defined]  # for what stands on the page
        return row

    def title_of(self, row: AuditEvent) -> str:
        return trail.called(row.action)

    def state_of(self, row: AuditEvent) -> Fact | None:
        return None if row.status == "ok" else Fact(_("Refused"), row.status, "bad")

    def facts(self, request: BankRequest, row: AuditEvent) -> list[Fact]:
        said = _said(row)
        return [
            Fact(_("When"), said.when),
            Fact(_("Who"), row.actor_label),
            Fact(_("What"), row.action),
            Fact(_("To what"), said.about),
            Fact(_("Address"), row.ip or NOTHING),
            Fact(_("Device"), row.device_id or NOTHING),
            Fact(_("Browser"), row.user_agent or NOTHING),
            Fact(_("Request"), row.request_id or NOTHING),
        ]

    def panels(self, request: BankRequest, row: AuditEvent) -> list[Panel]:
        said = _said(row)
        more = [
            Fact(_("Of the same person or device"), self._who(row)),
            Fact(_("Of the same kind"), self._lines_about("action", row.action, trail.called(row.action))),
            Fact(_("About the same thing"), self._lines_about("target", row.target, row.target)),
        ]
        details = [Fact(name, value) for name, value in said.details]
        return [
            Panel(_("Details"), facts=details, note="" if details else _("Nothing more was noted.")),
            Panel(_("Other lines"), facts=more),
        ]

    def _who(self, row: AuditEvent) -> Any:
        who = row.actor_user_id or row.actor_key_id
        return (
            link(address(self.list_url(), {"actor": str(who)}), row.actor_label) if who else row.actor_label
        )

    def _lines_about(self, name: str, value: str, text: str) -> Any:
        return link(address(self.list_url(), {name: value}), text) if value else NOTHING


def _said(row: AuditEvent) -> Said:
    """What ``find`` has put there."""
    found: Said = row.said  # type: ignore[attr-defined]
    return found

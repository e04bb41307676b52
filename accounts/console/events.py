"""The trail in the console: who did what to what, newest first."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import search
from accounts.console import trail
from accounts.console.lists import ListForm, address
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Cell, Fact, Panel, link
from accounts.models import AuditEvent
from accounts.requests import BankRequest


class TrailListForm(ListForm):
    """Lines by who, what and to what."""

    hint = gettext_lazy("The beginning of the name of whoever did it.")
    action = forms.CharField(
        label=gettext_lazy("What"),
        max_length=48,
        required=False,
        help_text=gettext_lazy("Whole: account.freeze"),
    )
    target = forms.CharField(
        label=gettext_lazy("To what"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Whole: ledger.account:NC-7F3K-Q2MX"),
    )
    actor = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.cleaned_data
        exact = {
            "action": asked["action"].strip(),
            "target": asked["target"].strip(),
            "actor_user_id": asked["actor"],
        }
        return rows.filter(**{column: value for column, value in exact.items() if value})


class AuditPages(ConsoleAdmin):
    """Lines of the trail."""

    view_permission = "accounts.view_audit"
    singular, plural = gettext_lazy("Line of the trail"), gettext_lazy("Trail")
    place = 60
    # By id, which is by time: the trail's indexes end with it.
    ordering = ("-id",)
    list_form = TrailListForm
    list_display = ("when", "who", "what", "to_what", "details")
    empty_list = gettext_lazy("No such line.")

    def find(self, key: str) -> AuditEvent:
        row: AuditEvent = super().find(key)
        trail.prepare([row])
        return row

    def prepare(self, rows: list[AuditEvent]) -> None:
        trail.prepare(rows)

    def found(self, text: str) -> Q:
        return Q(actor_user_id__in=search.find(search.USER, text))

    @admin.display(description=gettext_lazy("When"))
    def when(self, event: AuditEvent) -> Any:
        return trail.shown_moment(event)

    @admin.display(description=gettext_lazy("Who"))
    def who(self, event: AuditEvent) -> str:
        return event.actor_label

    @admin.display(description=gettext_lazy("What"))
    def what(self, event: AuditEvent) -> Cell:
        return trail.what(event)

    @admin.display(description=gettext_lazy("To what"))
    def to_what(self, event: AuditEvent) -> Any:
        return trail.target_of(event)

    @admin.display(description=gettext_lazy("Details"))
    def details(self, event: AuditEvent) -> Cell:
        return Cell(trail.in_words(event), tone="quiet")

    def title_of(self, row: AuditEvent) -> str:
        return row.action

    def state_of(self, row: AuditEvent) -> Fact | None:
        return None if row.status == "ok" else Fact(_("Refused"), row.status, "bad")

    def facts(self, request: BankRequest, row: AuditEvent) -> list[Fact]:
        return [
            Fact(_("When"), trail.shown_moment(row)),
            Fact(_("Who"), row.actor_label),
            Fact(_("What"), row.action),
            Fact(_("To what"), trail.target_of(row)),
            Fact(_("Address"), row.ip or NOTHING),
            Fact(_("Device"), row.device_id or NOTHING),
            Fact(_("Browser"), row.user_agent or NOTHING),
            Fact(_("Request"), row.request_id or NOTHING),
        ]

    def panels(self, request: BankRequest, row: AuditEvent) -> list[Panel]:
        more = [
            Fact(_("Of the same person or device"), self._who(row)),
            Fact(_("Of the same kind"), self._lines_about(row, "action", row.action)),
            Fact(_("About the same thing"), self._lines_about(row, "target", row.target)),
        ]
        details = [Fact(name, value) for name, value in trail.details_of(row)]
        return [
            Panel(_("Details"), facts=details, note="" if details else _("Nothing more was noted.")),
            Panel(_("Other lines"), facts=more),
        ]

    def _who(self, row: AuditEvent) -> Any:
        if row.actor_user_id is None:
            return row.actor_label
        return link(address(self.list_url(), {"actor": str(row.actor_user_id)}), row.actor_label)

    def _lines_about(self, row: AuditEvent, name: str, value: str) -> Any:
        return link(address(self.list_url(), {name: value}), value) if value else NOTHING

"""Issuing a device key in the console."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.actions import Effect
from accounts.console.parts import Button
from ledger.console.account_actions import AccountAction
from ledger.console.money import AmountField, MoneyForm
from ledger.services.devices import issue_key_for

# Every scope of accounts.roles, as a game master reads it.
SCOPE_WORDS: Final[dict[str, Any]] = {
    "credit": gettext_lazy("take payments into its own account, when the payer has approved them"),
    "balance:read": gettext_lazy("read the balance of its own account"),
    "balance:any": gettext_lazy("read the balance of ANY account"),
    "debit:any": gettext_lazy(
        "take money from ANY player by account number alone, without asking. Only for a prop nobody can carry away"
    ),
}
ALWAYS: Final = "credit"


class IssueKeyForm(MoneyForm):
    """A device: what it is called, where it stands, what it may, and how much."""

    name = forms.CharField(
        label=gettext_lazy("Name of the device"),
        max_length=64,
        help_text=gettext_lazy("What people call it: bar till, vending machine."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    place = forms.CharField(
        label=gettext_lazy("Where it stands"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    limit_per_payment = AmountField(label=gettext_lazy("At most at once"), initial="100.00")
    limit_per_day = AmountField(
        label=gettext_lazy("At most a day"),
        initial="5000.00",
        help_text=gettext_lazy("What a thief could take with it in a day. As little as the device needs."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Besides taking approved payments it may"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=gettext_lazy("Works for how many days"),
        required=False,
        min_value=1,
        max_value=3660,
        help_text=gettext_lazy("Empty: until it is revoked."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope, f"{scope}: {words}") for scope, words in SCOPE_WORDS.items() if scope != ALWAYS
        ]


class IssueKey(AccountAction):
    """Give a device its key."""

    name = "issue-key"
    permission = "accounts.manage_keys"
    label = gettext_lazy("Issue device key")
    noted_as = "key.issue"
    form_class = IssueKeyForm
    asks_password = True

    def form_arguments(self) -> dict[str, Any]:
        return {"currency": self.row.currency}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        wanted = typed or {}
        per_payment, per_day = self.shown(wanted["limit_per_payment"]), self.shown(wanted["limit_per_day"])
        expires_at = _expiry(wanted)
        sentences = [
            _("%(name)s gets a key for %(who)s.") % {"name": wanted["name"], "who": self.who()},
            _("It takes at most %(once)s at once and %(day)s a day.") % {"once": per_payment, "day": per_day},
            *(
                _("It may %(scope)s.") % {"scope": SCOPE_WORDS[scope]}
                for scope in (ALWAYS, *wanted["scopes"])
                if scope != "debit:any"
            ),
            _("It works until %(day)s.")
            % {"day": date_format(timezone.localtime(expires_at), _("j M Y, H:i"))}
            if expires_at
            else _("It works until you revoke it."),
            _("The key is shown once, on the next page. Have the device at hand."),
        ]
        warning = _(
            "It may take money from ANY player by account number alone, without asking: whoever holds this device or copies "
            "its key can take %(once)s at once and %(day)s a day from players who never see it. Each payer is told."
        )
        warnings = (
            [warning % {"once": per_payment, "day": per_day}] if "debit:any" in wanted["scopes"] else []
        )
        return Effect(sentences, warnings=warnings)

    def act(self, typed: dict[str, Any], key: str) -> HttpResponse:
        scopes = sorted({ALWAYS, *typed["scopes"]})
        body = {name: typed[name] for name in ("name", "place", "limit_per_payment", "limit_per_day", "days")}
        issued = issue_key_for(
            actor=self.actor,
            account=self.row.number,
            name=typed["name"],
            place=typed["place"],
            scopes=scopes,
            limit_per_payment=typed["limit_per_payment"],
            limit_per_day=typed["limit_per_day"],
            expires_at=_expiry(typed),
            claim=self.claim(key, {**body, "scopes": scopes}),
        )
        return self.show_once(
            _("Key of %(name)s") % {"name": issued.key.name},
            issued.secret,
            _(
                "Write it into the device now. It is shown only here and only now; lost, it must be replaced by another."
            ),
            Button(self.pages.title_of(self.row), self.pages.url_of(self.row)),
        )


def _expiry(typed: dict[str, Any]) -> dt.datetime | None:
    return timezone.now() + dt.timedelta(days=typed["days"]) if typed["days"] else None

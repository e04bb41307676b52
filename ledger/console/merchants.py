"""Tills in the console: which accounts are merchants', and who works at them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import selectors as people
from accounts.console.actions import Done, Effect, ReasonForm
from accounts.console.parts import Cell, Fact, Panel, Table, link
from accounts.models import User
from accounts.requests import BankRequest
from ledger import selectors
from ledger.console.account_actions import AccountAction
from ledger.models import Account
from ledger.services import accounts


class MakeMerchant(AccountAction):
    """Let an account charge."""

    name = "merchant"
    permission = "ledger.merchants"
    label = gettext_lazy("Make it a till")
    noted_as = "account.merchant"
    form_class = ReasonForm
    in_one_step = True

    @classmethod
    def is_offered(cls, row: Account) -> bool:
        return super().is_offered(row) and not row.is_merchant

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        return Effect(
            [
                _(
                    "%(who)s gets the Charge page: an amount becomes a QR code that a customer scans and confirms."
                )
                % {"who": self.who()},
                _("It can take nothing that the customer has not confirmed."),
            ]
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return _("This account is a till already. Nothing was done.") if self.row.is_merchant else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        accounts.set_merchant(
            actor=self.actor, account=self.row.number, merchant=True, reason=typed["reason"]
        )
        return self.done(_("%(who)s is a till now.") % {"who": self.who()})


class EndMerchant(AccountAction):
    """No more charging."""

    name = "no-merchant"
    permission = "ledger.merchants"
    label = gettext_lazy("No till any more")
    noted_as = "account.merchant"
    in_one_step = True

    @classmethod
    def is_offered(cls, row: Account) -> bool:
        return super().is_offered(row) and row.is_merchant

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        return Effect(
            [
                _(
                    "%(who)s loses the Charge page. What it asks for at this moment can be paid until it runs out."
                )
                % {"who": self.who()},
                _("Whoever works with the account still does; take them off one by one."),
            ]
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.row.is_merchant else _("This account is no till. Nothing was done.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        accounts.set_merchant(
            actor=self.actor, account=self.row.number, merchant=False, reason=typed["reason"]
        )
        return self.done(_("%(who)s is no till any more.") % {"who": self.who()})


class HireForm(forms.Form):
    """Who."""

    person = forms.CharField(
        label=gettext_lazy("Character name"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_person(self) -> User:
        """The person with exactly this name."""
        found = people.login_named(self.cleaned_data["person"])
        if found is None:
            raise forms.ValidationError(
                _("There is nobody of that name here. Write the whole name as it is."), code="unknown_person"
            )
        return found


class Hire(AccountAction):
    """Let somebody work with an account."""

    name = "hire"
    permission = "ledger.merchants"
    label = gettext_lazy("Add staff")
    noted_as = "account.staff"
    form_class = HireForm
    # They may pay from it as well.
    asks_password = True

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        person: User = (typed or {})["person"]
        facts = {"name": person.character_name, "who": self.who(), "balance": self.shown(self.balance.amount)}
        return Effect(
            [
                _("%(name)s works with the account of %(who)s from the next click on, and is told.") % facts,
                _("That is: charging where it is a till, seeing its history, giving back what it took."),
            ],
            warnings=[
                _(
                    "%(name)s can also pay from it: it holds %(balance)s. Every payment carries the name of who made it."
                )
                % facts
            ],
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        works_there = typed["person"] in selectors.staff_of(self.row)
        return (
            _("%(name)s works there already. Nothing was done.") % {"name": typed["person"].character_name}
            if works_there
            else ""
        )

    def act(self, typed: dict[str, Any], key: str) -> Done:
        accounts.hire(actor=self.actor, account=self.row.number, person=typed["person"])
        return self.done(
            _("%(name)s works with the account of %(who)s now.")
            % {"name": typed["person"].character_name, "who": self.who()}
        )


class DismissForm(forms.Form):
    """One of those who work there."""

    person = forms.ModelChoiceField(
        label=gettext_lazy("Who"), queryset=User.objects.none(), widget=forms.RadioSelect, empty_label=None
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        works_there = User.objects.filter(staffed__account=account).order_by("character_name")
        self.fields["person"].queryset = works_there  # type: ignore[attr-defined]


class Dismiss(AccountAction):
    """Take somebody off an account."""

    name = "dismiss"
    permission = "ledger.merchants"
    label = gettext_lazy("Remove staff")
    noted_as = "account.staff_end"
    form_class = DismissForm

    @classmethod
    def is_offered(cls, row: Account) -> bool:
        return super().is_offered(row) and bool(selectors.staff_of(row))

    def form_arguments(self) -> dict[str, Any]:
        return {"account": self.row}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        facts = {"name": (typed or {})["person"].character_name, "who": self.who()}
        return Effect(
            [
                _("%(name)s can neither charge for nor pay from %(who)s any more, and is told.") % facts,
                _("What was charged until now stays as it is."),
            ]
        )

    def act(self, typed: dict[str, Any], key: str) -> Done:
        accounts.dismiss(actor=self.actor, account=self.row.number, person=typed["person"])
        return self.done(
            _("%(name)s no longer works with the account of %(who)s.")
            % {"name": typed["person"].character_name, "who": self.who()}
        )


def till_fact(row: Account) -> Fact:
    """Whether the account has the Charge page."""
    return Fact(_("Till"), _("yes: it charges by QR code") if row.is_merchant else _("no"))


def staff_panel(request: BankRequest, row: Account) -> Panel:
    """Who works with the account."""
    is_known = request.user.has_perm("accounts.view_people")
    rows = [
        [
            Cell(
                link(reverse("admin:accounts_user_change", args=[user.pk]), user.character_name)
                if is_known
                else user.character_name
            )
        ]
        for user in selectors.staff_of(row)
    ]
    return Panel(
        _("Staff"), table=Table([_("Name")], rows, empty=_("Nobody but the holder works with this account."))
    )

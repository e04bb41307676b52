"""What a game master types to pay many people."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actors import Actor
from accounts.console.held import HeldFile, HeldForm, HeldText
from accounts.errors import Invalid
from ledger import numbers
from ledger.console.money import AmountField, MoneyForm
from ledger.payroll import BYTES_MAX, PayRow, read
from ledger.services.payroll import Terms
from ledger.services.transfers import MEMO_MAX


def _terms_fields() -> dict[str, forms.Field]:
    """What every pay run asks for."""
    return {
        "reason": forms.CharField(
            label=_("What for"),
            max_length=MEMO_MAX,
            help_text=_(
                "Everybody who is paid reads it. It is the name of the run, too: under one name nobody is paid twice."
            ),
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        ),
        "from_account": forms.CharField(
            label=_("Paid from"),
            max_length=40,
            required=False,
            help_text=_("An account number. Empty: the money is newly issued."),
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        ),
        "again": forms.BooleanField(
            label=_("A new round: pay everybody once more, also those who were paid under this name before"),
            required=False,
        ),
        # The run that was looked at, and what was agreed to.
        "run": forms.CharField(required=False, max_length=100, widget=forms.HiddenInput),
    }


def terms_of(typed: dict[str, Any]) -> Terms:
    """What was typed, for the service."""
    return Terms(typed["reason"], typed["from_account"], typed["again"], typed["run"])


def _clean_payer(typed: str) -> str:
    return numbers.normalize(typed) if typed.strip() else ""


class PayListForm(HeldForm):
    """Whom to pay what, as a file or pasted, and what for."""

    file = HeldFile(
        label=gettext_lazy("Pay list"),
        required=False,
        help_text=gettext_lazy(
            "A CSV file (UTF-8): account number or whole name; amount; and, if you like, a memo. Nobody is paid before you have "
            "seen who would get what."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        max_length=200,
    )
    pasted = HeldText(
        label=gettext_lazy("Or paste it here"),
        required=False,
        strip=False,
        max_length=BYTES_MAX,
        help_text=gettext_lazy("One line for each, for instance: Vex; 12.50; courier"),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
    )
    purpose = "neobank.ledger.payroll"
    bytes_max = BYTES_MAX
    rows: list[PayRow]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= _terms_fields()

    def sent(self) -> bytes | None:
        pasted: str = self.cleaned_data.get("pasted", "")
        if (upload := super().sent()) is not None:
            return upload
        return pasted.encode() if pasted.strip() else None

    def read(self, content: bytes) -> None:
        self.rows = read(content)

    def clean_from_account(self) -> str:
        """As numbers are written."""
        return _clean_payer(self.cleaned_data["from_account"])

    def clean(self) -> dict[str, Any]:
        """A list is needed, in one of the two ways."""
        cleaned = self.cleaned_data
        is_there = cleaned.get("file") or cleaned.get("pasted", "").strip() or self.data.get("held")
        if not is_there and not self.errors.keys() & {"file", "pasted"}:
            self.add_error("file", _("Choose a file, or paste the list below."))
        return super().clean()

    def reopen(self) -> None:
        """Show the list that is held, so that a line can be mended on the spot."""
        if self.data.get("held"):
            with suppress(Invalid):
                self.carry(pasted=self.held_text(), held="")


class PayMembersForm(MoneyForm):
    """How much each member gets, and what for."""

    amount = AmountField(label=gettext_lazy("Amount for each"))
    expected = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= _terms_fields()
        self.actor = actor

    def clean_from_account(self) -> str:
        """As numbers are written."""
        return _clean_payer(self.cleaned_data["from_account"])

    def carry(self, **values: str) -> None:
        """Put values into the form that the next step sends."""
        data = cast(Any, self.data).copy()
        for name, value in values.items():
            data[name] = value
        self.data = data

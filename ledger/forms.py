"""What people type into the bank's pages. Forms read; whether the bank allows it is for the services to say."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.ids import uuid7
from accounts.models import Tenant
from ledger import codes, money, numbers, voucher_codes
from ledger.models import Account, Currency, Transfer
from ledger.selectors import Filters, Standing
from ledger.services.transfers import MEMO_MAX, shown

NAME_MAX: Final = 64
_AMOUNT_LENGTH_MAX: Final = 40
_PAYERS_LENGTH_MAX: Final = 400
# Far enough from the ends of the calendar for every time zone and the day after.
_DAYS: Final = (MinValueValidator(dt.date(1900, 1, 1)), MaxValueValidator(dt.date(2999, 12, 31)))
_KEY: Final = re.compile(r"form-[0-9a-f-]{36}", re.ASCII)


def new_key() -> str:
    """A one-time key for a form that moves money: whatever is sent twice with it is done once."""
    return f"form-{uuid7()}"


def key_or_new(sent: str) -> str:
    """``sent`` when it is a key of our forms, else a new one."""
    return sent if _KEY.fullmatch(sent) else new_key()


def amount_typed(text: str, currency: Currency) -> int:
    """Minor units of an amount typed in major units. Raises ``ValidationError`` with a sentence that shows how.

    Takes a comma for the decimal point, because many phones offer nothing else, unless it may divide thousands; and the
    currency's sign in front or behind.
    """
    cleaned = text.strip().removeprefix(currency.symbol).removesuffix(currency.symbol).strip()
    whole, comma, decimals = cleaned.partition(",")
    if comma and len(decimals) != 3:
        cleaned = f"{whole}.{decimals}"
    try:
        amount = money.parse(cleaned, exponent=currency.exponent)
    except ValueError:
        example = money.plain(125 * 10**currency.exponent // 10, exponent=currency.exponent)
        raise forms.ValidationError(
            ngettext(
                "Write a plain number like %(example)s, with at most %(count)d decimal.",
                "Write a plain number like %(example)s, with at most %(count)d decimals.",
                currency.exponent,
            )
            % {"example": example, "count": currency.exponent},
            code="invalid_amount",
        ) from None
    if not money.is_amount(amount):
        raise forms.ValidationError(
            _("Write an amount above zero.")
            if amount == 0
            else _("No account can hold that much. Write less."),
            code="invalid_amount",
        )
    return amount


class _AmountForm(forms.Form):
    """The fields of every form that moves money, its one-time key among them."""

    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        max_length=_AMOUNT_LENGTH_MAX,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "figure"}),
    )
    memo = forms.CharField(
        label=gettext_lazy("What for"),
        max_length=MEMO_MAX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    # Not restored by the browser: a form that was shown again has the key that it was shown with.
    key = forms.CharField(widget=forms.HiddenInput(attrs={"autocomplete": "off"}), required=False)

    def clean_key(self) -> str:
        """The key the form was shown with; a new one in place of anything else."""
        return key_or_new(self.cleaned_data["key"])

    def clean_memo(self) -> str:
        """One line of text, however it was pasted."""
        return " ".join(self.cleaned_data["memo"].split())


class SendForm(_AmountForm):
    """Paying somebody. ``standings`` are the accounts that the person may pay from, at least one."""

    to = forms.CharField(
        label=gettext_lazy("To"),
        help_text=gettext_lazy("An account number, or a character's whole name."),
        max_length=NAME_MAX,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "words",
                "spellcheck": "false",
                "list": "paid-before",
                "data-account-number": gettext_lazy(
                    "This number has a typing mistake. Compare it with the payee's, sign by sign."
                ),
            }
        ),
    )
    from_account = forms.ChoiceField(label=gettext_lazy("From"))
    field_order = ("from_account", "to", "amount", "memo", "key")

    def __init__(self, *args: Any, standings: Sequence[Standing], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.standings = {standing.account.number: standing for standing in standings}
        if len(standings) > 1:
            self.fields["from_account"].choices = [  # type: ignore[attr-defined]
                (number, f"{_name_of(standing.account)} · {_available(standing)} · {number}")
                for number, standing in self.standings.items()
            ]
        else:
            del self.fields["from_account"]
            self.fields["amount"].help_text = _("You have %(available)s.") % {
                "available": _available(standings[0])
            }

    @property
    def payer(self) -> Standing:
        """The chosen account as it stands now, or the only one."""
        chosen = self.cleaned_data.get("from_account", "")
        return self.standings.get(chosen) or next(iter(self.standings.values()))

    def clean_to(self) -> str:
        """The payee as typed, in one line. A number whose check character does not fit goes no further."""
        typed = " ".join(str(self.cleaned_data["to"]).split())
        if numbers.is_meant(typed):
            typed = numbers.normalize(typed)
            if not numbers.is_valid(typed):
                raise forms.ValidationError(
                    _("%(number)s has a typing mistake. Compare it with the payee's, sign by sign.")
                    % {"number": typed},
                    code="bad_number",
                )
        return typed

    def clean(self) -> dict[str, Any]:
        """Reads the amount in the payer's currency."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "amount" in cleaned:
            try:
                cleaned["amount"] = amount_typed(cleaned["amount"], self.payer.account.currency)
            except forms.ValidationError as error:
                self.add_error("amount", error)
        return cleaned


class _IntoForm(_AmountForm):
    """A form whose amount goes into one of ``accounts``, at least one; with only one there is nothing to choose."""

    account = forms.ChoiceField(label=gettext_lazy("Into"))

    def __init__(self, *args: Any, accounts: Sequence[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accounts = {account.number: account for account in accounts}
        if len(accounts) > 1:
            self.fields["account"].choices = [  # type: ignore[attr-defined]
                (number, f"{_name_of(account)} · {number}") for number, account in self.accounts.items()
            ]
        else:
            del self.fields["account"]

    @property
    def into(self) -> Account:
        """The chosen account, or the only one."""
        return self.accounts.get(self.cleaned_data.get("account", "")) or next(iter(self.accounts.values()))

    def clean(self) -> dict[str, Any]:
        """Reads the amount in the currency of the account."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "amount" in cleaned:
            try:
                cleaned["amount"] = amount_typed(cleaned["amount"], self.into.currency)
            except forms.ValidationError as error:
                self.add_error("amount", error)
        return cleaned


class ChargeForm(_IntoForm):
    """What is to be paid into a till. ``accounts`` are the merchant accounts that the person may charge for."""

    field_order = ("account", "amount", "memo", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["memo"].help_text = _("The payer reads it too.")


class AskForm(_IntoForm):
    """Asking people by name. ``accounts`` are those that the person may ask for."""

    payers = forms.CharField(
        label=gettext_lazy("From whom"),
        help_text=gettext_lazy(
            "A character's whole name or an account number; several with commas between them share it equally."
        ),
        max_length=_PAYERS_LENGTH_MAX,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "words", "spellcheck": "false"}
        ),
    )
    with_me = forms.BooleanField(label=gettext_lazy("One part is my own"), required=False)
    field_order = ("account", "payers", "amount", "with_me", "memo", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = _("Amount altogether")
        self.fields["memo"].help_text = _("They read it too.")

    def clean_payers(self) -> list[str]:
        """The names or numbers, one by one."""
        names = re.split(r"[,;\n]", str(self.cleaned_data["payers"]))
        return [name for name in (" ".join(name.split()) for name in names) if name]


class VoucherForm(forms.Form):
    """The code of a voucher, as it is printed."""

    CODE_TYPED_MAX: ClassVar[int] = 40

    code = forms.CharField(
        label=gettext_lazy("Code of the voucher"),
        help_text=gettext_lazy("Eleven letters and digits, like K7Q2-M9XF-3RT."),
        max_length=CODE_TYPED_MAX,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "class": "figure",
                "data-voucher-code": gettext_lazy(
                    "This code has a typing mistake. Compare it with the paper, sign by sign."
                ),
            }
        ),
    )

    def clean_code(self) -> str:
        """As it is digested. One whose check character does not fit goes no further."""
        code = voucher_codes.normalize(str(self.cleaned_data["code"]))
        if not voucher_codes.is_valid(code):
            raise forms.ValidationError(
                _("This code has a typing mistake. Compare it with the paper, sign by sign."),
                code="bad_voucher_code",
            )
        return code


class ScanForm(forms.Form):
    """What stands under a QR: an account number, the code of a payment request, or that of a voucher."""

    number = forms.CharField(
        label=gettext_lazy("Account number or payment code"),
        max_length=NAME_MAX,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "class": "figure",
                "data-account-number": gettext_lazy(
                    "This number has a typing mistake. Compare it with the payee's, sign by sign."
                ),
            }
        ),
    )

    def clean_number(self) -> str:
        """As it is stored. A number whose check character does not fit goes no further."""
        typed = str(self.cleaned_data["number"])
        if code := codes.normalize(typed):
            return code
        if voucher_codes.is_valid(code := voucher_codes.normalize(typed)):
            return code
        number = numbers.normalize(typed)
        if not numbers.is_valid(number):
            raise forms.ValidationError(
                _("That is neither a number nor a code, or has a typing mistake. Compare it sign by sign."),
                code="bad_number",
            )
        return number


def _name_of(account: Account) -> str:
    return account.label or account.holder.name


def _available(standing: Standing) -> str:
    return shown(standing.account, standing.available)


class RefundForm(_AmountForm):
    """Giving back some or all of a transfer in ``currency``."""

    def __init__(self, *args: Any, currency: Currency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> int:
        """Minor units of the currency."""
        return amount_typed(self.cleaned_data["amount"], self.currency)


class HistoryForm(forms.Form):
    """Which lines of the history are wanted."""

    q = forms.CharField(
        label=gettext_lazy("Search"),
        help_text=gettext_lazy("A name, a number, or words of what it was for."),
        max_length=NAME_MAX,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    since = forms.DateField(
        label=gettext_lazy("From day"),
        required=False,
        validators=_DAYS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("To day"),
        required=False,
        validators=_DAYS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    type = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    account = forms.ChoiceField(label=gettext_lazy("Account"), required=False)

    def __init__(self, *args: Any, accounts: Sequence[Account], tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant = tenant
        kinds = [(kind.value, str(kind.label)) for kind in Transfer.Kind if kind != Transfer.Kind.TRANSFER]
        self.fields["type"].choices = [  # type: ignore[attr-defined]
            ("", _("all")),
            ("transfer_in", _("received")),
            ("transfer_out", _("paid")),
            *kinds,
        ]
        if len(accounts) > 1:
            numbers_of_all = [(account.number, account.label or account.number) for account in accounts]
            self.fields["account"].choices = [("", _("all")), *numbers_of_all]  # type: ignore[attr-defined]
        else:
            del self.fields["account"]

    def filters(self) -> Filters:
        """The filters that the valid form asks for; days are the event's, which begin when it says."""
        asked = self.cleaned_data
        return Filters(
            since=self._beginning_of(asked["since"]) if asked["since"] else None,
            until=self._end_of(asked["until"]) if asked["until"] else None,
            type=asked["type"],
            text=asked["q"],
        )

    def _beginning_of(self, day: dt.date) -> dt.datetime:
        return self.tenant.beginning_of(day)

    def _end_of(self, day: dt.date) -> dt.datetime:
        return self._beginning_of(day + dt.timedelta(days=1)) - dt.timedelta(microseconds=1)

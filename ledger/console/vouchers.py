"""Vouchers in the console: making a batch, who has redeemed which, taking the rest back. Printing is an upper floor's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar, Final, cast

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.console.actions import ActionPage, Done, Effect
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Cell, Fact, Panel, Table, extension_of, link, moment
from accounts.console.trail import trail_of
from accounts.models import Tenant
from accounts.requests import BankRequest
from ledger import money, selectors, voucher_codes
from ledger.console.money import AmountField, MoneyForm, shown
from ledger.console.transfers import account_link
from ledger.idempotency import claim_for
from ledger.models import Currency, Transfer, Voucher, VoucherBatch
from ledger.models.vouchers import BATCH_MAX, LABEL_MAX
from ledger.services import vouchers

DAYS: Final = 3


class MakeForm(MoneyForm):
    """What for, how many, worth how much, for how long. ``currencies`` are the event's, the first one first."""

    label = forms.CharField(
        label=gettext_lazy("What for"),
        max_length=LABEL_MAX,
        help_text=gettext_lazy("It is printed on each, and stands in the history of whoever redeems one."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    count = forms.IntegerField(label=gettext_lazy("How many"), min_value=1, max_value=BATCH_MAX, initial=50)
    coin = forms.ChoiceField(label=gettext_lazy("Currency"))
    worth = AmountField(label=gettext_lazy("Each is worth"))
    days = forms.IntegerField(
        label=gettext_lazy("Days that they can be redeemed"), min_value=1, max_value=365, initial=DAYS
    )

    def __init__(self, *args: Any, currencies: Sequence[Currency], **kwargs: Any) -> None:
        sent = args[0] if args else {}
        by_code = {currency.code: currency for currency in currencies}
        super().__init__(*args, currency=by_code.get(sent.get("coin", ""), currencies[0]), **kwargs)
        if len(currencies) > 1:
            self.fields["worth"].help_text = ""
            self.fields["coin"].choices = [  # type: ignore[attr-defined]
                (code, f"{currency.name} ({currency.symbol})") for code, currency in by_code.items()
            ]
        else:
            del self.fields["coin"]

    def clean_label(self) -> str:
        """One line of text, however it was pasted."""
        return " ".join(self.cleaned_data["label"].split())

    def clean(self) -> dict[str, Any]:
        """All of them together are an amount, too."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if {"worth", "count"} <= cleaned.keys() and not money.is_amount(cleaned["worth"] * cleaned["count"]):
            self.add_error("worth", _("All together that is more than any account can hold. Write less."))
        return cleaned | {"currency": self.currency}


class MakeVouchers(ActionPage):
    """Let codes on paper become money."""

    name = "vouchers"
    permission = vouchers.PERMISSION
    label = gettext_lazy("Make vouchers")
    noted_as = "voucher.make"
    form_class = MakeForm
    # Whoever finds the print can mint.
    asks_password = True
    row: Tenant

    def form_arguments(self) -> dict[str, Any]:
        return {"currencies": selectors.currencies()}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        asked = typed or {}
        count, worth, currency = asked["count"], asked["worth"], asked["currency"]
        until = timezone.now() + dt.timedelta(days=asked["days"])
        facts = {
            "count": count,
            "worth": shown(worth, currency),
            "all": shown(worth * count, currency),
            "words": money.display(worth * count, symbol="", exponent=currency.exponent),
            "currency": currency.name,
            "until": date_format(timezone.localtime(until), _("D j M Y, H:i")),
        }
        sentences = [
            ngettext(
                "%(count)d voucher is made, worth %(worth)s. Whoever has its code first gets the money.",
                "%(count)d vouchers are made, worth %(worth)s each. Of each, whoever has its code first gets the money.",
                count,
            )
            % facts,
            _(
                "%(count)d × %(worth)s = %(all)s: together they can mint at most %(words)s %(currency)s of new money."
            )
            % facts,
            _("No money is made yet. Each can be redeemed once, until %(until)s; you can take back the rest.")
            % facts,
        ]
        warnings = [_("Print them, count them, and keep them as you keep money.")]
        return Effect(
            sentences,
            warnings=warnings,
            button=_("vouchers for %(all)s") % facts,
            facts=[Fact(MakeForm.base_fields["label"].label, asked["label"])],
        )

    def act(self, typed: dict[str, Any], key: str) -> Done:
        body = {name: typed[name] for name in ("label", "count", "worth", "days")}
        body["currency"] = typed["currency"].code
        made = vouchers.make_batch(
            actor=self.actor,
            label=typed["label"],
            worth=typed["worth"],
            count=typed["count"],
            lives=dt.timedelta(days=typed["days"]),
            currency=typed["currency"],
            claim=claim_for(key, method="POST", path=self.request.path, body=body),
        )
        url = reverse("admin:ledger_voucherbatch_change", args=[made.batch.pk])
        if made.replayed:
            return Done(_("These vouchers were made before, and not a second time."), url, is_news=False)
        return Done(_("The vouchers are made. Print them now, or whenever you need them."), url)


class VoidRest(ActionPage):
    """Take back what nobody has redeemed."""

    name = "void"
    permission = vouchers.PERMISSION
    label = gettext_lazy("Void the rest")
    noted_as = "voucher.void"
    tone = "bad"
    in_one_step = True
    row: VoucherBatch

    @classmethod
    def is_offered(cls, row: VoucherBatch) -> bool:
        return row.voided_at is None

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        counts = counts_of(self.row)
        facts = {
            "count": counts["open"],
            "all": shown(counts["open"] * self.row.worth, self.row.currency),
            "redeemed": counts["redeemed"],
        }
        return Effect(
            [
                _(
                    "%(count)d vouchers that nobody has redeemed, worth %(all)s together, stop working at once."
                )
                % facts,
                _("Those %(redeemed)d that were redeemed stay as they are, and so does their money.") % facts,
                _("This cannot be undone, and they cannot be printed again; make new ones instead."),
            ]
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.row.voided_at is None else _("The rest was voided before. Nothing was done.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        count = vouchers.void_batch(actor=self.actor, batch=self.row.pk, reason=typed["reason"])
        sentence = ngettext("%(count)d voucher was voided.", "%(count)d vouchers were voided.", count)
        return Done(sentence % {"count": count}, self.pages.url_of(self.row))


class VoucherPages(ConsoleAdmin):
    """Batches of vouchers, newest first. No code stands here: they are only printed."""

    view_permission = vouchers.PERMISSION
    singular, plural = gettext_lazy("Vouchers"), gettext_lazy("Vouchers")
    place = 50
    list_display = ("label", "worth_in_words", "redeemed", "still_open", "until", "by", "state")
    empty_list = gettext_lazy("No vouchers yet. They are made on the page of the event.")
    console_actions: ClassVar[Sequence[type[ActionPage]]] = (VoidRest,)

    def rows(self) -> QuerySet[VoucherBatch]:
        return VoucherBatch.objects.select_related("currency", "created_by")

    def find(self, key: str) -> VoucherBatch:
        row: VoucherBatch = super().find(key)
        self.prepare([row])
        return row

    def found(self, text: str) -> Q:
        """By a code somebody has in his hand, and by what they are for."""
        code = voucher_codes.normalize(text)
        if voucher_codes.is_valid(code):
            return Q(vouchers__digest=selectors.digest_of(code))
        return Q(label__icontains=text)

    def prepare(self, rows: list[VoucherBatch]) -> None:
        counts = selectors.voucher_counts(rows)
        for row in rows:
            row.counts = counts[row.pk]  # type: ignore[attr-defined]  # for the columns below

    # -- columns -------------------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("Each worth"))
    def worth_in_words(self, row: VoucherBatch) -> Cell:
        return Cell(shown(row.worth, row.currency), is_amount=True)

    @admin.display(description=gettext_lazy("Redeemed"))
    def redeemed(self, row: VoucherBatch) -> str:
        return _("%(redeemed)d of %(count)d") % {"redeemed": counts_of(row)["redeemed"], "count": row.count}

    @admin.display(description=gettext_lazy("Can still mint"))
    def still_open(self, row: VoucherBatch) -> Cell:
        is_over = state_of(row).tone != "good"
        left = 0 if is_over else counts_of(row)["open"] * row.worth
        return Cell(shown(left, row.currency), is_amount=True)

    @admin.display(description=gettext_lazy("Until"))
    def until(self, row: VoucherBatch) -> Any:
        return moment(row.expires_at)

    @admin.display(description=gettext_lazy("Made by"))
    def by(self, row: VoucherBatch) -> str:
        return row.created_by.character_name if row.created_by else _("staff at the machine")

    @admin.display(description=gettext_lazy("State"))
    def state(self, row: VoucherBatch) -> Cell:
        fact = state_of(row)
        return Cell(fact.value, fact.tone)

    # -- the page ------------------------------------------------------------------------------------------------------

    def state_of(self, row: VoucherBatch) -> Fact:
        return state_of(row)

    def figure_of(self, row: VoucherBatch) -> Fact:
        return Fact(_("Each worth"), shown(row.worth, row.currency))

    def facts(self, request: BankRequest, row: VoucherBatch) -> list[Fact]:
        counts, currency = counts_of(row), row.currency
        return [
            Fact(_("Redeemed"), self.redeemed(row)),
            Fact(_("Minted so far"), shown(counts["redeemed"] * row.worth, currency)),
            Fact(_("Can still mint"), self.still_open(row).value),
            Fact(_("Voided"), str(counts["voided"])),
            Fact(_("Until"), moment(row.expires_at)),
            Fact(_("Made"), moment(row.created_at)),
            Fact(_("Made by"), self.by(row)),
        ]

    def panels(self, request: BankRequest, row: VoucherBatch) -> list[Panel]:
        found = Voucher.objects.filter(batch=row).select_related(
            "transfer__actor", "transfer__to_account__holder"
        )
        now = timezone.now()
        by_state: dict[str, list[Voucher]] = {}
        for voucher in found.order_by("number"):
            voucher.batch = row
            by_state.setdefault(voucher.state_at(now), []).append(voucher)
        redeemed = by_state.pop(Voucher.State.REDEEMED, [])
        # Those that say nothing but their number are said together.
        others = [
            Fact(Voucher.State(state).label, in_ranges([voucher.number for voucher in rows]))
            for state, rows in by_state.items()
        ]
        newest = sorted(
            redeemed, key=lambda voucher: cast(Transfer, voucher.transfer).posted_at, reverse=True
        )
        columns = [_("Number"), _("Redeemed by"), _("Into"), _("When")]
        lines = [self._line(voucher) for voucher in newest]
        done_to_it = trail_of(request, vouchers.target(row))
        return [
            Panel(
                _("Who has redeemed which"),
                table=Table(columns, lines, empty=_("Nobody has redeemed one yet.")),
            ),
            *([Panel(_("The others, by the number on the paper"), facts=others)] if others else []),
            *([done_to_it] if done_to_it else []),
        ]

    def _line(self, voucher: Voucher) -> list[Cell]:
        transfer = cast(Transfer, voucher.transfer)
        url = reverse("admin:ledger_transfer_change", args=[transfer.pk])
        who = (
            link(
                reverse("admin:accounts_user_change", args=[transfer.actor.pk]), transfer.actor.character_name
            )
            if transfer.actor
            else NOTHING
        )
        return [
            Cell(str(voucher.number)),
            Cell(who),
            Cell(account_link(transfer.to_account)),
            Cell(link(url, moment(transfer.posted_at))),
        ]


def in_ranges(numbers: Sequence[int]) -> str:
    """``1–3, 5``: ascending numbers as people write them."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def counts_of(row: VoucherBatch) -> dict[str, int]:
    """What ``VoucherPages.prepare`` has put there."""
    found: dict[str, int] = row.counts  # type: ignore[attr-defined]
    return found


def state_of(row: VoucherBatch) -> Fact:
    """Whether any of a batch can still be redeemed."""
    if row.voided_at is not None:
        return Fact(_("State"), _("the rest is voided"), "quiet")
    if row.expires_at <= timezone.now():
        return Fact(_("State"), _("expired"), "quiet")
    if not counts_of(row)["open"]:
        return Fact(_("State"), _("all redeemed"), "quiet")
    return Fact(_("State"), _("can be redeemed"), "good")


extension_of(Tenant).actions.append(MakeVouchers)

"""The sheet of vouchers, as a file for the printer."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.console.actions import Effect
from identity.console.printing import Printing
from identity.paper.vouchers import ON_A_PAGE, PrintedVoucher, vouchers_pdf
from ledger import money, voucher_codes
from ledger.models import VoucherBatch
from ledger.selectors import voucher_counts
from ledger.services import vouchers


class PrintVouchers(Printing):
    """Print the vouchers of a batch that nobody has redeemed: the first time, and when a print was lost."""

    name = "print"
    permission = vouchers.PERMISSION
    label = gettext_lazy("Print the vouchers")
    noted_as = "voucher.print"
    # Whoever has the file has the money.
    asks_password = True
    row: VoucherBatch

    @classmethod
    def is_offered(cls, row: VoucherBatch) -> bool:
        return row.voided_at is None and row.expires_at > timezone.now()

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        asked = typed or {}
        count = voucher_counts([self.row])[self.row.pk]["open"] if self.is_offered(self.row) else 0
        if not count:
            return Effect(
                [
                    _(
                        "None of these vouchers can be redeemed any more. Make new ones on the page of the event."
                    )
                ],
                is_possible=False,
            )
        sentences = [
            ngettext(
                "%(count)d voucher that nobody has redeemed, on %(pages)d page of A4.",
                "%(count)d vouchers that nobody has redeemed, fourteen on a page of A4: pages needed: %(pages)d.",
                count,
            )
            % {"count": count, "pages": -(-count // ON_A_PAGE)},
            _("They are worth %(all)s together.") % {"all": self._shown(count * self.row.worth)},
            _("Each has a QR code that leads to %(address)s, and a code to type.")
            % {"address": asked["address"]},
        ]
        warnings = [
            *self.warnings(asked),
            _(
                "A second print has the same codes: of two papers with one code only the first one redeemed pays."
            ),
        ]
        return Effect(sentences, warnings=warnings, button=_("print the vouchers"))

    def act(self, typed: dict[str, Any], key: str) -> HttpResponse:
        codes = vouchers.print_batch(actor=self.actor, batch=self.row.pk)
        printed = [
            PrintedVoucher(
                number=one.number,
                code=voucher_codes.spaced(one.code),
                address=f"{typed['address']}{reverse('bank:voucher', args=[one.code])}",
            )
            for one in codes
        ]
        last = timezone.localtime(self.row.expires_at)
        content = vouchers_pdf(
            printed,
            event=self.actor.tenant.name,
            label=self.row.label,
            worth=self._shown(self.row.worth),
            until=date_format(last, _("j M Y, H:i")),
            page=f"{typed['address']}{reverse('bank:vouchers')}",
        )
        return self.file("vouchers", content)

    def _shown(self, amount: int) -> str:
        currency = self.row.currency
        return money.display(amount, symbol=currency.symbol, exponent=currency.exponent)

"""Vouchers by their codes, and how far a batch has come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from accounts import crypto
from accounts.actors import Actor
from accounts.errors import Conflict, Invalid, NotFound
from ledger import numbers, voucher_codes
from ledger.models import Account, Currency, Voucher, VoucherBatch
from ledger.selectors.accounts import accounts_of

_INDEX: Final = "ledger.voucher"


def digest_of(code: str) -> bytes:
    """By what a normalized ``code`` is found: keyed, because fifty bits alone could be tried out by who has the table."""
    return crypto.blind_index(_INDEX, code)


def voucher_with(code: str) -> Voucher:
    """The voucher with this code, as somebody typed it, with its batch.

    Raises ``Invalid`` (``bad_voucher_code``: a typing mistake, nobody has looked for it), ``NotFound`` (``unknown_voucher``).
    """
    normalized = voucher_codes.normalize(code)
    if not voucher_codes.is_valid(normalized):
        raise Invalid(
            "bad_voucher_code",
            _("This code has a typing mistake. Compare it with the paper, sign by sign; it has 11 of them."),
            field="code",
        )
    found = Voucher.objects.select_related("batch__currency", "transfer").filter(digest=digest_of(normalized))
    voucher: Voucher | None = found.first()
    if voucher is None:
        raise NotFound(
            "unknown_voucher",
            _("There is no voucher with this code. Compare it sign by sign, or ask a game master."),
            field="code",
        )
    return voucher


def accounts_for_voucher(actor: Actor, currency: Currency) -> list[Account]:
    """The actor's own accounts that hold ``currency``, the primary one first; tills they only work at are not theirs."""
    own = accounts_of(actor).filter(holder__user=actor.user_id, currency=currency)
    return sorted(own, key=lambda account: (not account.is_primary, account.pk))


def account_to_redeem_into(actor: Actor, number: str | None, currency: Currency) -> Account:
    """One of the actor's accounts by its number; None is the first that holds ``currency``.

    Raises ``NotFound`` (``unknown_account``, ``no_account``), ``Conflict`` (``wrong_currency``).
    """
    if number is not None:
        wanted = numbers.normalize(number)
        found = accounts_of(actor).filter(number=wanted).first()
        if found is None:
            raise NotFound(
                "unknown_account",
                _("There is no account %(number)s among yours. Check the number.") % {"number": wanted[:20]},
                field="to_account",
            )
        return found
    fitting = accounts_for_voucher(actor, currency)
    if fitting:
        return fitting[0]
    if accounts_of(actor).filter(holder__user=actor.user_id).exists():
        raise Conflict(
            "wrong_currency",
            _("You have no account that holds %(currency)s. Ask a game master for one.")
            % {"currency": currency.name},
        )
    raise NotFound(
        "no_account",
        _("This login was made for staff and has no bank account. To redeem, sign in as a character."),
    )


def voucher_counts(batches: Iterable[VoucherBatch]) -> dict[object, dict[str, int]]:
    """By batch id, how many of its vouchers are redeemed, voided, and neither; one query for all of them."""
    states = Voucher.State
    found = (
        Voucher.objects.filter(batch__in=[batch.pk for batch in batches])
        .order_by()
        .values("batch")
        .annotate(
            redeemed=Count("pk", filter=Q(state=states.REDEEMED)),
            voided=Count("pk", filter=Q(state=states.VOIDED)),
            open=Count("pk", filter=Q(state=states.OPEN)),
        )
    )
    return {row.pop("batch"): row for row in found}

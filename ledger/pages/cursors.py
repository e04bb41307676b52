"""Where the next page of a list begins, as the address carries it: signed, so that nobody walks where he likes."""

from __future__ import annotations

from django.core import signing
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from ledger import selectors


def written(cursor: selectors.Cursor, *, walk: str) -> str:
    """The text for an address; it is good for the same ``walk`` only."""
    return signing.dumps(cursor, salt=walk)


def read(sent: str, *, walk: str) -> selectors.Cursor | None:
    """The place that an address names, None for the beginning. Raises ``Invalid`` (``bad_cursor``)."""
    if not sent:
        return None
    try:
        cursor: selectors.Cursor = signing.loads(sent, salt=walk)
    except signing.BadSignature:
        raise Invalid(
            "bad_cursor", _("This page's address is not complete. Start again at the first page.")
        ) from None
    return cursor

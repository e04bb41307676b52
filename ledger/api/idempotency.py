"""The header ``Idempotency-Key``: the same request sent twice is done once and answered twice."""

from __future__ import annotations

from typing import Literal, overload

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.errors import Invalid
from ledger.idempotency import claim_for
from ledger.posting import Claim

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"


@overload
def claim_of(request: Request, *, required: Literal[True]) -> Claim: ...


@overload
def claim_of(request: Request, *, required: bool) -> Claim | None: ...


def claim_of(request: Request, *, required: bool) -> Claim | None:
    """The claim that the request's header makes, None without one.

    Raises ``Invalid`` (``idempotency_key_required``, ``invalid_idempotency_key``).
    """
    key = request.headers.get(HEADER)
    if key is None:
        if not required:
            return None
        raise Invalid(
            "idempotency_key_required",
            _("Send a new random Idempotency-Key with the request, and the same one when you repeat it."),
        )
    try:
        return claim_for(key, method=str(request.method), path=request.path, body=request.data)
    except ValueError:
        raise Invalid(
            "invalid_idempotency_key", _("An Idempotency-Key has 1 to 200 visible ASCII characters.")
        ) from None


def parameter(*, required: bool) -> OpenApiParameter:
    """The header in the schema."""
    return OpenApiParameter(
        HEADER,
        {"type": "string", "pattern": "^[!-~]{1,200}$", "minLength": 1, "maxLength": 200},
        OpenApiParameter.HEADER,
        required=required,
        description="A random value of the client's own. The same one with the same body is answered again, not done again.",
    )


REPLAYED_HEADER = OpenApiParameter(
    REPLAYED,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    enum=["true"],
    # Outcomes that are stored: what was done, and what was refused inside the transaction.
    response=["201", "404", "409"],
    description="`true` on an answer that was given before to the same key.",
)

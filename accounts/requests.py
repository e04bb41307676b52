"""What our middleware puts on a request, by type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from accounts.actors import Actor, Origin
    from accounts.errors import DomainError
    from accounts.models import LoginSession, Tenant
    from accounts.tokens import Claims


class BankRequest(HttpRequest):
    """A request that has come through ``accounts.middleware``: for annotations, never made."""

    request_id: str
    started_at: float
    """``time.perf_counter()`` when the request came in."""
    origin: Origin
    tenant: Tenant | None
    refusal: DomainError | None
    """Why the request cannot be let through to any view, or None."""
    claims: Claims | None
    """What a bearer token with a good signature says; whether its session still holds is not known yet."""
    token_refusal: DomainError | None
    login_session: LoginSession | None

    def actor(self) -> Actor:
        """The person behind the page's cookie. Raises ``Unauthenticated`` (``not_signed_in``)."""
        raise NotImplementedError

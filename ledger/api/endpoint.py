"""What the ledger's views share: who is asking, reading a body or a query string, and counting what moves money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast

from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from accounts import limits
from accounts.actors import Actor
from accounts.errors import DomainError, TooMany, Unavailable
from ledger import selectors
from ledger.api.answers import LineAnswer
from ledger.models import Account
from ledger.posting import Claim

Asked = TypeVar("Asked", bound=serializers.Serializer[Any])

# Not filters: they choose the page.
_PAGING = ("limit", "cursor")


class Endpoint(GenericAPIView[Any]):
    """A view of the ledger. Lists are paged by the pagination that the settings name."""

    @property
    def actor(self) -> Actor:
        """Who is asking."""
        return cast(Actor, self.request.auth)

    def body(self, kind: type[Asked]) -> Asked:
        """The validated body. Raises ``ValidationError``."""
        return _validated(kind, self.request.data)

    def query(self, kind: type[Asked]) -> Asked:
        """The validated query string. Raises ``ValidationError``, also for a filter that does not exist."""
        asked = {name: value for name, value in self.request.query_params.items() if name not in _PAGING}
        return _validated(kind, asked)

    def history(self, accounts: Sequence[Account], filters: selectors.Filters) -> Response:
        """The answer with a page of the entries of ``accounts``, newest first."""
        # The framework thinks of querysets; ours pages through what has a method ``page`` as well.
        page = self.paginate_queryset(cast(Any, _HistoryPages(accounts, filters)))
        return self.get_paginated_response(LineAnswer(page, many=True).data)


class _HistoryPages:
    def __init__(self, accounts: Sequence[Account], filters: selectors.Filters) -> None:
        self.accounts, self.filters = accounts, filters

    def page(
        self, *, cursor: selectors.Cursor | None, limit: int
    ) -> tuple[list[selectors.Line], selectors.Cursor | None]:
        """At most ``limit`` lines after ``cursor``, and where the next page begins."""
        found = selectors.history(self.accounts, filters=self.filters, cursor=cursor, limit=limit)
        return found.lines, found.next


@contextmanager
def counted(
    actor: Actor, claim: Claim | None, *, cost: int = 1, what: str = "transfer"
) -> Iterator[limits.Spending]:
    """Count what is done inside against the actor's minute of ``what``. Raises ``TooMany`` (``rate_limited``).

    Repeated requests are free: a stored answer is given also to somebody who has used up the minute, a stored refusal is
    given back here, a stored posting by whoever sees that it is one (``Spending.give_back``). A batch that moved nothing
    does not block for its lines, but only so many are tried in a minute; likewise a key that came back with another request.
    """
    vain = f"{actor.tenant.pk}:{actor.principal}"
    if cost > 1:
        limits.peek("in_vain", vain)
    try:
        spending = limits.spend(actor, "terminal" if actor.key else what, cost=cost)
    except TooMany:
        if claim is None or not selectors.is_answered(actor, claim.key):
            raise
        limits.peek("in_vain", vain)
        spending = limits.Spending()
    try:
        yield spending
    except DomainError as refusal:
        # Nothing was decided, or it had been before.
        if refusal.facts.get("replayed") or isinstance(refusal, Unavailable) or refusal.code == "in_flight":
            spending.give_back()
        elif cost > 1 or not spending.cost:
            spending.give_back()
            with suppress(TooMany):
                limits.hit("in_vain", vain)
        raise


def _validated(kind: type[Asked], data: Any) -> Asked:
    asked = kind(data=data)
    asked.is_valid(raise_exception=True)
    return asked

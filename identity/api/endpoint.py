"""What the views of the identity room share."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from rest_framework import serializers
from rest_framework.generics import GenericAPIView

from accounts.actors import Actor
from accounts.models import Tenant
from accounts.requests import BankRequest
from identity.addresses import for_letters

Asked = TypeVar("Asked", bound=serializers.Serializer[Any])


class Endpoint(GenericAPIView[Any]):
    """A view of the identity room."""

    @property
    def actor(self) -> Actor:
        """Who is asking."""
        return cast(Actor, self.request.auth)

    @property
    def bank_request(self) -> BankRequest:
        """The request as our middleware left it."""
        return cast(BankRequest, self.request._request)

    def visitor(self) -> Actor:
        """Whoever is asking, as somebody who is not signed in yet: whatever else he sends does not count."""
        request = self.bank_request
        # A request without a tenant does not reach a view.
        return Actor.visitor(cast(Tenant, request.tenant), request.origin)

    def address(self) -> str:
        """What links in letters begin with."""
        asked_at = self.bank_request.build_absolute_uri("/").rstrip("/")
        return for_letters(self.visitor().tenant, asked_at)

    def body(self, kind: type[Asked]) -> Asked:
        """The validated body. Raises ``ValidationError``."""
        asked = kind(data=self.request.data)
        asked.is_valid(raise_exception=True)
        return asked

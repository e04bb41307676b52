"""Small views behind every kind of door, as a URL configuration for the tests of the doors."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.utils.translation import gettext
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actors import Actor
from accounts.permissions import Anyone, Device, MayDo, SignedIn, SignedInOrDevice
from neobank.urls import handler400, handler403, handler404, handler500  # noqa: F401  they belong to the addresses


def shown(actor: Actor | None) -> dict[str, Any]:
    """Who came through, for the tests to look at."""
    return {
        "tenant": actor.tenant.slug if actor else None,
        "user": actor.user.character_name if actor and actor.user else None,
        "key": actor.key.name if actor and actor.key else None,
        "session": str(actor.session.pk) if actor and actor.session else None,
        "ip": actor.origin.ip if actor else None,
        "device_id": actor.origin.device_id if actor else None,
        "user_agent": actor.origin.user_agent if actor else None,
        "request_id": actor.origin.request_id if actor else None,
    }


class _Door(APIView):
    def get(self, request: Request) -> Response:
        """Who is asking."""
        return Response(shown(cast(Any, request.auth)))

    def post(self, request: Request) -> Response:
        """Who is asking, with something to change."""
        return Response(shown(cast(Any, request.auth)))


class ForAnyone(_Door):
    permission_classes = [Anyone]


class ForPeople(_Door):
    permission_classes = [SignedIn]


class ForDevices(_Door):
    permission_classes = [Device]


class ForBoth(_Door):
    permission_classes = [SignedInOrDevice]


class ForThoseWhoAdjust(_Door):
    permission_classes = [MayDo("ledger.adjust")]


class Forgotten(_Door):
    """Its author named no permission."""


def page(request: HttpRequest) -> HttpResponse:
    """A page for signed-in people."""
    return JsonResponse(shown(request.actor()))  # type: ignore[attr-defined]  # accounts.requests.BankRequest


def front(request: HttpRequest) -> HttpResponse:
    """A page for everybody, in the language of the event."""
    tenant = request.tenant  # type: ignore[attr-defined]
    return JsonResponse(
        {"tenant": tenant.slug, "yes": gettext("Yes"), "signed_in": request.user.is_authenticated}
    )


urlpatterns = [
    path("front", front),
    path("page", page),
    path("api/v1/anyone", ForAnyone.as_view()),
    path("api/v1/people", ForPeople.as_view()),
    path("api/v1/devices", ForDevices.as_view()),
    path("api/v1/both", ForBoth.as_view()),
    path("api/v1/adjust", ForThoseWhoAdjust.as_view()),
    path("api/v1/forgotten", Forgotten.as_view()),
    # Pages about refusals have links to the others.
    path("", include("neobank.urls")),
]

"""The schema and the pages that show it."""

from __future__ import annotations

from typing import Any, ClassVar

from csp.decorators import csp_update
from django.http import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Anyone
from neobank.problems import json_response, problem_of


class SchemaView(SpectacularAPIView):
    """The OpenAPI schema as JSON. It is the same for everybody, so it is made once a process and language."""

    authentication_classes = ()
    permission_classes = [Anyone]
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer]
    made: ClassVar[dict[str, Any]] = {}

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        language = get_language() or ""
        if language not in self.made:
            self.made[language] = self.generator_class(urlconf=self.urlconf).get_schema(public=True)
        return Response(self.made[language], headers={"Cache-Control": "public, max-age=300"})


# Swagger UI draws with inline styles. Its scripts come from our own files, so that rule stays.
@method_decorator(csp_update({"style-src": ["'unsafe-inline'"]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, from files of our own."""

    authentication_classes = ()
    permission_classes = [Anyone]
    url_name = "api-schema"
    url_self = "/api/docs/"

    def handle_exception(self, exc: Exception) -> Any:
        """As a program reads it: this view's own renderer knows no page but its one."""
        problem = problem_of(exc)
        if problem is None:
            return super().handle_exception(exc)
        return json_response(problem, self.request)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Nothing of the address is echoed into the page but the switch between page and script.
        request.GET = request.GET.copy()
        for name in set(request.GET) - {"script"}:
            del request.GET[name]
        return super().dispatch(request, *args, **kwargs)

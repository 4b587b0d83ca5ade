"""The OpenAPI document, and the pages that show it."""

from threading import Lock
from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts.models import User


class DocumentView(SpectacularJSONAPIView):
    """Builds the document once: that takes a second, and the library can't do it in two threads at once."""

    _building = Lock()
    _document: dict[str, Any] | None = None

    def _get_schema_response(self, request: Request) -> Response:
        with self._building:
            if DocumentView._document is None:
                DocumentView._document = self.generator_class().get_schema(public=True)  # type: ignore[no-untyped-call]
        return Response(DocumentView._document)


class _InTheme(APIView):
    """A page of documentation in the theme of the signed-in person."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.person = request.user  # REST framework drops it: this page authenticates nobody
        super().setup(request, *args, **kwargs)

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[misc]
        response.data["theme"] = self.person.profile.theme if isinstance(self.person, User) else ""
        return response


class DocsView(_InTheme, SpectacularSwaggerSplitView):
    """Swagger UI. The content policy needs its script at a URL of its own."""

    template_name = "api/swagger.html"


class ReferenceView(_InTheme, SpectacularRedocView):
    """ReDoc."""

    template_name = "api/redoc.html"

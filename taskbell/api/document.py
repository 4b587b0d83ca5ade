"""The OpenAPI document as a response."""

from threading import Lock
from typing import Any

from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request
from rest_framework.response import Response


class DocumentView(SpectacularJSONAPIView):
    """Builds the document once: that takes a second, and the library can't do it in two threads at once."""

    _building = Lock()
    _document: dict[str, Any] | None = None

    def _get_schema_response(self, request: Request) -> Response:
        with self._building:
            if DocumentView._document is None:
                DocumentView._document = self.generator_class().get_schema(public=True)  # type: ignore[no-untyped-call]
        return Response(DocumentView._document)

"""Taskbell with two additional small responses: one public, one for the signed-in person."""

from typing import Any

from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Small(APIView):
    """A small response to the signed-in person."""

    def get(self, request: Request) -> Response:
        """Returns the person."""
        return Response({"hello": str(request.user)})


class SmallForAll(Small):
    """The same for everybody."""

    authentication_classes: Any = ()
    permission_classes: Any = ()


urlpatterns = [
    path("api/small/", Small.as_view()),
    path("api/small-for-all/", SmallForAll.as_view()),
    path("", include("taskbell.config.urls")),
]

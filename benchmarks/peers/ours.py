"""Taskbell as it is, with two small answers more: one for everybody, one for who is signed in."""

from typing import Any

from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Small(APIView):
    """A small answer to whoever is signed in."""

    def get(self, request: Request) -> Response:
        """Says who asks."""
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

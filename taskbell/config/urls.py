"""Routes each path to its door."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path

from taskbell.api import errors, metrics
from taskbell.web import lost


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For unknown paths."""
    return errors.not_found() if request.path_info.startswith(errors.API) else lost.not_found(request, exception)


handler400 = "taskbell.api.errors.bad_request"
handler403 = lost.not_allowed
handler404 = not_found
handler500 = "taskbell.api.errors.server_error"

urlpatterns = [
    path("api/", include("taskbell.api.urls")),
    re_path("^metrics/?$", metrics.metrics),
    path("", include("taskbell.web.urls")),
]

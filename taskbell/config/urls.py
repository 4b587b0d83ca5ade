"""Routes each path to its door."""

from django.urls import include, path, re_path, register_converter

from taskbell.api import metrics
from taskbell.common.paths import IdConverter

handler400 = "taskbell.api.errors.bad_request"
handler404 = "taskbell.api.errors.not_found"
handler500 = "taskbell.api.errors.server_error"

register_converter(IdConverter, "id")  # before the doors are loaded

urlpatterns = [
    path("api/", include("taskbell.api.urls")),
    re_path("^metrics/?$", metrics.metrics),
    path("", include("taskbell.web.urls")),
]

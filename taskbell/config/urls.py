"""Routes each path to its door."""

from django.urls import include, path, re_path

from taskbell.api import metrics

handler400 = "taskbell.api.errors.bad_request"
handler404 = "taskbell.api.errors.not_found"
handler500 = "taskbell.api.errors.server_error"

urlpatterns = [
    path("api/", include("taskbell.api.urls")),
    re_path("^metrics/?$", metrics.metrics),
    path("", include("taskbell.web.urls")),
]

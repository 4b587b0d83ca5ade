"""The service worker: it keeps static files and one page for when there is no connection; never tasks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

KEPT = ("web/app.css", "web/app.js", "web/live.js", "web/icons.svg", "web/favicon.svg", "web/vendor/htmx-4.0.1.min.js")


@require_safe
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script, for the whole site."""
    files = [static(name) for name in KEPT]
    return render(request, "web/app/service_worker.js", {"files": files}, content_type="text/javascript; charset=utf-8")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """The page that is shown instead of any other, without a connection."""
    return render(request, "web/app/offline.html")

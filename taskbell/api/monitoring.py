"""Who may read the data for monitoring: clients on this machine, and holders of TASKBELL_METRICS_TOKEN."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from taskbell.common.middleware import client_address

BY_PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


def may_monitor(request: HttpRequest) -> bool:
    """True with the token, and for clients on this machine.

    A local proxy that is not configured asks on behalf of others: False.
    """
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.TASKBELL_METRICS_TOKEN and constant_time_compare(token, settings.TASKBELL_METRICS_TOKEN):
        return True
    if not settings.TASKBELL_PROXIES and any(name in request.headers for name in BY_PROXIES):
        return False
    return client_address(request) in ("127.0.0.1", "::1")

"""What `taskbell doctor` asks of other programs: the broker, our own processes, the proxy."""

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import time
from urllib.parse import urlsplit

import redis
from django.conf import settings

from taskbell.common import reporting
from taskbell.config.env import environment
from taskbell.config.language import gettext as _
from taskbell.runtime.checks_at_home import clock_finding
from taskbell.runtime.doctor import Finding
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import check_broker

TIMEOUT_SECONDS = 10.0
PARTS = ("web", "worker", "beat")


def broker() -> Iterator[Finding]:
    """It answers and takes what is written; and our processes have reported to it just now."""
    what = _("Broker")
    try:
        check_broker()
        reporting.broker().set("taskbell:doctor", 1, ex=1)
    except (CannotStart, redis.RedisError) as reason:
        mend = _("Start the broker, or correct REDIS_URL. 'taskbell run' starts one unless REDIS_URL is set.")
        yield Finding(what, problem=str(reason), mend=mend)
        return
    yield Finding(what, _("answers"))
    seconds, microseconds = reporting.broker().time()
    yield clock_finding(_("Clock of the broker"), seconds + microseconds / 1_000_000 - time())
    yield from _processes(reporting.read().alive)


def _processes(alive: tuple[str, ...]) -> Iterator[Finding]:
    for part in PARTS:
        number = alive.count(part)
        if number:
            yield Finding(part, _("running: %(number)d") % {"number": number})
        else:
            problem = _("No such process has reported in the last %(n)d seconds.") % {"n": reporting.ALIVE_SECONDS}
            mend = _("Start it with 'taskbell %(part)s', or everything with 'taskbell run'.") % {"part": part}
            yield Finding(part, problem=problem, mend=mend)


def address() -> Iterator[Finding]:
    """People reach the server at TASKBELL_URL, and the proxy in front passes on what it must."""
    what, url = "TASKBELL_URL", environment().TASKBELL_URL
    if not url:
        yield Finding(what, _("not set, so links lead to %(url)s") % {"url": environment().url})
        return
    try:
        status, location, is_ours = _ask(url)
    except (OSError, HTTPException) as error:
        problem = _("Can't reach %(url)s (%(error)s).") % {"url": url, "error": error}
        yield Finding(what, problem=problem, mend=_("Start the proxy, and check name, certificate and firewall."))
        return
    fault, mend = _fault(status, location, is_ours=is_ours)
    yield Finding(what, url if not fault else "", f"{url}: {fault}" if fault else "", mend)


def _ask(url: str) -> tuple[int, str, bool]:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"{parts.path}/sign-in/")
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), "X-Request-ID" in answer.headers
    finally:
        connection.close()


def _fault(status: int, location: str, *, is_ours: bool) -> tuple[str, str]:
    """What is wrong with the answer, and how to mend it."""
    if status == 400:
        return _("Answers 400."), _("Let the proxy pass on the Host header, or add the name to ALLOWED_HOSTS.")
    if status in (301, 308) and location.startswith("https://") and settings.SECURE_SSL_REDIRECT:
        return _("Redirects to itself."), _("Let the proxy send X-Forwarded-Proto, and count it in TASKBELL_PROXIES.")
    if status != 200 or not is_ours:
        fault = _("Answers %(status)d, and not as Taskbell does.") % {"status": status}
        return fault, _("Let the proxy send requests to the port of this server.")
    return "", ""

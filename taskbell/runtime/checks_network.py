"""What `taskbell doctor` asks of other programs: the broker, our own processes, the proxy."""

from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import time
from types import MappingProxyType
from urllib.parse import urlsplit

import redis
from django.conf import settings

from taskbell.common import reporting
from taskbell.common.redaction import summary
from taskbell.config.env import environment
from taskbell.config.language import gettext as _
from taskbell.runtime.checks_local import clock_finding
from taskbell.runtime.doctor import Finding
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import check_broker

TIMEOUT_SECONDS = 10.0
LIVE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",  # RFC 6455 §1.3
}


def broker() -> Iterator[Finding]:
    """It answers and takes what is written; and our processes have reported to it just now."""
    what = _("Broker")
    try:
        check_broker()
        reporting.broker().set("taskbell:doctor", 1, ex=1)
    except (CannotStart, redis.RedisError) as reason:
        problem = str(reason) if isinstance(reason, CannotStart) else summary(reason)
        fix = _("Start the broker, or correct REDIS_URL. 'taskbell run' starts one unless REDIS_URL is set.")
        yield Finding(what, problem=problem, fix=fix)
        return
    yield Finding(what, _("answers"))
    seconds, microseconds = reporting.broker().time()
    yield clock_finding(_("Clock of the broker"), seconds + microseconds / 1_000_000 - time())
    yield from _processes(reporting.read().alive)


def _processes(alive: tuple[str, ...]) -> Iterator[Finding]:
    for part in reporting.PARTS:
        number = alive.count(part)
        if number:
            yield Finding(part, _("running: %(number)d") % {"number": number})
        else:
            problem = _("No such process has reported in the last %(n)d seconds.") % {"n": reporting.ALIVE_SECONDS}
            fix = _("Start it with 'taskbell %(part)s', or everything with 'taskbell run'.") % {"part": part}
            yield Finding(part, problem=problem, fix=fix)


def address() -> Iterator[Finding]:
    """People reach the server at TASKBELL_URL, and the proxy in front passes on what it must."""
    what, url = "TASKBELL_URL", environment().TASKBELL_URL
    if not url:
        yield Finding(what, _("not set, so links lead to %(url)s") % {"url": environment().url})
        return
    try:
        status, location, is_ours = _ask(url, "/sign-in/")
    except (OSError, HTTPException) as error:
        problem = _("Can't reach %(url)s (%(error)s).") % {"url": url, "error": error}
        yield Finding(what, problem=problem, fix=_("Start the proxy, and check name, certificate and firewall."))
        return
    fault, fix = _fault(status, location, is_ours=is_ours)
    yield Finding(what, url if not fault else "", f"{url}: {fault}" if fault else "", fix)
    if not fault:
        yield _live(_answer_to_upgrade(url))


def _answer_to_upgrade(url: str) -> str:
    try:
        return str(_ask(url, "/ws/tasks/", LIVE)[0])
    except (OSError, HTTPException) as error:
        return type(error).__name__


def _live(answer: str) -> Finding:
    what = _("Live connections")
    if answer == "101":
        return Finding(what, _("arrive at TASKBELL_URL"))
    problem = _("WebSockets don't arrive at TASKBELL_URL (%(answer)s).") % {"answer": answer}
    return Finding(what, problem=problem, fix=_("Let the proxy pass on the headers Upgrade and Connection for /ws/."))


def _ask(url: str, path: str, headers: Mapping[str, str] = MappingProxyType({})) -> tuple[int, str, bool]:
    """The status of the answer, where it leads, and whether it is Taskbell's."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}{path}", headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), "X-Request-ID" in answer.headers
    finally:
        connection.close()


def _fault(status: int, location: str, *, is_ours: bool) -> tuple[str, str]:
    """What is wrong with the answer, and how to fix it."""
    if status == 400:
        return _("Answers 400."), _("Let the proxy pass on the Host header, or add the name to ALLOWED_HOSTS.")
    if status in (301, 308) and location.startswith("https://") and settings.SECURE_SSL_REDIRECT:
        return _("Redirects to itself."), _("Let the proxy send X-Forwarded-Proto, and count it in TASKBELL_PROXIES.")
    if status in (301, 308) and location.startswith("https://"):
        return _("Redirects to https."), _("Set TASKBELL_URL to the address with https.")
    if status >= 500 and is_ours:
        fault = _("Taskbell answers %(status)d.") % {"status": status}
        return fault, _("Look for the error in the log of the web server.")
    if status != 200 or not is_ours:
        fault = _("Answers %(status)d, and not as Taskbell does.") % {"status": status}
        return fault, _("Let the proxy send requests to the port of this server.")
    return "", ""

"""Log lines: without secrets, and strangers can neither forge nor flood them."""

import json
import logging
import threading
from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache
from time import monotonic
from typing import Any

from taskbell.common.redaction import GONE, redact, traceback_of
from taskbell.common.request_id import current_request_id

CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {9: " ", 0x2028: " ", 0x2029: " "}
# A stranger can cause a thousand of their messages a second.
REACHED_BY_STRANGERS = (
    "uvicorn",
    "django.request",
    "django.security",
    "taskbell.api",
    "taskbell.common",
    "taskbell.live",
    "taskbell.port",
    "opentelemetry",  # a collector that is away, at each request
)
MAX_ALIKE, WINDOW_SECONDS = 10, 60.0
PROBES = ("/healthz", "/readyz")  # answered before a page is looked up
MORE = " (More of these are not logged for a minute.)"
MIN_QUOTED = 4  # the message of an error that is so short may be a part of any word

Alike = tuple[str, str, str, str]


class WithoutSecrets(logging.Filter):
    """Takes out what must stay secret, and makes every message one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: messages are changed, never dropped."""
        message = before = _message(record)
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            for quoted in (repr(error), str(error)):
                if len(quoted) >= MIN_QUOTED:
                    message = message.replace(quoted, type(error).__qualname__)
        request = getattr(record, "request", None)
        if request is not None:  # paths may have tokens in them
            path = getattr(request, "path", None) or GONE
            for sent in (path, path.encode("unicode_escape").decode()):  # the second is how Django logs it
                message = message.replace(sent, route_of(request) or GONE)
        message = redact(message.rstrip()).translate(CONTROL)
        if message != before:
            record.msg, record.args = message, ()
        return True


class Sparingly(logging.Filter):
    """Of messages alike, passes on only the first few in each minute: of all loggers, or of those named here."""

    def __init__(self, loggers: tuple[str, ...] = REACHED_BY_STRANGERS) -> None:
        super().__init__()
        self._loggers = loggers
        self._seen: Counter[Alike] = Counter()
        self._since = monotonic()

    def filter(self, record: logging.LogRecord) -> bool:
        """False for one message too many; the last one that passes says so."""
        alike = _alike(record)
        if not record.name.startswith(self._loggers):
            return True
        now = monotonic()
        if now - self._since > WINDOW_SECONDS:
            self._seen.clear()
            self._since = now
        self._seen[alike] += 1
        if self._seen[alike] == MAX_ALIKE:
            record.msg, record.args = f"{_message(record).removesuffix(MORE)}{MORE}", ()
        return self._seen[alike] <= MAX_ALIKE


def _message(record: logging.LogRecord) -> str:
    """The message, or its template if the call had the wrong arguments: a line of the log must not fail its caller."""
    try:
        return record.getMessage()
    except Exception:
        record.msg, record.args = f"{record.msg} (logged with the wrong arguments)", ()
        return str(record.msg)


def _alike(record: logging.LogRecord) -> Alike:
    """What messages have in common that count as alike. Kept, because filters change the message."""
    if not hasattr(record, "alike"):
        error = record.exc_info[0] if record.exc_info else None
        route = route_of(getattr(record, "request", None))
        record.alike = (record.name, str(record.msg), error.__qualname__ if error else "", route)
    found: Alike = record.alike  # type: ignore[attr-defined]
    return found


class TextLines(logging.Formatter):
    """For people. Errors follow with their traceback, without values."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # what another handler may have made of the error
        line = super().format(record)
        record.exc_text = None
        return line

    def formatException(self, ei: Any) -> str:  # noqa: N802 - its name in the library
        return traceback_of(ei[1]) if ei[1] is not None else ""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        request_id = current_request_id()
        return super().formatMessage(record) + (f" [{request_id}]" if request_id else "")


class JsonLines(TextLines):
    """For programs: one JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if request_id := current_request_id():
            line["request_id"] = request_id
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_error_of_thread(failed: threading.ExceptHookArgs) -> None:
    """For `threading.excepthook`, which would print the error with its message."""
    error = failed.exc_value
    if error is not None and not isinstance(error, SystemExit):
        logging.getLogger("taskbell.thread").error("A thread has failed.", exc_info=error)


def route_of(request: Any) -> str:
    """The pattern of the request's path, such as `/tasks/<id:pk>/`; empty for unknown paths."""
    match = getattr(request, "resolver_match", None)
    path = getattr(request, "path_info", "").rstrip("/")
    return _without_signs(match.route) if match else path if path in PROBES else ""


@lru_cache(maxsize=1000)
def _without_signs(route: str) -> str:
    """Without those that a regular expression begins and ends with."""
    return f"/{route.strip('^$').replace('/?', '')}"

"""Reports logged errors to Sentry. A report has what this module puts into it, nothing else (docs/decisions/0058)."""

import logging
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sentry_sdk

from taskbell.common.logs import Sparingly, WithoutSecrets, route_of
from taskbell.common.redaction import causes, summary
from taskbell.common.request_id import current_request_id
from taskbell.config.env import environment

ALLOWED = frozenset(
    {"event_id", "timestamp", "level", "logger", "logentry", "exception", "tags", "release", "platform"}
)
OURS = str(Path(__file__).resolve().parent.parent)
FLUSH_SECONDS = 2.0
ANSWERS = "django.request"  # logs each answer from 500 on; without an error, it is a refusal such as 503


class ErrorReports(logging.Handler):
    """Sends each error in the background. The library adds nothing of its own: no integration of it is on."""

    def __init__(self, level: int | str = logging.ERROR) -> None:
        super().__init__(level)
        self.addFilter(lambda record: bool(record.exc_info) or record.name != ANSWERS)
        self.addFilter(Sparingly(loggers=("",)))  # a job can fail every second
        self.addFilter(WithoutSecrets())
        dsn = environment().TASKBELL_SENTRY_DSN
        sentry_sdk.init(
            dsn=dsn.get_secret_value() if dsn else None,
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_request_body_size="never",
            auto_session_tracking=False,
            max_breadcrumbs=0,
            release=f"taskbell@{version('taskbell')}",
            before_send=only_allowed,
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Reports what the log line says."""
        try:
            sentry_sdk.capture_event(event_of(record))
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Waits a moment for what has not been sent yet."""
        sentry_sdk.flush(FLUSH_SECONDS)


def event_of(record: logging.LogRecord) -> Any:
    """The error as an event of Sentry."""
    tags = {"request_id": current_request_id(), "route": route_of(getattr(record, "request", None))}
    event = {
        "level": "error",
        "logger": record.name,
        "logentry": {"formatted": record.getMessage()},
        "tags": {name: value for name, value in tags.items() if value},
        "platform": "python",
    }
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        event["exception"] = {"values": [_described(each) for each in reversed(list(causes(error)))]}
    return event


def _described(error: BaseException) -> dict[str, Any]:
    """The type of the error, and the lines of code that led to it, without values."""
    frames = [
        {
            "filename": frame.filename,
            "function": frame.name,
            "lineno": frame.lineno,
            "context_line": frame.line,
            "in_app": frame.filename.startswith(OURS),
        }
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    _, _, message = summary(error).partition(": ")
    return {"type": type(error).__qualname__, "value": message, "stacktrace": {"frames": frames}}


def only_allowed(event: Any, _hint: Any) -> Any:
    """Drops everything that the library has added, such as the name of the machine and the modules."""
    return {name: value for name, value in event.items() if name in ALLOWED}

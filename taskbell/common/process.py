"""What each of our processes does as it begins and ends."""

import atexit
import threading

from taskbell.common import tracing
from taskbell.common.logs import log_error_of_thread
from taskbell.common.reporting import reporter


def begin(*parts: str) -> None:
    """Logs and reports from now on, as these parts. Call it in the process itself, after a fork."""
    threading.excepthook = log_error_of_thread
    reporter.begin(*parts)
    atexit.register(end)


def end() -> None:
    """Reports the last time. Call it where a signal ends the process, because Python does nothing at such an exit."""
    reporter.end()
    tracing.end()

"""What is logged, and how."""

import logging
from typing import Any

from taskbell.config.env import Environment

logging.raiseExceptions = False  # would print a message that can't be logged, with the values in it

LOGS = "taskbell.common.logs"
FILTERS = {name: {"()": f"{LOGS}.{name}"} for name in ("Sparingly", "WithoutSecrets")}
FORMATTERS = {
    "text": {"()": f"{LOGS}.TextLines", "format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
    "json": {"()": f"{LOGS}.JsonLines"},
}


def logging_settings(env: Environment, *, is_child: bool = True) -> dict[str, Any]:
    """Django's LOGGING: one line for each message, on standard error. The parent process reports no errors."""
    form = env.TASKBELL_LOG_FORMAT
    handlers: dict[str, Any] = {
        "console": {"class": "logging.StreamHandler", "formatter": form, "filters": list(FILTERS)}
    }
    if env.TASKBELL_SENTRY_DSN and is_child:
        handlers["reports"] = {"()": "taskbell.config.error_reports.ErrorReports", "level": "ERROR"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": FORMATTERS,
        "filters": FILTERS,
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": env.TASKBELL_LOG_LEVEL},
        "loggers": {
            "celery.beat": {"level": "WARNING"},
            # Scanners send foreign host names all day; answering 400 is enough.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.worker.request": {"level": "WARNING"},  # would log every tick that expired while no worker ran
            "django.request": {"level": "ERROR"},
            "urllib3": {"level": "ERROR"},  # of the exporters, which report the outcome themselves
            "opentelemetry": {"level": "ERROR"},
            "taskbell.access": {"level": "INFO" if env.TASKBELL_ACCESS_LOG else "CRITICAL"},
        },
    }

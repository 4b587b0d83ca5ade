"""What is logged, and how."""

from typing import Any

from taskbell.config.env import Environment

LOGS = "taskbell.common.logs"
FILTERS = {name: {"()": f"{LOGS}.{name}"} for name in ("Sparingly", "WithoutSecrets")}
FORMATTERS = {
    "text": {"()": f"{LOGS}.TextLines", "format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
    "json": {"()": f"{LOGS}.JsonLines"},
}


def logging_settings(env: Environment) -> dict[str, Any]:
    """Django's LOGGING: one line for each message, on standard error."""
    form = env.TASKBELL_LOG_FORMAT
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": FORMATTERS,
        "filters": FILTERS,
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form, "filters": list(FILTERS)}},
        "root": {"handlers": ["console"], "level": env.TASKBELL_LOG_LEVEL},
        "loggers": {
            "celery.beat": {"level": "WARNING"},
            # Scanners send foreign host names all day; answering 400 is enough.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.worker.request": {"level": "WARNING"},  # would log every tick that expired while no worker ran
            "django.request": {"level": "ERROR"},
            "taskbell.access": {"level": "INFO" if env.TASKBELL_ACCESS_LOG else "CRITICAL"},
        },
    }

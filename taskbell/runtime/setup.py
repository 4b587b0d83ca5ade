"""Django made ready, and the services behind it asked whether they are there."""

from urllib.parse import urlsplit

import django
from django.conf import settings
from django.db import OperationalError, connection

from taskbell.runtime.refusals import CannotStart


def set_up_django() -> None:
    """Loads the settings and the models."""
    django.setup()


def check_database() -> None:
    """Raises CannotStart where the database does not answer."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise CannotStart(f"{_name_of_database()} ({_first_line(error)}).") from error


def check_broker() -> None:
    """Raises CannotStart where Redis or Valkey does not answer."""
    import redis  # noqa: PLC0415 - slow to load, and the web server on the embedded broker need not wait for it

    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=5, retry=None) as broker:
            broker.ping()
    except (redis.RedisError, ValueError) as error:
        raise CannotStart(f"REDIS_URL: no answer from {where(settings.REDIS_URL)} ({_first_line(error)}).") from error


def where(url: str) -> str:
    """The address in a URL without its user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or parts.path


def _name_of_database() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"TASKBELL_DATA: cannot open the database {database['NAME']}"
    return f"DATABASE_URL: no answer from PostgreSQL at {database['HOST'] or 'localhost'}:{database['PORT'] or 5432}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")

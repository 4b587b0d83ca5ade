"""Taskbell with Django's own backend for SQLite: writers wait in SQLite's own way."""

from taskbell.config.settings import *  # noqa: F403
from taskbell.config.settings import DATABASES

DATABASES["default"]["ENGINE"] = "django.db.backends.sqlite3"

"""The real settings with cheap passwords and without hashed static files."""

import os

from taskbell.config.settings import *  # noqa: F403 - settings are a list of names
from taskbell.config.settings import CACHES, DATABASES, REDIS_URL, STORAGES

# Tests that run side by side empty the cache without emptying one another's.
REDIS_URL = f"{REDIS_URL}?db={os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw')}"
CACHES["default"]["LOCATION"] = REDIS_URL
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STATIC_ROOT = None
DATABASES["default"]["CONN_MAX_AGE"] = 0
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # A file, because threads must see one another; without waiting for the disk.
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(os.environ["TASKBELL_DATA"], "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"

"""Django's settings, read from the environment (``env.py``)."""

import sys
from pathlib import Path
from typing import Any

import dj_database_url

# Makes this the current Celery application, which every shared_task belongs to.
import taskbell.config.celery  # noqa: F401
from taskbell.config.env import environment
from taskbell.config.extras import refuse_without_extras
from taskbell.config.files import prepare_data_folder, secret_key, valkey_socket
from taskbell.config.logs import logging_settings
from taskbell.config.mail import mail_settings
from taskbell.config.safety import host_of, refuse_unsafe
from taskbell.config.schedule import BEAT_SCHEDULE

env = environment()
PACKAGE = Path(__file__).resolve().parent.parent
DATA = env.data
prepare_data_folder(DATA)

refuse_unsafe(env)
refuse_without_extras(env)
SECRET_KEY = env.SECRET_KEY.get_secret_value() if env.SECRET_KEY else secret_key(DATA)
SECRET_KEY_FALLBACKS = env.former_keys
DEBUG = env.DEBUG
URL = env.url
HTTPS = URL.startswith("https://")

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", host_of(URL), *env.ALLOWED_HOSTS]

INSTALLED_APPS = [
    "taskbell.people",  # before Django's accounts, whose command `changepassword` it replaces
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "taskbell.web",
    "taskbell.web.admin_config.TaskbellAdmin",
    "taskbell.api",
    "taskbell.reports",
    "taskbell.comments",
    "taskbell.tasks",
    "taskbell.projects",
    "taskbell.reminders",
    "taskbell.notifications",
    "taskbell.activity",
    "taskbell.accounts",
]

# Where features register the kinds of notifications they send.
NOTIFICATION_KINDS = [
    "taskbell.notifications.summary",
    "taskbell.reminders.notifications",
    "taskbell.tasks.notifications",
    "taskbell.comments.notifications",
    "taskbell.sharing.notifications",
    "taskbell.people.notifications",
]

MIDDLEWARE = [
    "taskbell.common.watching.Watched",
    "taskbell.web.middleware.SecurityHeaders",
    "taskbell.web.compression.CompressedPages",
    "django.middleware.security.SecurityMiddleware",
    "taskbell.api.health.Health",
    "taskbell.api.bodies.ReadableBodies",
    "taskbell.common.middleware.Deadline",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "taskbell.common.middleware.OptionalSlash",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "taskbell.accounts.middleware.BrowserSession",
    "taskbell.web.language.Language",
    "django.contrib.messages.middleware.MessageMiddleware",
]

# Pages of these sites may call the API with a token; never with a cookie.
CORS_ALLOWED_ORIGINS = env.TASKBELL_CORS_ORIGINS
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key"]
CORS_EXPOSE_HEADERS = ["ETag", "Location", "Retry-After", "Idempotency-Replayed", "Content-Disposition", "X-Request-ID"]
if CORS_ALLOWED_ORIGINS:
    MIDDLEWARE.insert(2, "corsheaders.middleware.CorsMiddleware")

ROOT_URLCONF = "taskbell.config.urls"
WSGI_APPLICATION = "taskbell.config.wsgi.application"
APPEND_SLASH = False  # OptionalSlash adds it without a redirect, which would lose the request body
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
    {
        # Separate from the templates of pages, which have a base.html of their own.
        "NAME": "mail",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [
            *filter(None, [env.TASKBELL_MAIL_TEMPLATES]),
            PACKAGE / "notifications" / "channels" / "mail" / "kinds",
        ],
        "OPTIONS": {"builtins": ["django.templatetags.i18n", "taskbell.notifications.channels.mail.styles"]},
    },
]

DATABASE_URL = env.DATABASE_URL.get_secret_value() if env.DATABASE_URL else f"sqlite:///{DATA / 'taskbell.sqlite3'}"
DATABASES: dict[str, Any] = {"default": dj_database_url.parse(DATABASE_URL)}
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["ENGINE"] = "taskbell.common.sqlite3"
    DATABASES["default"]["OPTIONS"] = {
        # When a deferred transaction starts writing, it can fail with "database is locked"; an immediate one waits.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # A GiB of the file is mapped, which all connections of all processes share (docs/decisions/0053).
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-2000; "
        "PRAGMA mmap_size=1073741824;",
    }
else:
    if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
        DATABASES["default"]["ENGINE"] = "taskbell.common.postgresql"
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5} | DATABASES["default"].get("OPTIONS", {})
    if env.DATABASE_REPLICA_URL:
        replica: dict[str, Any] = {**dj_database_url.parse(env.DATABASE_REPLICA_URL.get_secret_value())}
        replica["OPTIONS"] = {"connect_timeout": 5} | replica.get("OPTIONS", {})
        replica |= {name: DATABASES["default"][name] for name in ("ENGINE", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS")}
        DATABASES["replica"] = replica
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.REDIS_URL.get_secret_value() if env.REDIS_URL else f"unix://{valkey_socket(DATA)}"
REDIS_TIMEOUTS = {"socket_connect_timeout": 1, "socket_timeout": 2}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "taskbell",
        "OPTIONS": REDIS_TIMEOUTS,
    },
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # in memory, since the schedule is in the code
CELERY_TASK_QUEUES = {name: {"exchange": name} for name in ("mail", "default", "reports")}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "taskbell.reminders.*": {"queue": "mail"},
    "taskbell.notifications.*": {"queue": "mail"},
    "taskbell.reports.*": {"queue": "reports"},
    "taskbell.backups.*": {"queue": "reports"},
}
CELERY_DB_REUSE_MAX = sys.maxsize  # see `config/celery.py`
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    "priority_steps": [0],
}
CELERY_TASK_PUBLISH_RETRY = False  # the next tick follows a second later

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["taskbell.accounts.hashing.ScarceArgon2"]
IS_LENIENT = env.TASKBELL_PASSWORD_RULES == "basic"  # noqa: S105 - not a password
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "taskbell.accounts.validation.MinimumLength"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.CommonPasswordValidator",
        # The most obvious passwords; "strict" uses Django's list of 20,000.
        "OPTIONS": {"password_list_path": PACKAGE / "accounts" / "common_passwords.txt"} if IS_LENIENT else {},
    },
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "/sign-in/"
TASKBELL_REGISTRATION = env.TASKBELL_REGISTRATION
TASKBELL_ACCESS_MINUTES = env.TASKBELL_ACCESS_MINUTES
TASKBELL_SESSION_DAYS = env.TASKBELL_SESSION_DAYS
TASKBELL_TIME_ZONE = env.TASKBELL_TIME_ZONE
TASKBELL_PROXIES = env.TASKBELL_PROXIES
TASKBELL_TRASH_DAYS = env.TASKBELL_TRASH_DAYS
TASKBELL_HISTORY_MONTHS = env.TASKBELL_HISTORY_MONTHS
TASKBELL_MAILS_BY_ONE_PERSON = env.TASKBELL_MAILS_BY_ONE_PERSON
TASKBELL_REPORT_DAYS = env.TASKBELL_REPORT_DAYS
TASKBELL_QUOTAS = env.TASKBELL_QUOTAS
TASKBELL_WORKER_THREADS = env.TASKBELL_WORKER_THREADS
TASKBELL_AMBIGUOUS = env.TASKBELL_AMBIGUOUS
TASKBELL_LIVE_CONNECTIONS = env.TASKBELL_LIVE_CONNECTIONS
TASKBELL_IDEMPOTENCY_HEADER = env.TASKBELL_IDEMPOTENCY_HEADER
TASKBELL_IMPORT_MEGABYTES = env.TASKBELL_IMPORT_MEGABYTES
TASKBELL_BACKUP_DIR = env.TASKBELL_BACKUP_DIR
TASKBELL_BACKUP_HOURS = env.TASKBELL_BACKUP_HOURS
TASKBELL_BACKUP_KEEP = env.TASKBELL_BACKUP_KEEP
TASKBELL_METRICS_TOKEN = env.TASKBELL_METRICS_TOKEN.get_secret_value() if env.TASKBELL_METRICS_TOKEN else ""
TASKBELL_OTLP_URL = env.TASKBELL_OTLP_URL

# The cookie contains the signed ID of our own session row; the row decides whether it is valid (accounts/models.py).
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_AGE = env.TASKBELL_SESSION_DAYS * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
CSRF_TRUSTED_ORIGINS = [URL]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS and env.TASKBELL_HSTS != "off" else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.TASKBELL_HSTS in ("subdomains", "preload")
SECURE_HSTS_PRELOAD = env.TASKBELL_HSTS == "preload"
# These checks recommend HSTS for subdomains and preloading, which TASKBELL_HSTS leaves to you, and Django's middleware
# against frames, which SecurityHeaders replaces.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W005", "security.W021"]
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = ["^healthz", "^readyz", "^metrics/?$"]  # requested on this machine, without the proxy
if env.TASKBELL_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# The maximum body size; bulk requests of 1,000 tasks stay well below it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

MAIL = mail_settings(env)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL["sender"]

# Outside pages and emails nothing activates a language: the API speaks the first one.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = env.TASKBELL_STATIC or DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "taskbell.web.compression.StaticFiles"},
}
WHITENOISE_USE_FINDERS = False
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "taskbell.api.authentication.BearerToken",
        "taskbell.api.authentication.BrowserCookie",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["taskbell.api.wire.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["taskbell.api.wire.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "taskbell.api.wire.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "taskbell.api.schema.DocumentedOperation",
    "EXCEPTION_HANDLER": "taskbell.api.errors.problem",
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Taskbell",
    "DESCRIPTION": "Manages your team's tasks and sends reminders on time.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # The validator is a third-party page that would learn the address of this server.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "Role": "taskbell.accounts.policy.ROLES",
        "Stage": "taskbell.tasks.kinds.STAGES",
        "Status": "taskbell.tasks.kinds.STATUSES",
        "Priority": "taskbell.tasks.kinds.PRIORITY_NAMES",
        "NotificationKind": "taskbell.search.notifications.KINDS",
        "ReportKind": "taskbell.reports.models.ReportKind.values",
        "ProjectRole": "taskbell.projects.models.ProjectRole.values",
    },
    "PREPROCESSING_HOOKS": ["taskbell.api.aliases.canonical_only"],
}

LOGGING = logging_settings(env)

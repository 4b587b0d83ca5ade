"""Every setting, declared once: type, default and description.

``docs/configuration.md`` is generated from this file.
"""

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from taskbell.common.clock import time_zones
from taskbell.config.addresses import BrokerAddress, DatabaseAddress, web_address
from taskbell.config.language import gettext as _
from taskbell.config.observing import Observing
from taskbell.config.origins import read_origins
from taskbell.config.quotas import ABOUT_QUOTAS, QUOTAS, read_quotas
from taskbell.config.sentences import sentence_of

DOTENV = Path(".env")


class UnusableEnvironment(Exception):
    """A setting is unknown or has an invalid value; the message names it."""


def _known_zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError(_("must be an IANA time zone such as Europe/Berlin."))
    return name


def _list(text: str) -> list[str]:
    return [item for line in text.splitlines() for one in line.split(",") if (item := one.strip())]


Names = Annotated[list[str], NoDecode, BeforeValidator(_list)]


class Environment(Observing):
    """The settings. Names in capitals are environment variables."""

    model_config = SettingsConfigDict(
        env_file=DOTENV, extra="ignore", frozen=True, env_ignore_empty=True, validate_default=False
    )

    TASKBELL_DATA: Path = Field(
        Path("var"), description="Folder for all data: database, broker, secret key, and emails written to files."
    )
    TASKBELL_URL: Annotated[str, AfterValidator(web_address)] | None = Field(
        None,
        description="Address of this server as people reach it, used in links. "
        "With https, cookies are sent only over TLS. Default: http://localhost with the port.",
    )
    TASKBELL_BIND: str = Field(
        "127.0.0.1",
        description="Network address the web server listens on: 0.0.0.0 for all IPv4 addresses, :: for all IPv6 and "
        "IPv4 addresses, or unix:/run/taskbell/web.sock for a socket file for a proxy on the same machine.",
    )
    PORT: int = Field(8000, ge=1, le=65535, description="Port the web server listens on.")
    WEB_CONCURRENCY: int | None = Field(None, ge=1, le=64, description="Web processes. Default: one per core, up to 4.")
    TASKBELL_WORKER_THREADS: int = Field(4, ge=1, le=64, description="Jobs that one worker runs in parallel.")
    SECRET_KEY: SecretStr | None = Field(
        None,
        min_length=32,
        description="Signs tokens, cookies and links. Default: created on the first start, in the data folder.",
    )
    SECRET_KEY_FALLBACKS: Annotated[list[SecretStr], NoDecode, BeforeValidator(_list)] = Field(
        [],
        description="Former values of SECRET_KEY, separated by commas or line breaks. Tokens, cookies and links "
        "signed with them stay valid.",
    )
    DEBUG: bool = Field(False, description="Show error details in the browser. Never use in production.")
    ALLOWED_HOSTS: Names = Field([], description="Additional host names to answer to, separated by commas.")
    TASKBELL_CORS_ORIGINS: Annotated[list[str], NoDecode, BeforeValidator(read_origins)] = Field(
        [],
        description="Origins of other sites whose pages may call the API with a token, such as "
        "https://app.example.org, separated by commas.",
    )
    DATABASE_URL: DatabaseAddress | None = Field(
        None,
        description="PostgreSQL as postgres://user:password@host/name. Default: an SQLite file in the data folder.",
    )
    DATABASE_REPLICA_URL: DatabaseAddress | None = Field(
        None,
        description="A replica of the PostgreSQL database, from which workers make reports.",
    )
    REDIS_URL: BrokerAddress | None = Field(
        None, description="Redis or Valkey as redis://host:6379/0. Default: an embedded Valkey."
    )
    TASKBELL_PROXIES: int = Field(
        0,
        ge=0,
        le=5,
        description="Proxies in front of the web server whose X-Forwarded-For and X-Forwarded-Proto are trusted.",
    )
    TASKBELL_HSTS: Literal["off", "host", "subdomains", "preload"] = Field(
        "host",
        description="With an https TASKBELL_URL, tells browsers to use only https for a year: on this host, on its "
        "subdomains too, or also through the preload list of browsers. Use off until TLS works.",
    )
    TASKBELL_STATIC: Path | None = Field(
        None,
        description="Folder with static files written by taskbell collectstatic, as in the image. "
        "Default: in the data folder, updated at each start.",
    )
    TASKBELL_REGISTRATION: Literal["open", "invite", "closed"] = Field("open", description="Who can create an account.")
    TASKBELL_PASSWORD_RULES: Literal["basic", "strict"] = Field(
        "basic",
        description="basic: at least eight characters, not only digits, not similar to the person's name, and not "
        "one of the most obvious passwords. strict: also none of the 20,000 most common passwords.",
    )
    TASKBELL_TIME_ZONE: Annotated[str, AfterValidator(_known_zone)] = Field(
        "UTC", description="Default time zone for people who haven't chosen one (IANA name)."
    )
    TASKBELL_ACCESS_MINUTES: int = Field(10, ge=5, le=15, description="Lifetime of an access token, in minutes.")
    TASKBELL_SESSION_DAYS: int = Field(30, ge=1, le=365, description="Days until an unused session ends.")
    TASKBELL_OVERDUE_SWEEP_SECONDS: int = Field(
        30, ge=1, le=3600, description="Seconds between two checks for overdue tasks."
    )
    TASKBELL_TRASH_DAYS: int = Field(
        30,
        ge=1,
        le=3650,
        description="Days during which a deleted task can be restored. After that it is removed for good.",
    )
    TASKBELL_HISTORY_MONTHS: int = Field(
        0,
        ge=0,
        le=1200,
        description="Months for which the history is kept, besides the current one. 0 keeps it forever.",
    )
    TASKBELL_QUOTAS: Annotated[dict[str, int], NoDecode, BeforeValidator(read_quotas)] = Field(
        QUOTAS, description=ABOUT_QUOTAS
    )
    TASKBELL_REPORT_DAYS: int = Field(
        7, ge=1, le=365, description="Days during which a finished report can be downloaded."
    )
    TASKBELL_AMBIGUOUS: Literal["resend", "hold"] = Field(
        "resend",
        description="What to do with an email if the mail server never acknowledged its final dot: send it again, "
        "identical to the byte, or hold it for an administrator.",
    )
    TASKBELL_IDEMPOTENCY_HEADER: str = Field(
        "",
        pattern=r"^([A-Za-z][A-Za-z0-9-]{0,60})?$",
        description="Name of the header by which the mail relay recognises duplicates, if it supports one.",
    )
    TASKBELL_MAILS_BY_ONE_PERSON: int = Field(
        20, ge=1, le=100_000, description="Emails that one person can cause another in an hour; the rest: a summary."
    )
    TASKBELL_MAIL_TEMPLATES: Path | None = Field(
        None, description="Folder with email templates that replace ours, such as reminder/subject.txt or base.html."
    )
    TASKBELL_LIVE_CONNECTIONS: int = Field(
        20, ge=1, le=100_000, description="Maximum number of live connections per person and web server process."
    )
    TASKBELL_BACKUP_DIR: Path | None = Field(
        None, description="Folder for scheduled backups, which hold all data. Default: there are none."
    )
    TASKBELL_BACKUP_HOURS: int = Field(24, ge=1, le=168, description="Hours between two scheduled backups.")
    TASKBELL_BACKUP_KEEP: int = Field(
        14, ge=1, le=10_000, description="Scheduled backups to keep; older ones are removed after a new one."
    )
    TASKBELL_BACKUP_PASSPHRASE: SecretStr | None = Field(
        None,
        min_length=12,
        description="Encrypts every backup. Keep a copy elsewhere: without it, no backup can be restored.",
    )
    TASKBELL_IMPORT_MEGABYTES: int = Field(
        512, ge=1, le=10_000, description="Maximum size of an imported file, in MiB."
    )
    MAIL_FROM: str = Field(
        "Taskbell <taskbell@localhost>",
        validation_alias=AliasChoices("MAIL_FROM", "DEFAULT_FROM_EMAIL"),
        description="Sender of every email.",
    )
    EMAIL_URL: SecretStr | None = Field(
        None,
        description="Mail server in one line: smtp://user:password@host:587/?tls=true, "
        "or smtps:// for TLS from the start.",
    )
    EMAIL_HOST: str | None = Field(None, description="Mail server. Without a mail server, emails are written to files.")
    EMAIL_PORT: int | None = Field(
        None, ge=1, le=65535, description="Port of the mail server. Default: 587 with TLS, 465 with SSL, else 25."
    )
    EMAIL_HOST_USER: str | None = Field(
        None, validation_alias=AliasChoices("EMAIL_HOST_USER", "EMAIL_ID"), description="Username for the mail server."
    )
    EMAIL_HOST_PASSWORD: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("EMAIL_HOST_PASSWORD", "EMAIL_PASSWORD"),
        description="Password for the mail server.",
    )
    EMAIL_USE_TLS: bool = Field(False, description="Use STARTTLS to upgrade the connection to TLS.")
    EMAIL_USE_SSL: bool = Field(False, description="Use TLS from the start of the connection.")
    EMAIL_CONNECTIONS: int = Field(
        16, ge=1, le=50, description="Maximum number of connections to the mail server per sender."
    )
    EMAIL_BACKEND: (
        Literal[
            "django.core.mail.backends.smtp.EmailBackend",
            "django.core.mail.backends.console.EmailBackend",
            "django.core.mail.backends.filebased.EmailBackend",
        ]
        | None
    ) = Field(None, description="Django's name of an email backend: smtp requires EMAIL_HOST, the others write files.")

    @model_validator(mode="after")
    def _settings_agree(self) -> "Environment":
        if self.EMAIL_USE_TLS and self.EMAIL_USE_SSL:
            raise ValueError(_("EMAIL_USE_SSL: can't be used together with EMAIL_USE_TLS. Choose one."))
        if self.EMAIL_BACKEND and "smtp" in self.EMAIL_BACKEND and not (self.EMAIL_HOST or self.EMAIL_URL):
            raise ValueError(_("EMAIL_BACKEND: can't use SMTP, because EMAIL_HOST is not set."))
        return self

    @property
    def data(self) -> Path:
        """The data folder as an absolute path."""
        return self.TASKBELL_DATA.expanduser().resolve()

    @property
    def former_keys(self) -> list[str]:
        """The values of SECRET_KEY_FALLBACKS."""
        return [key.get_secret_value() for key in self.SECRET_KEY_FALLBACKS]

    @property
    def url(self) -> str:
        """The server's public address, without a trailing slash."""
        return self.TASKBELL_URL or f"http://localhost:{self.PORT}"


def names_of(field: str) -> list[str]:
    """Every environment variable for this field, the preferred one first."""
    alias = Environment.model_fields[field].validation_alias
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [field]


def is_secret(field: str) -> bool:
    """True if the value can also come from a file named by ``<NAME>_FILE``."""
    return "SecretStr" in str(Environment.model_fields[field].annotation)


def _secret_file_names() -> dict[str, str]:
    return {f"{name}_FILE": name for field in Environment.model_fields if is_secret(field) for name in names_of(field)}


def _secrets_from_files(given: dict[str, str]) -> dict[str, str]:
    found = {}
    for file_variable, name in _secret_file_names().items():
        if path := given.get(file_variable):
            try:
                found[name] = Path(path).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                said = _("%(name)s: can't read the secret from %(path)s (%(error)s).")
                raise UnusableEnvironment(said % {"name": file_variable, "path": path, "error": error}) from error
    return found


def _refuse_unknown(given: dict[str, str]) -> None:
    known = {name for field in Environment.model_fields for name in names_of(field)} | set(_secret_file_names())
    for name in sorted(given):
        if name.startswith("TASKBELL_") and name not in known:
            said = _("%(name)s: unknown setting. See docs/configuration.md for all settings.")
            raise UnusableEnvironment(said % {"name": name})


@cache
def environment() -> Environment:
    """The settings of this process.

    Raises UnusableEnvironment with a sentence that names the setting.
    """
    given = {name: value for name, value in (dotenv_values(DOTENV) | dict(os.environ)).items() if value is not None}
    _refuse_unknown(given)
    try:
        return Environment(**_secrets_from_files(given))  # type: ignore[arg-type]
    except ValidationError as error:
        raise UnusableEnvironment(sentence_of(error)) from error

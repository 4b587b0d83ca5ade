"""The settings of people who watch over a server: logs, metrics, error reports."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from taskbell.config.language import gettext as _


def _address_with_key(dsn: SecretStr) -> SecretStr:
    parts = urlsplit(dsn.get_secret_value())
    if parts.scheme not in ("http", "https") or not (parts.hostname and parts.username and parts.path.strip("/")):
        raise ValueError(_("must have the form %(example)s.") % {"example": "https://key@sentry.example.org/1"})
    return dsn


def _collector(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(_("must have the form %(example)s.") % {"example": "http://collector:4318"})
    return url.rstrip("/")


class Observing(BaseSettings):
    """A part of the settings in `env.py`."""

    TASKBELL_LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Minimum level of log messages."
    )
    TASKBELL_LOG_FORMAT: Literal["text", "json"] = Field(
        "text", description="text: log lines for people. json: one JSON object per line, for programs."
    )
    TASKBELL_ACCESS_LOG: bool = Field(
        False, description="Log each request: its method, the pattern of its path, status and milliseconds."
    )
    TASKBELL_METRICS_TOKEN: SecretStr | None = Field(
        None,
        min_length=16,
        description="Bearer token for /metrics and the details of /readyz from other machines. Without it, only local "
        "requests are allowed.",
    )
    TASKBELL_SENTRY_DSN: Annotated[SecretStr, AfterValidator(_address_with_key)] | None = Field(
        None,
        description="Where to report errors by the protocol of Sentry: https://key@sentry.example.org/1. Reports have "
        "no personal data. Needs the extra sentry.",
    )
    TASKBELL_OTLP_URL: Annotated[str, AfterValidator(_collector)] | None = Field(
        None,
        description="Collector of OpenTelemetry for traces of requests and jobs, such as http://collector:4318. Needs "
        "the extra otel.",
    )

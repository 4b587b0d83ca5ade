"""The settings of people who watch over a server: logs, metrics, error reports."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


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

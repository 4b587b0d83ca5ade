"""The worker class for running the web processes under Gunicorn."""

from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from taskbell.config.port import OPTIONS


class Worker(UvicornWorker):  # type: ignore[misc]
    """Guards the port as `taskbell web` does."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {**UvicornWorker.CONFIG_KWARGS, **OPTIONS}

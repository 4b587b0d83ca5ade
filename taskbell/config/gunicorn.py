"""The worker class for running the web processes under Gunicorn."""

import os
from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskbell.config.settings")

# isort: split
from taskbell.common.reporting import reporter
from taskbell.config.port import OPTIONS  # reads the settings; Gunicorn loads this class before the application


class Worker(UvicornWorker):  # type: ignore[misc]
    """Guards the port as `taskbell web` does."""

    def init_process(self) -> None:
        reporter.begin("web")
        super().init_process()

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {**UvicornWorker.CONFIG_KWARGS, **OPTIONS}

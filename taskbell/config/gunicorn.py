"""The worker class for running the web processes under Gunicorn."""

import logging
import os
import signal
import sys
from types import FrameType
from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskbell.config.settings")

# isort: split
from taskbell.common import process
from taskbell.config.port import OPTIONS  # reads the settings; Gunicorn loads this class before the application


class Worker(UvicornWorker):  # type: ignore[misc]
    """Guards the port, logs and reports as `taskbell web` does."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {**UvicornWorker.CONFIG_KWARGS, **OPTIONS}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in ("uvicorn.error", "uvicorn.access"):  # Gunicorn's handlers would print the messages of errors
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [], True

    def init_process(self) -> None:
        process.begin("web")
        super().init_process()

    def init_signals(self) -> None:
        super().init_signals()
        for number in (signal.SIGTERM, signal.SIGINT):  # Uvicorn raises them again after the last answer
            signal.signal(number, _end)


def _end(_signal: int, _frame: FrameType | None) -> None:
    process.end()
    sys.exit(0)

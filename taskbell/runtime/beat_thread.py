"""Beat in a thread of the worker, where there is only one worker: it has already loaded all that beat needs."""

import logging
import os
import time
from threading import Thread
from typing import Any

from celery import bootsteps
from celery.worker import state

from taskbell.config.celery import app
from taskbell.runtime.beat import beat_service

STOP_SECONDS = 3.0  # longer than beat sleeps between two ticks
FINISH_SECONDS = 8.0  # for running jobs, if beat has failed
FAILED = 1  # the worker's exit code then

logger = logging.getLogger("taskbell.beat")


class BeatThread(bootsteps.StartStopStep):  # type: ignore[misc]
    """A part of Celery's worker. Ticks while the worker runs; if it can't go on, it ends the worker."""

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._service = beat_service()
        self._thread = Thread(target=self._run, name="beat", daemon=True)
        self._asked_to_stop = False

    def start(self, _worker: Any) -> None:
        self._thread.start()

    def close(self, _worker: Any) -> None:
        """Stops ticking. The worker calls it before it waits for running jobs."""
        self._asked_to_stop = True
        self._service.stop()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        app.set_current()  # Celery has one for each thread
        try:
            self._service.start()
        except BaseException:  # whatever it is: without beat no reminder fires
            logger.exception("Beat failed.")
        if not self._asked_to_stop:
            logger.error("Beat has ended, so the worker ends, too.")
            state.should_stop = FAILED
            time.sleep(FINISH_SECONDS)
            os._exit(FAILED)  # a long job must not keep reminders waiting; it is handed back

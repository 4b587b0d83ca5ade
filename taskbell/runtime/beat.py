"""Beat: puts ticks into the queue. It needs no file and no models; after a missed tick, the next one follows."""

import logging
import logging.config
import signal
import time
from types import FrameType
from typing import Any

from celery.beat import ScheduleEntry, Scheduler, SchedulingError, Service
from django.conf import settings

from taskbell.common import process
from taskbell.config.celery import app
from taskbell.runtime.setup import check_broker

logger = logging.getLogger("taskbell.beat")

SET_BACK_SECONDS = 1  # smaller steps back are ordinary clock corrections


class Ticker(Scheduler):
    """The schedule in memory. Reports an unreachable broker once; Celery's class prints a traceback at each tick."""

    broker_is_away = False
    _last_tick_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Runs what is due. If the machine's clock was set back, restarts the schedule instead of waiting."""
        now = time.time()
        if now < self._last_tick_at - SET_BACK_SECONDS:
            logger.warning("The system clock was set back by %.0f s.", self._last_tick_at - now)
            for entry in self.schedule.values():
                entry.last_run_at = entry.default_now()
            self._heap = None
        self._last_tick_at = now
        return float(super().tick(*args, **kwargs))

    def adjust(self, n: float, drift: float = 0) -> float:
        """Seconds until the next tick. Celery's version wakes ten milliseconds early and then busy-waits."""
        return n + drift

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            if not self.broker_is_away:
                logger.warning("Can't reach the broker. Dropping ticks until it is back (%s)", error)
            self.broker_is_away = True
        else:
            if self.broker_is_away:
                logger.warning("The broker is reachable again.")
            self.broker_is_away = False


def beat_service() -> Service:
    """Celery's loop around our ticker."""
    return Service(app, max_interval=1, scheduler_cls=Ticker, remote_control=False)


def tick() -> None:
    """Ticks until SIGTERM or Ctrl-C. Raises CannotStart if the broker can't be reached."""
    logging.config.dictConfig(settings.LOGGING)
    check_broker()
    service = beat_service()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit

    signal.signal(signal.SIGTERM, stop)
    process.begin("beat")
    service.start()

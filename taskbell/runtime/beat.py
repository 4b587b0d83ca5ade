"""Beat: ticks into the queue. It keeps no file and needs no models; a tick missed is followed by the next."""

import logging
import logging.config
import signal
import time
from types import FrameType
from typing import Any

from celery.beat import ScheduleEntry, Scheduler, SchedulingError, Service
from django.conf import settings

from taskbell.config.celery import app
from taskbell.runtime.setup import check_broker

logger = logging.getLogger("taskbell.beat")


SET_BACK = 1  # second; less is the machine keeping time


class Ticker(Scheduler):
    """The schedule in memory. A broker that is away is reported once; the original prints a traceback each second."""

    broker_is_away = False
    _looked_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Runs what is due. Where the clock of the machine was set back, begins anew instead of waiting for then."""
        now = time.time()
        if now < self._looked_at - SET_BACK:
            logger.warning("The clock was set back by %.0f s.", self._looked_at - now)
            for entry in self.schedule.values():
                entry.last_run_at = entry.default_now()
            self._heap = None
        self._looked_at = now
        return float(super().tick(*args, **kwargs))

    def adjust(self, n: float, drift: float = 0) -> float:
        """When to look next. The original wakes ten milliseconds early, and spins until the time has come."""
        return n + drift

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            if not self.broker_is_away:
                logger.warning("The broker does not answer; ticks are dropped until it does (%s)", error)
            self.broker_is_away = True
        else:
            if self.broker_is_away:
                logger.warning("The broker answers again.")
            self.broker_is_away = False


def tick() -> None:
    """Ticks until SIGTERM or Ctrl-C. Raises CannotStart without a broker."""
    logging.config.dictConfig(settings.LOGGING)
    check_broker()
    service = Service(app, max_interval=1, scheduler_cls=Ticker, remote_control=False)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit

    signal.signal(signal.SIGTERM, stop)
    service.start()

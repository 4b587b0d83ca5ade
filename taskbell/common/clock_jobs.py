"""Jobs of the queue that the clock calls."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from celery import shared_task

from taskbell.common.clock import utc_now


def clock_job(name: str, verb: Callable[[datetime], object]) -> Any:
    """A job of this name, which calls the verb with the time at which a worker takes it."""

    def job() -> None:
        verb(utc_now())

    return shared_task(name=name)(job)

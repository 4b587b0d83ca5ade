"""Queue entry points."""

from taskbell.common.clock_jobs import clock_job
from taskbell.people import scheduled

notify_locked = clock_job("taskbell.people.notify_locked", scheduled.notify_locked)

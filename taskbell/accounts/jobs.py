"""Queue entry points."""

from taskbell.accounts import scheduled
from taskbell.common.clock_jobs import clock_job

forget_old_attempts = clock_job("taskbell.accounts.forget_old_attempts", scheduled.forget_old_attempts)

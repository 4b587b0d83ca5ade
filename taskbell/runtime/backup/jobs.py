"""Queue entry points."""

from taskbell.common.clock_jobs import clock_job
from taskbell.runtime.backup import scheduled

make_due = clock_job("taskbell.backups.make_due", scheduled.make_due)

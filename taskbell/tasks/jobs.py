"""Queue entry points."""

from taskbell.common.clock_jobs import clock_job
from taskbell.tasks import digest, quotas, scheduled

mark_overdue = clock_job("taskbell.tasks.mark_overdue", scheduled.mark_overdue)
find_full = clock_job("taskbell.tasks.find_full", lambda _: quotas.find_full())
send_digests = clock_job("taskbell.tasks.send_digests", digest.send_digests)
purge_deleted = clock_job("taskbell.tasks.purge_deleted", scheduled.purge_deleted)
free_waiting = clock_job("taskbell.tasks.free_waiting", scheduled.free_waiting)

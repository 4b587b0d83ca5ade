"""The worker: runs jobs side by side in threads, since they wait for mail servers most of the time."""

import sys
import warnings

from celery.exceptions import CPendingDeprecationWarning
from celery.platforms import SecurityWarning

from taskbell.config.celery import app
from taskbell.config.env import environment
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import check_broker, check_database

QUEUES = list(app.conf.task_queues)


def work(queues: str) -> None:
    """Takes jobs from these queues until SIGTERM; jobs under way are finished first.

    Raises CannotStart without database or broker, and for a queue that nothing is ever put into.
    """
    names = [name.strip() for name in queues.split(",")]
    if not set(names) <= set(QUEUES):
        raise CannotStart(f"--queues: the queues are {', '.join(QUEUES)}.")
    check_database()
    check_broker()
    # Of root, for the sake of pickled messages: ours are JSON, and in a container everybody is root.
    warnings.simplefilter("ignore", SecurityWarning)
    # Of jobs that go on while the broker is away: they may, since they claim their row in the database.
    warnings.simplefilter("ignore", CPendingDeprecationWarning)
    env = environment()
    worker = app.Worker(
        pool_cls="threads",
        concurrency=env.TASKBELL_WORKER_THREADS,
        queues=names,
        loglevel=env.TASKBELL_LOG_LEVEL,
        quiet=True,
        # Workers have nothing to say to each other: the truth is in the database.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    sys.exit(worker.exitcode)

"""The worker: runs jobs in parallel threads, because most of them wait for mail servers."""

import sys
import warnings

from celery.exceptions import CPendingDeprecationWarning
from celery.platforms import SecurityWarning

from taskbell.common import process
from taskbell.common.limits import share_memory_between_threads
from taskbell.config.celery import app
from taskbell.config.env import environment
from taskbell.config.language import gettext as _
from taskbell.runtime import lives
from taskbell.runtime.backup import jobs  # noqa: F401 - registers them
from taskbell.runtime.beat_thread import BeatThread
from taskbell.runtime.files import run_folder
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import check_broker, check_database

QUEUES = list(app.conf.task_queues)


def work(queues: str, *, with_beat: bool = False) -> None:
    """Takes jobs from these queues until SIGTERM, then finishes running jobs. With beat, it also queues the ticks.

    Raises CannotStart without database or broker, and for an unknown queue.
    """
    names = [name.strip() for name in queues.split(",")]
    if not set(names) <= set(QUEUES):
        raise CannotStart(_("--queues: must be from %(queues)s.") % {"queues": ", ".join(QUEUES)})
    share_memory_between_threads()
    check_database()
    check_broker()
    # Warns against running as root, because of pickled messages: ours are JSON, and containers run as root.
    warnings.simplefilter("ignore", SecurityWarning)
    # Warns of jobs that continue while the broker is away: that is safe, because each claims its row in the database.
    warnings.simplefilter("ignore", CPendingDeprecationWarning)
    env = environment()
    if with_beat:
        app.steps["worker"].add(BeatThread)
    worker = app.Worker(
        pool_cls="threads",
        concurrency=env.TASKBELL_WORKER_THREADS,
        queues=names,
        loglevel=env.TASKBELL_LOG_LEVEL,
        quiet=True,
        # Workers don't need to talk to each other: the state is in the database.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    workers = run_folder(env.data) / "workers"
    lives.begin(workers)
    lives.watch(workers)
    process.begin("worker", *(["beat"] if with_beat else []))
    worker.start()
    sys.exit(worker.exitcode)

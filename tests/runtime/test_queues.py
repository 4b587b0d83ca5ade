"""How jobs are taken: which queues there are, and what a lost worker or a tick that nobody took leaves behind."""

from inspect import signature

from taskbell.config.celery import app
from taskbell.config.schedule import BEAT_SCHEDULE
from taskbell.runtime.cli import worker


def test_a_worker_takes_all_queues_unless_told_otherwise() -> None:
    queues = signature(worker).parameters["queues"].default.split(",")
    assert queues == ["mail", "default", "reports"]
    assert sorted(app.conf.task_queues) == sorted(queues)


def test_a_job_is_done_before_it_is_taken_off_the_queue_and_one_at_a_time() -> None:
    assert (app.conf.task_acks_late, app.conf.worker_prefetch_multiplier) == (True, 1)


def test_a_tick_that_nobody_took_is_thrown_away() -> None:
    assert BEAT_SCHEDULE
    for entry in BEAT_SCHEDULE.values():
        assert 0 < entry["options"]["expires"] <= max(2 * entry["schedule"], 5)

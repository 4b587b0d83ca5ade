"""How jobs are taken: which queues there are, and what a lost worker or a tick that nobody took leaves behind."""

import time
from datetime import UTC, datetime
from inspect import signature

import pytest
from celery.beat import ScheduleEntry
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_prerun
from django.db import connection

from taskbell.config.celery import app
from taskbell.config.schedule import BEAT_SCHEDULE
from taskbell.reminders.jobs import deliver_due
from taskbell.runtime.beat import Ticker
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
        assert 0 < entry["options"]["expires"] <= max(2 * entry["schedule"].seconds, 5)


def test_the_clock_ticks_on_the_second_so_that_what_falls_due_then_need_not_wait() -> None:
    every_second = BEAT_SCHEDULE["taskbell.reminders.deliver_due"]["schedule"]
    for microsecond in (0, 1, 400_000, 999_999):
        ticked_at = datetime(2027, 3, 31, 9, 0, 0, microsecond, tzinfo=UTC)
        every_second.nowfun = lambda ticked_at=ticked_at: ticked_at
        assert ticked_at + every_second.remaining_estimate(ticked_at) == datetime(2027, 3, 31, 9, 0, 1, tzinfo=UTC)
    every_second.nowfun = None


def test_between_two_ticks_the_clock_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[ScheduleEntry] = []
    monkeypatch.setattr(Ticker, "apply_entry", lambda self, entry, producer=None: ticks.append(entry))
    clock = Ticker(app, schedule={}, max_interval=1)
    clock.update_from_dict({"tick": BEAT_SCHEDULE["taskbell.reminders.deliver_due"]})
    looks = 0
    while len(ticks) < 3:
        time.sleep(max(clock.tick(), 0))
        looks += 1
    assert looks <= 4 * len(ticks)


def test_the_clock_goes_on_where_the_time_of_the_machine_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[ScheduleEntry] = []
    set_back_by = 0.0
    real_time, entry = time.time, BEAT_SCHEDULE["taskbell.reminders.deliver_due"]
    schedule = type(entry["schedule"])(
        1, relative=True, nowfun=lambda: datetime.fromtimestamp(real_time() - set_back_by, UTC)
    )
    monkeypatch.setattr(time, "time", lambda: real_time() - set_back_by)
    monkeypatch.setattr(Ticker, "apply_entry", lambda self, entry, producer=None: ticks.append(entry))
    clock = Ticker(app, schedule={}, max_interval=1)
    clock.update_from_dict({"tick": entry | {"schedule": schedule}})
    for hours in (0, 1):
        set_back_by = hours * 3600.0
        ticks.clear()
        deadline = time.monotonic() + 10
        while len(ticks) < 2:
            assert time.monotonic() < deadline, f"no tick after the time was set back by {hours} h"
            time.sleep(min(max(clock.tick(), 0), 1))


@pytest.mark.django_db(transaction=True)
def test_a_worker_keeps_its_connection_to_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    fixup = DjangoWorkerFixup(app)
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 600)  # as outside of tests
    connection.close()
    connection.ensure_connection()
    kept = connection.connection
    for _ in range(3):
        fixup.on_task_prerun(sender=deliver_due)
        task_prerun.send(sender=deliver_due)
        fixup.on_task_postrun(sender=deliver_due)
    assert connection.connection is kept


@pytest.mark.django_db(transaction=True)
def test_a_worker_connects_anew_where_the_last_job_broke_its_connection() -> None:
    connection.ensure_connection()
    broken = connection.connection
    connection.errors_occurred = True
    connection.connection.close()
    task_prerun.send(sender=deliver_due)
    connection.ensure_connection()
    assert connection.connection is not broken

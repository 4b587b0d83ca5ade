"""The schedule: which job runs when, and when an unclaimed tick expires."""

from typing import Any

from celery.schedules import schedule

from taskbell.config.env import environment


def every(*, seconds: int, run: str) -> tuple[str, dict[str, Any]]:
    """An entry of the schedule. Beat ticks on the full second, so that work due then runs immediately.

    A tick that no worker takes before it expires is dropped.
    """
    ticks = schedule(seconds, relative=True)
    return run, {"task": run, "schedule": ticks, "options": {"expires": max(2 * seconds, 5)}}


BEAT_SCHEDULE = dict(
    [
        every(seconds=1, run="taskbell.reminders.deliver_due"),
        every(seconds=3600, run="taskbell.accounts.forget_old_attempts"),
        every(seconds=10, run="taskbell.people.notify_locked"),
        every(seconds=environment().TASKBELL_OVERDUE_SWEEP_SECONDS, run="taskbell.tasks.mark_overdue"),
        every(seconds=10, run="taskbell.tasks.free_waiting"),
        every(seconds=60, run="taskbell.tasks.send_digests"),  # digest times have whole minutes
        every(seconds=300, run="taskbell.tasks.find_full"),
        every(seconds=3600, run="taskbell.tasks.purge_deleted"),
        every(seconds=3600, run="taskbell.activity.forget_undo"),
        every(seconds=3600, run="taskbell.activity.keep_months"),
        every(seconds=3600, run="taskbell.api.forget_answers"),
        every(seconds=10, run="taskbell.reports.fold_counts"),
        every(seconds=5, run="taskbell.reports.make_waiting"),
        every(seconds=3600, run="taskbell.reports.forget_old"),
        every(seconds=300, run="taskbell.backups.make_due"),
    ]
)

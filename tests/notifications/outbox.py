"""Reminders on their way from the outbox to the mail server."""

from datetime import datetime, timedelta
from typing import Any

from taskbell.accounts.models import User
from taskbell.notifications.channels.mail import delivery
from taskbell.notifications.models import Delivery
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.mail import Accepted, SmtpSink

AT = NOW + timedelta(hours=1)


def reminded_task(by: User, *, to: User | None = None, title: str = "Water the plants", **plan: Any) -> Task:
    fields = {"title": title, "assigned_to_id": to.pk if to else None}
    return create_task(TaskPatch(**fields, reminders=[ReminderPlan(at=AT, **plan)]), by=by, now=NOW)


def send_at(now: datetime) -> int:
    return delivery.send_waiting(clock=lambda: now)


def fire_and_send(now: datetime = AT) -> None:
    deliver_due(now)
    send_at(now)


def reminders_in(sink: SmtpSink) -> list[Accepted]:
    return [mail for mail in sink.accepted if str(mail.message["Subject"]).startswith("Reminder")]


def the_mail() -> Delivery:
    return Delivery.objects.get()

"""Whom a reminder is for, and when nobody hears of it any more."""

from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.activity.models import Activity
from taskbell.common.errors import Conflict
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.sharing.projects import change_project, create_project
from taskbell.tasks.actions import delete_task, update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import add_reminder, snooze_task
from tests.conftest import NOW, Program, QueryBudget
from tests.reminders.mailbox import Mailbox, names, part
from tests.reminders.patches import DAY, HOUR, change, next_at, promised, state
from tests.tasks.conftest import Somebody

AT = NOW + HOUR
SHARED, MINE = ReminderPlan(at=AT), ReminderPlan(at=AT, for_me=True)


def silently(task: Task, to: User) -> None:
    """Gives the task away, and keeps the mails about that out of the test."""
    change(task, task.created_by, assigned_to_id=to.pk)
    Notification.objects.all().delete()


def test_a_shared_one_tells_creator_and_assignee_as_they_are_when_it_fires(
    bo: User, cy: User, ivo: User, mailbox: Mailbox
) -> None:
    task = promised(bo, SHARED, assigned_to_id=cy.pk)
    silently(task, ivo)
    assert names(mailbox.tick(AT)) == ["bo", "ivo"]


def test_only_the_one_who_asked_reads_that_they_asked(bo: User, cy: User, mailbox: Mailbox) -> None:
    task = promised(bo, SHARED)
    silently(task, cy)
    to_bo, to_cy = mailbox.tick(AT)
    when = f"{AT:%H:%M} on {AT:%-d %B %Y}."
    for kind, bo_in_quotes in (("plain", '"Bo"'), ("html", "&ldquo;Bo&rdquo;")):
        assert f"You asked Taskbell to remind you at {when}" in part(to_bo, kind)
        assert f"{bo_in_quotes} set this reminder for {when}" in part(to_cy, kind)
        assert "You asked" not in part(to_cy, kind)


def test_one_for_me_tells_me_alone_beside_the_shared_one(bo: User, cy: User, mailbox: Mailbox) -> None:
    task = promised(bo, SHARED)
    silently(task, cy)
    add_reminder(task.pk, ReminderPlan(at=AT + HOUR, for_me=True), by=cy, now=NOW)
    assert names(mailbox.tick(AT)) == ["bo", "cy"]
    assert names(mailbox.tick(AT + HOUR)) == ["cy"]


def test_mia_who_only_looks_after_the_task_can_remind_herself(bo: User, mia: User, mailbox: Mailbox) -> None:
    task = promised(bo)
    add_reminder(task.pk, MINE, by=mia, now=NOW)
    assert names(mailbox.tick(AT)) == ["mia"]


def test_snooze_tells_the_one_who_pressed_it_an_hour_later(bo: User, cy: User, mailbox: Mailbox) -> None:
    task = promised(bo, SHARED)
    silently(task, cy)
    assert names(mailbox.tick(AT)) == ["bo", "cy"]
    snooze_task(task.pk, AT + HOUR, by=cy, now=AT)
    assert mailbox.tick(AT + HOUR - HOUR / 60) == []
    assert names(mailbox.tick(AT + HOUR)) == ["cy"]


def test_bo_who_presses_snooze_twice_is_reminded_once(bo: User, mailbox: Mailbox) -> None:
    task = promised(bo)
    snooze_task(task.pk, AT, by=bo, now=NOW)
    again = snooze_task(task.pk, AT + HOUR / 3600, by=bo, now=NOW + HOUR / 3600)
    assert Reminder.objects.get() == again
    assert names(mailbox.tick(AT + HOUR)) == ["bo"]


def test_a_snooze_leaves_what_others_have_put_off_and_what_was_planned(bo: User, cy: User, mailbox: Mailbox) -> None:
    task = promised(bo, SHARED, MINE)
    silently(task, cy)
    snooze_task(task.pk, AT + HOUR, by=cy, now=NOW)
    snooze_task(task.pk, AT + DAY, by=bo, now=NOW)
    snooze_task(task.pk, AT + 2 * DAY, by=bo, now=NOW)
    assert names(mailbox.tick(AT)) == ["bo", "bo", "cy"]
    assert names(mailbox.tick(AT + DAY)) == ["cy"]
    assert names(mailbox.tick(AT + 2 * DAY)) == ["bo"]


def test_a_snooze_until_the_same_moment_stays_as_it_is(bo: User) -> None:
    task = promised(bo)
    first = snooze_task(task.pk, AT, by=bo, now=NOW)
    assert snooze_task(task.pk, AT, by=bo, now=NOW) == first


def finished(task: Task, bo: User) -> None:
    change(task, bo, stage=Stage.COMPLETED)


def archived(task: Task, bo: User) -> None:
    change(task, bo, stage=Stage.ARCHIVED)


def deleted(task: Task, bo: User) -> None:
    delete_task(task.pk, by=bo, now=NOW)


def in_the_archive(task: Task, bo: User) -> None:
    garden = create_project({"name": "Garden"}, by=bo, now=NOW)
    change(task, bo, project_id=garden.pk)
    change_project(garden.pk, {"archived": True}, by=bo, now=NOW)


@pytest.mark.parametrize("happening", [finished, archived, deleted, in_the_archive])
@pytest.mark.parametrize("plan", [SHARED, MINE, ReminderPlan(at=AT, repeat="FREQ=DAILY")])
def test_nobody_hears_of_a_task_that_is_over(bo: User, mailbox: Mailbox, happening: Any, plan: ReminderPlan) -> None:
    task = promised(bo, plan)
    happening(task, bo)
    assert mailbox.tick(AT + DAY) == []
    assert not Notification.objects.exists()


@pytest.mark.parametrize("happening", [finished, archived])
def test_nobody_can_put_off_what_is_over(bo: User, as_user: Somebody, happening: Any) -> None:
    task = promised(bo)
    happening(task, bo)
    with pytest.raises(Conflict, match="it is not open"):
        snooze_task(task.pk, AT, by=bo, now=NOW)
    program: Program = as_user(bo)
    assert program.post(f"/api/tasks/{task.pk}/snooze/", {"span": "PT1H"}).status_code == 409
    assert not Reminder.objects.exists()


@pytest.mark.parametrize("happening", [finished, archived, deleted, in_the_archive])
def test_nor_where_that_happens_between_the_bell_and_the_mail(bo: User, mailbox: Mailbox, happening: Any) -> None:
    task = promised(bo, SHARED)
    deliver_due(AT)
    happening(task, bo)
    assert mailbox.send(AT) == []
    assert Delivery.objects.get().state == DeliveryState.CANCELLED


@pytest.mark.parametrize("plan", [MINE, ReminderPlan(at=AT, for_me=True, repeat="FREQ=DAILY")])
def test_cy_who_lost_the_task_hears_nothing_even_of_his_own_reminder(bo: User, cy: User, plan: ReminderPlan) -> None:
    task = promised(bo)
    silently(task, cy)
    add_reminder(task.pk, plan, by=cy, now=NOW)
    update_task(task.pk, TaskPatch(assigned_to_id=None), by=bo, now=NOW)
    Notification.objects.all().delete()
    assert [deliver_due(AT), deliver_due(AT + DAY)] == [1, 0]
    assert not Notification.objects.exists()
    assert (next_at(), state()) == (None, "skipped")
    assert not Activity.objects.filter(action="reminded").exists()


def test_mia_who_is_no_manager_any_more_hears_nothing_of_what_she_looked_after(bo: User, mia: User) -> None:
    task = promised(bo)
    add_reminder(task.pk, MINE, by=mia, now=NOW)
    User.objects.filter(pk=mia.pk).update(role=Role.MEMBER)
    deliver_due(AT)
    assert not Notification.objects.exists()
    assert state() == "skipped"


def test_who_may_hear_of_it_is_not_asked_of_each_reminder(bo: User, mia: User, query_budget: QueryBudget) -> None:
    for number in range(20):
        add_reminder(promised(bo, MINE, title=f"Task {number}").pk, MINE, by=mia, now=NOW)
    with query_budget(20):
        assert deliver_due(AT) == 40
    assert Notification.objects.count() == 40


def test_a_moment_that_has_passed_already_tells_at_once(bo: User, mailbox: Mailbox) -> None:
    promised(bo, ReminderPlan(at=NOW - HOUR))
    assert names(mailbox.tick(NOW)) == ["bo"]

"""Who hears of what others do, how often, and that nobody hears of themselves."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.notifications.channels.mail.rendering import compose
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.tasks.actions import delete_task, restore_task, update_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.tasks.conftest import a_task

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def told() -> list[tuple[str, str]]:
    """Who is told of what, in the order of the outbox."""
    mails = Notification.objects.order_by("id").select_related("recipient")
    return [(mail.recipient.username, mail.kind) for mail in mails if mail.recipient]


def changes(task: Task, by: User, now: datetime = NOW, **fields: Any) -> None:
    update_task(task.pk, TaskPatch(**fields), by=by, now=now)


def letter(person: User, kind: str = "task_updated") -> str:
    return compose(
        Delivery.objects.filter(notification__recipient=person, notification__kind=kind).latest("id"), now=NOW + MINUTE
    ).text


def test_who_is_given_a_task_is_told_at_once(bo: User, cy: User, ivo: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    assert told() == [("cy", "task_assigned")]
    assert Delivery.objects.get().not_before == NOW
    changes(task, bo, assigned_to_id=ivo.pk)
    assert told()[1:] == [("ivo", "task_assigned")]


def test_nobody_is_told_of_what_they_did(bo: User, cy: User, mia: User) -> None:
    task = a_task(bo, assigned_to_id=bo.pk)
    changes(task, bo, title="Anew", stage=Stage.IN_PROGRESS)
    delete_task(task.pk, by=bo, now=NOW)
    restore_task(task.pk, by=bo, now=NOW)
    changes(task, bo, assigned_to_id=None)
    changes(task, bo, assigned_to_id=bo.pk)
    assert told() == []


def test_the_others_are_told_of_a_change_after_a_minute(bo: User, cy: User, mia: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    Notification.objects.all().delete()
    changes(task, cy, stage=Stage.IN_PROGRESS)
    assert told() == [("bo", "task_updated")]
    assert Delivery.objects.get().not_before == NOW + MINUTE
    changes(task, mia, priority=Priority.URGENT)
    assert told() == [("bo", "task_updated"), ("cy", "task_updated")]


def test_people_and_categories_are_called_by_their_names(bo: User, cy: User, ivo: User) -> None:
    garden, kitchen = (create_category(name, by=bo, now=NOW) for name in ("Garden", "Kitchen"))
    task = a_task(bo, assigned_to_id=cy.pk, category_id=garden.pk)
    changes(task, cy, stage=Stage.IN_PROGRESS)
    changes(task, bo, category_id=kitchen.pk)
    assert 'Category: Garden → Kitchen ("Bo")' in letter(cy)


def test_several_changes_within_a_minute_are_one_mail_that_tells_all_of_them(bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    Notification.objects.all().delete()
    changes(task, bo, NOW, title="Water all plants")
    changes(task, bo, NOW + 30 * SECOND, priority=Priority.URGENT, title="Water some plants")
    changes(task, bo, NOW + 59 * SECOND, description="Twice.")
    assert told() == [("cy", "task_updated")]
    text = letter(cy)
    assert 'Title: Water the plants → Water some plants ("Bo")' in text
    assert 'Priority: Medium → Urgent ("Bo")' in text
    assert "Description: " in text
    assert "Water all plants" not in text


def test_a_change_after_the_minute_is_another_mail_and_tells_only_itself(bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    Notification.objects.all().delete()
    changes(task, bo, NOW, title="Anew")
    changes(task, bo, NOW + MINUTE, priority=Priority.URGENT)
    assert told() == [("cy", "task_updated"), ("cy", "task_updated")]
    assert "Title" not in letter(cy)
    assert "Priority" in letter(cy)


@pytest.mark.parametrize("state", [DeliveryState.LEASED, DeliveryState.SENT])
def test_a_mail_that_is_on_its_way_takes_nothing_more_up(bo: User, cy: User, state: DeliveryState) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    changes(task, bo, title="Anew")
    Delivery.objects.filter(notification__kind="task_updated").update(state=state)
    changes(task, bo, NOW + SECOND, title="Anew again")
    assert told().count(("cy", "task_updated")) == 2


def test_the_mail_leaves_out_what_its_reader_did(bo: User, cy: User, mia: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    changes(task, mia, priority=Priority.URGENT)
    changes(task, cy, stage=Stage.IN_PROGRESS)
    assert 'Status: To do → In progress ("Cy")' in letter(bo)
    assert 'Priority: Medium → Urgent ("Mia")' in letter(bo)
    assert "Status" not in letter(cy)


def test_given_and_changed_in_one_request_is_one_mail(bo: User, cy: User) -> None:
    task = a_task(bo)
    changes(task, bo, assigned_to_id=cy.pk, title="Anew", priority=Priority.URGENT)
    assert told() == [("cy", "task_assigned")]


def test_when_a_manager_gives_it_to_somebody_else_the_creator_hears_of_the_change(
    bo: User, cy: User, mia: User
) -> None:
    task = a_task(bo)
    changes(task, mia, assigned_to_id=cy.pk, title="Anew")
    assert sorted(told()) == [("bo", "task_updated"), ("cy", "task_assigned")]


def test_handing_back_tells_the_creator_alone(bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    Notification.objects.all().delete()
    changes(task, cy, assigned_to_id=bo.pk)
    assert told() == [("bo", "task_assigned")]


def test_no_change_is_not_told(bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    Notification.objects.all().delete()
    changes(task, cy, stage=Stage.PENDING, title="Water the plants")
    assert told() == []

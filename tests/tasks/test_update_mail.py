"""The email about changes and the history use names, words and the reader's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.profile import update_profile
from taskbell.notifications.channels.mail.rendering import compose
from taskbell.notifications.models import Delivery
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import update_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.kinds import Basis, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.reminders.patches import DAY_BEFORE
from tests.tasks.conftest import a_task

MINUTE = timedelta(minutes=1)


def letter(person: User) -> Any:
    mails = Delivery.objects.filter(notification__recipient=person, notification__kind="task_updated")
    return compose(mails.latest("id"), now=NOW + MINUTE)


def row(text: str, label: str) -> str:
    (found,) = [line for line in text.splitlines() if line.startswith(f"{label}: ")]
    return found


@pytest.fixture
def task(bo: User, cy: User) -> Task:
    """Bo's task, assigned to Cy."""
    update_profile(cy, now=NOW, timezone="Asia/Tokyo")
    return a_task(bo, assigned_to_id=cy.pk, due_date=date(2027, 5, 4), due_time=time(9), timezone="Europe/Berlin")


def test_the_due_moment_is_one_row_in_the_time_of_the_reader(bo: User, cy: User, task: Task) -> None:
    update_task(task.pk, TaskPatch(due_date=date(2027, 5, 5), due_time=time(20)), by=bo, now=NOW)
    text = letter(cy).text
    assert row(text, "Due") == (
        'Due: Tuesday, 4 May 2027, 16:00 (Asia/Tokyo) → Thursday, 6 May 2027, 03:00 (Asia/Tokyo) ("Bo")'
    )
    assert "Due date" not in text
    update_task(task.pk, TaskPatch(due_time=None), by=bo, now=NOW + MINUTE / 2)
    assert row(letter(cy).text, "Due") == 'Due: Tuesday, 4 May 2027, 16:00 (Asia/Tokyo) → Wednesday, 5 May 2027 ("Bo")'
    update_task(task.pk, TaskPatch(due_date=None), by=bo, now=NOW + MINUTE / 2)
    assert row(letter(cy).text, "Due") == 'Due: Tuesday, 4 May 2027, 16:00 (Asia/Tokyo) → no due date ("Bo")'


def test_a_zone_that_does_not_move_the_date_is_named_itself(bo: User, cy: User, task: Task) -> None:
    update_task(task.pk, TaskPatch(due_time=None), by=bo, now=NOW - 5 * MINUTE)
    update_task(task.pk, TaskPatch(timezone="America/New_York"), by=bo, now=NOW)
    assert 'Time zone: Europe/Berlin → America/New_York ("Bo")' in letter(cy).text


def test_rules_reminders_and_people_are_in_words(bo: User, cy: User, task: Task) -> None:
    plans = [
        DAY_BEFORE,
        ReminderPlan(at=datetime(2027, 5, 3, 16, tzinfo=UTC), repeat="FREQ=WEEKLY;BYDAY=MO"),
    ]
    patch = TaskPatch(
        recurrence="FREQ=MONTHLY;BYMONTHDAY=-1", recurrence_from=Basis.COMPLETION, reminders=plans, assigned_to_id=None
    )
    category = create_category("Garden", by=bo, now=NOW)
    update_task(task.pk, TaskPatch(category_id=category.pk), by=bo, now=NOW)
    mia = User.objects.create_person(
        username="mia", email="mia@example.org", password="", first_name="Mia", role="MANAGER"
    )
    update_task(task.pk, patch, by=mia, now=NOW)
    text = letter(bo).text
    assert 'Repeats: does not repeat → every month on the last day ("Mia")' in text
    assert 'Repeats from: the due date → the completion ("Mia")' in text
    assert 'Assigned to: Cy → nobody ("Mia")' in text
    assert row(text, "Reminders") == (
        'Reminders: none → Monday, 3 May 2027, 16:00, then every Monday at 16:00; 1 day before due ("Mia")'
    )
    assert not [word for word in ("FREQ", "P1D", "0:00:00", "PENDING", "None", "[") if word in text]


def test_labels_are_names_of_which_none_is_a_link(bo: User, cy: User, task: Task) -> None:
    update_task(task.pk, TaskPatch(labels=["Garden", "evil.example/pay", 'a "b"']), by=bo, now=NOW)
    text = letter(cy).text
    assert row(text, "Labels") == 'Labels: no labels → a \'b\', "evil.\u200aexample/pay", Garden ("Bo")'


def test_the_lines_of_a_description_stay_lines(bo: User, cy: User, task: Task) -> None:
    update_task(task.pk, TaskPatch(description="One\nTwo <b>"), by=bo, now=NOW)
    mail = letter(cy)
    assert 'Description, before:\nno description\n\nDescription, now ("Bo"):\n> One\n> Two <b>\n' in mail.text
    assert "One<br>Two &lt;b&gt;" in mail.html


def test_a_completed_task_that_repeats_names_the_next_one(bo: User, cy: User, task: Task) -> None:
    update_task(task.pk, TaskPatch(recurrence="FREQ=DAILY"), by=bo, now=NOW - 5 * MINUTE)
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=NOW)
    text = letter(cy).text
    assert 'Status: To do → Done ("Bo")' in text
    assert 'Next occurrence: “Water the plants” ("Bo")' in text


def test_the_email_leads_to_the_task(bo: User, cy: User, task: Task, settings: Any) -> None:
    update_task(task.pk, TaskPatch(title="Water all plants"), by=bo, now=NOW)
    mail = letter(cy)
    assert f"\n{settings.URL}/tasks/{task.pk}/\n" in mail.text
    assert f'href="{settings.URL}/tasks/{task.pk}/"' in mail.html


def test_two_readers_each_read_their_own_time(bo: User, cy: User, task: Task, mia: User) -> None:
    update_task(task.pk, TaskPatch(due_time=time(20)), by=mia, now=NOW)
    assert "18:00 (UTC)" in letter(bo).text
    assert "03:00 (Asia/Tokyo)" in letter(cy).text


def test_the_history_has_sentences_beside_the_values(bo: User, cy: User, task: Task, as_user: Any) -> None:
    needed = a_task(bo, "Order soil")
    hidden_from_cy = TaskPatch(pre_tasks=[needed.pk])
    update_task(task.pk, hidden_from_cy, by=bo, now=NOW)
    update_task(task.pk, TaskPatch(stage=Stage.IN_PROGRESS), by=cy, now=NOW)
    update_task(task.pk, TaskPatch(assigned_to_id=None), by=bo, now=NOW)
    entries = as_user(bo).get(f"/api/tasks/{task.pk}/logs/").json()["results"]
    assert [entry["summary"] for entry in entries] == [
        "Bo took the task back from Cy.",
        "Cy changed the status from To do to In progress.",
        "Bo changed “Blocked by” from nothing to “Order soil”.",
        "Bo created the task.",
    ]
    taken, status, blocked, created = entries
    assert (taken["old_value"], taken["new_value"], taken["old_text"], taken["new_text"]) == (
        cy.pk,
        None,
        "Cy",
        "nobody",
    )
    assert (status["old_value"], status["old_text"]) == ("PENDING", "To do")
    assert (blocked["new_value"], blocked["new_text"]) == ([needed.pk], "“Order soil”")
    assert "Due date: Tuesday, 4 May 2027" in created["new_text"]
    assert created["old_text"] == ""
    update_task(task.pk, TaskPatch(assigned_to_id=cy.pk), by=bo, now=NOW)
    entries = as_user(cy).get(f"/api/tasks/{task.pk}/logs/?field=pre_tasks").json()["results"]
    assert [(entry["new_value"], entry["new_text"], entry["summary"]) for entry in entries] == [
        ([], "nothing", "Bo changed “Blocked by”.")
    ]
    assert "Order soil" not in str(entries)


def test_the_history_names_nobody_twice_in_a_sentence(bo: User, cy: User, task: Task, as_user: Any) -> None:
    update_task(task.pk, TaskPatch(assigned_to_id=None), by=cy, now=NOW)
    update_task(task.pk, TaskPatch(assigned_to_id=bo.pk), by=bo, now=NOW)
    entries = as_user(bo).get(f"/api/tasks/{task.pk}/logs/?field=assigned_to").json()["results"]
    assert [entry["summary"] for entry in entries] == ["Bo took the task.", "Cy handed the task back."]


def test_the_rows_of_the_text_have_an_empty_line_between_them(bo: User, cy: User, task: Task) -> None:
    update_task(task.pk, TaskPatch(title="Dig", description="One\nTwo", priority=4), by=bo, now=NOW)
    rows = letter(cy).text.split("http")[0].split("\n\n")
    assert [row.split(":")[0] for row in rows if ":" in row] == [
        "Title",
        "Description, before",
        'Description, now ("Bo")',
        "Priority",
    ]
    assert "" not in rows[:-1]

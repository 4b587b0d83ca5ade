"""An email about a task says which one: project, category, people, priority, due date and description."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.profile import update_profile
from taskbell.comments.actions import add_comment
from taskbell.notifications.channels.mail import delivery
from taskbell.notifications.channels.mail.rendering import Letter, compose
from taskbell.notifications.models import Delivery
from taskbell.projects.models import Project
from taskbell.sharing.members import add_member
from taskbell.sharing.projects import create_project
from taskbell.tasks.actions import update_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.digest import send_digests
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import MAX_CHARACTERS, MAX_LINES, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.scheduled import mark_overdue
from tests.conftest import NOW, QueryBudget
from tests.tasks.conftest import a_task

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def garden(bo: User, cy: User) -> Project:
    """Bo's project, of which Cy is a member."""
    project = create_project({"name": "Garden"}, by=bo, now=NOW)
    add_member(project.pk, cy.pk, "EDITOR", by=bo, now=NOW)
    return project


def letter(person: User, kind: str) -> Letter:
    mail = Delivery.objects.filter(notification__recipient=person, notification__kind=kind).latest("id")
    return compose(mail, now=NOW + DAY)


def facts(found: Letter) -> list[str]:
    """The lines of the text from the title to the link, and that the HTML part says the same."""
    lines = found.text.partition("Water the plants")[2].partition("http")[0].strip().splitlines()
    for line in lines:
        html = unescape(found.html).translate(str.maketrans("“”", '""'))
        assert line.removeprefix("> ") in html
    return lines


def unblocked(by: User, **fields: Any) -> Task:
    """A task that has just been unblocked."""
    first = a_task(by, "Dig")
    task = a_task(by, after=(first,), **fields)
    update_task(first.pk, TaskPatch(stage=Stage.COMPLETED), by=by, now=NOW)
    return task


def test_the_assignee_of_an_overdue_task_reads_where_it_is_who_made_it_and_what_it_is(
    bo: User, cy: User, garden: Project
) -> None:
    summer = create_category("Summer", by=bo, now=NOW)
    about = {"project_id": garden.pk, "category_id": summer.pk, "priority": Priority.HIGH}
    a_task(bo, assigned_to_id=cy.pk, due_date=NOW.date(), description="Not the cactus.\nTwice.", **about)
    mark_overdue(NOW + 2 * DAY)
    common = ["Priority: High", "Project: Garden", "Category: Summer"]
    description = ["", "> Not the cactus.", "> Twice."]
    assert facts(letter(cy, "overdue")) == [*common, 'Created by "Bo"', *description]
    assert facts(letter(bo, "overdue")) == [*common, 'Assigned to "Cy"', *description]


def test_an_email_about_an_unblocked_task_shows_the_same_and_the_due_date(bo: User, cy: User, garden: Project) -> None:
    unblocked(bo, assigned_to_id=cy.pk, project_id=garden.pk, due_date=NOW.date() + DAY, description="Twice.")
    assert facts(letter(cy, "unblocked")) == [
        "Due: Sunday, 22 November 2026",
        *("Priority: Medium", "Project: Garden", 'Created by "Bo"', "", "> Twice."),
    ]


def test_my_own_task_in_my_inbox_names_neither_me_nor_the_inbox(bo: User) -> None:
    a_task(bo, assigned_to_id=bo.pk, due_date=NOW.date(), description="Twice.")
    mark_overdue(NOW + 2 * DAY)
    assert facts(letter(bo, "overdue")) == ["Priority: Medium", "", "Twice."]


@pytest.mark.parametrize("kind", ["overdue", "task_assigned"])
def test_an_assignee_who_does_not_belong_to_the_project_does_not_read_its_name(
    bo: User, cy: User, garden: Project, kind: str
) -> None:
    task = a_task(bo, assigned_to_id=cy.pk, project_id=garden.pk, due_date=NOW.date())
    mark_overdue(NOW + 2 * DAY)
    assert "Project: Garden" in letter(cy, kind).text
    garden.memberships.filter(person=cy).delete()
    Task.objects.filter(pk=task.pk).update(assigned_to=cy)
    found = letter(cy, kind)
    assert "Garden" not in found.text + found.html


def test_an_admin_reads_the_project_without_belonging_to_it_but_not_whose_inbox_it_is(
    bo: User, ada: User, garden: Project
) -> None:
    task = a_task(bo, project_id=garden.pk, due_date=NOW.date())
    Task.objects.filter(pk=task.pk).update(assigned_to=ada)
    mark_overdue(NOW + 2 * DAY)
    assert "Project: Garden" in letter(ada, "overdue").text
    Task.objects.filter(pk=task.pk).update(project=bo.inbox)
    assert "Project" not in letter(ada, "overdue").text


def test_names_of_projects_and_categories_cannot_pass_for_our_words(bo: User, cy: User, garden: Project) -> None:
    Project.objects.update(name="Pay now: http://evil.example/")
    category = create_category("Your password has expired, click below", by=bo, now=NOW)
    update_profile(bo, now=NOW, first_name="Bo http://evil.example", last_name="")
    bo.refresh_from_db()
    unblocked(bo, assigned_to_id=cy.pk, project_id=garden.pk, category_id=category.pk)
    lines = letter(cy, "unblocked").text.splitlines()
    assert 'Project: "Pay now: http:\u200a//evil.\u200aexample/"' in lines
    assert 'Category: "Your password has expired, click below"' in lines
    assert 'Created by "Bo http:\u200a//evil.\u200aexample"' in lines


def test_an_email_has_the_first_lines_of_a_long_description_up_to_a_whole_word(bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk, description="watering can " * 500)
    text = letter(cy, "task_assigned").text
    (quoted,) = [line for line in text.splitlines() if line.startswith("> ")]
    assert MAX_CHARACTERS - 20 < len(quoted) < MAX_CHARACTERS + 5
    assert quoted.endswith(("watering…", "can…"))
    for description, ending in (("x" * 2000, f"> {'x' * (MAX_CHARACTERS - 1)}…"), ("a\n" * 50, "> a…")):
        Task.objects.filter(pk=task.pk).update(description=description)
        lines = [line for line in letter(cy, "task_assigned").text.splitlines() if line.startswith(">")]
        assert lines[-1] == ending
        assert len(lines) <= MAX_LINES


def test_changes_comments_and_mentions_name_the_project_too(bo: User, cy: User, garden: Project) -> None:
    task = a_task(bo, assigned_to_id=cy.pk, project_id=garden.pk)
    update_task(task.pk, TaskPatch(priority=Priority.HIGH), by=bo, now=NOW)
    add_comment(task.pk, "Twice?", by=bo, now=NOW)
    add_comment(task.pk, "Twice, @cy?", by=bo, now=NOW)
    for kind in ("task_updated", "commented", "mentioned"):
        found = letter(cy, kind)
        assert "Water the plants\nProject: Garden\n" in found.text
        assert "Project: Garden<" in found.html


def test_the_digest_names_the_project_of_each_task(bo: User, cy: User, garden: Project) -> None:
    a_task(bo, "Sweep", assigned_to_id=cy.pk, due_date=NOW.date() + DAY)
    a_task(bo, "Rake", assigned_to_id=cy.pk, project_id=garden.pk, due_date=NOW.date() + DAY)
    User.objects.update(date_joined=NOW - 2 * DAY)
    send_digests(NOW + DAY + 2 * HOUR)
    found = letter(cy, "due_digest")
    assert "  Sunday, 22 November, priority medium\n" in found.text
    assert "  Sunday, 22 November, priority medium, project Garden\n" in found.text
    assert "priority medium · project Garden" in found.html


def test_everything_that_emails_show_is_loaded_with_them(
    bo: User, cy: User, garden: Project, query_budget: QueryBudget
) -> None:
    category = create_category("Summer", by=bo, now=NOW)
    for _ in range(3):
        a_task(bo, assigned_to_id=cy.pk, project_id=garden.pk, category_id=category.pk)
    mails = delivery.mails_of(Delivery.objects.exclude(notification__task=None).values_list("pk", flat=True))
    with query_budget(0):
        assert all("Category: Summer" in compose(mail, now=NOW).text for mail in mails)

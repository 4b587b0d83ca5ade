"""Projects of a file: found or created, with members and archive; and who may put tasks where."""

import io
import json
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.errors import Conflict
from taskbell.notifications.models import Notification
from taskbell.projects.models import Membership, Project
from taskbell.sharing.members import add_member
from taskbell.sharing.projects import change_project, create_project
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.quotas import QuotaReached
from taskbell.transfer.formats import READERS
from taskbell.transfer.importing import ImportRefused, ImportResult, Options, import_tasks, prepared
from tests.conftest import NOW


def bring(by: User, *rows: dict[str, Any], **options: Any) -> ImportResult:
    stream = io.BytesIO(json.dumps(rows).encode())
    return import_tasks(READERS["json"](stream), Options(**options), by=by, now=NOW)


def bring_table(by: User, text: str, **options: Any) -> ImportResult:
    return import_tasks(READERS["csv"](io.BytesIO(text.encode())), Options(**options), by=by, now=NOW)


def project(by: User, name: str = "Home", **fields: Any) -> Project:
    return create_project({"name": name, **fields}, by=by, now=NOW)


def places() -> dict[str, Project]:
    return {task.title: task.project for task in Task.objects.select_related("project")}


def errors(refused: Any) -> list[tuple[str, str]]:
    return [(error.field, error.message) for error in refused.value.result.errors]


def notices(result: ImportResult) -> list[tuple[str, str]]:
    return [(notice.field, notice.message) for notice in result.notices]


def test_a_project_that_nobody_has_is_created_once(bo: User) -> None:
    bring_table(bo, "title,project\nSow,Home\nReap, home \nRest,\n")
    found = places()
    home = found["Sow"]
    assert found == {"Sow": home, "Reap": home, "Rest": bo.inbox}
    assert (home.name, home.created_by, home.created_at) == ("Home", bo, NOW)
    assert list(home.memberships.values_list("person", "role")) == [(bo.pk, "OWNER")]
    created = Activity.objects.get(subject_type="project", action="created")
    assert (created.subject_id, created.user_id, created.new_value["name"]) == (home.pk, bo.pk, "Home")
    entries = Activity.objects.of_tasks().filter(task__title="Sow")
    assert [(entry.project_id, entry.new_value["project"]) for entry in entries] == [(home.pk, home.pk)]
    again = bring_table(bo, "title,project\nSow,Home\nMow,HOME\n")
    assert (again.created, again.skipped, Project.objects.filter(inbox_of=None).count()) == (1, 1, 1)


def test_a_project_has_the_details_of_its_first_row(ada: User, bo: User, cy: User) -> None:
    members = [
        {"person": name, "role": role} for name, role in (("cy", "EDITOR"), ("nobody", "VIEWER"), ("bo", "VIEWER"))
    ]
    details = {
        "id": 7,
        "name": "Home",
        "colour": "teal",
        "description": "All of it",
        "archived": True,
        "members": members,
    }
    bring(bo, {"title": "Sow", "project": details}, {"title": "Reap", "project": {"id": "7", "name": "Home"}})
    home = places()["Sow"]
    assert places()["Reap"] == home
    assert (home.colour, home.description, home.archived_at) == ("teal", "All of it", NOW)
    assert set(home.memberships.values_list("person__username", "role")) == {("bo", "OWNER"), ("cy", "EDITOR")}
    assert [(one.recipient, one.kind) for one in Notification.objects.all()] == [(cy, "project_shared")]
    assert Activity.objects.filter(subject_type="member", subject_id=cy.pk, action="added", project_id=home.pk).exists()
    assert Activity.objects.get(subject_type="project", field="archived").new_value is True


def test_a_member_is_not_found_by_their_address(bo: User, cy: User) -> None:
    bring(bo, {"title": "Sow", "project": {"name": "Home", "members": [{"person": cy.email, "role": "EDITOR"}]}})
    assert [member.person for member in places()["Sow"].memberships.all()] == [bo]


def test_two_projects_of_one_name_stay_two(bo: User) -> None:
    rows = [{"title": f"T{pk}", "project": {"id": pk, "name": "Home"}} for pk in (1, 2)]
    bring(bo, *rows)
    found = places()
    assert found["T1"] != found["T2"]
    more = [{"title": f"U{pk}", "project": {"id": pk, "name": "home"}} for pk in (1, 2)]
    bring(bo, *more)
    assert (places()["U1"], places()["U2"]) == (found["T1"], found["T2"])


def test_people_put_tasks_only_where_they_may_edit(bo: User, cy: User) -> None:
    theirs, shared = project(cy), project(cy, "Garden")
    add_member(theirs.pk, bo.pk, "VIEWER", by=cy, now=NOW)
    add_member(shared.pk, bo.pk, "EDITOR", by=cy, now=NOW)
    bring_table(bo, "title,project\nSow,Garden\nReap,Home\n")
    found = places()
    assert found["Sow"] == shared
    assert found["Reap"] != theirs
    assert found["Reap"].created_by == bo


def test_managers_find_their_own_projects_first(mia: User, cy: User) -> None:
    theirs = project(cy)
    bring_table(mia, "title,project\nSow,Home\n")
    own = project(mia)
    bring_table(mia, "title,project\nReap,Home\n")
    assert (places()["Sow"], places()["Reap"]) == (theirs, own)


def test_nothing_is_put_into_an_archived_project(bo: User) -> None:
    home = project(bo)
    change_project(home.pk, {"archived": True}, by=bo, now=NOW)
    with pytest.raises(ImportRefused) as refused:
        bring_table(bo, "title,project\nSow,Home\n")
    assert errors(refused) == [("project", "Can't put a task into the project 'Home', because it is archived.")]
    result = bring_table(bo, "title,project\nSow,Home\nReap,Garden\n", partial=True)
    assert (result.created, result.failed) == (1, 1)
    newer = project(bo)
    bring_table(bo, "title,project\nMow,Home\n")
    assert places()["Mow"] == newer


def test_an_assignee_who_is_no_member_is_noted(bo: User, cy: User) -> None:
    home = project(bo)
    table = "title,project,assigned_to\nSow,Home,cy\nReap,New,cy\nMow,,cy\n"
    result = bring_table(bo, table)
    said = (
        "Can't be assigned to cy, who is not a member of the project '{}'. Add this person to the project, and import"
        " the file again with update."
    )
    assert notices(result) == [("assigned_to", said.format("Home")), ("assigned_to", said.format("New"))]
    assert {task.title: task.assigned_to for task in Task.objects.all()} == {"Sow": None, "Reap": None, "Mow": cy}
    add_member(home.pk, cy.pk, "VIEWER", by=bo, now=NOW)
    rows = [{"title": "Sow", "project": "Home", "assigned_to": "cy", "source": "x", "source_id": "1"}]
    with pytest.raises(ImportRefused) as refused:
        bring(bo, rows[0] | {"project": "New"}, strict=True)
    assert errors(refused) == [("assigned_to", said.format("New"))]
    assert bring(bo, *rows).notices.count == 0


def test_an_update_moves_a_task_only_if_the_file_names_another_project(bo: User, cy: User) -> None:
    row = {"title": "Sow", "project": "Home", "source": "x", "source_id": "1"}
    bring(bo, row)
    home = places()["Sow"]
    assert bring(bo, row, on_existing="update").updated == 0
    assert bring(bo, row | {"project": " HOME"}, on_existing="update").updated == 0
    assert bring(bo, row | {"project": "Garden"}, on_existing="update").updated == 1
    assert (places()["Sow"].name, places()["Sow"] == home) == ("Garden", False)
    change_project(places()["Sow"].pk, {"archived": True}, by=bo, now=NOW)
    assert bring(bo, row | {"project": "Garden"}, on_existing="update").skipped == 1
    with pytest.raises(ImportRefused) as refused:
        bring(bo, row | {"project": "Garden", "title": "Reap"}, on_existing="update")
    assert "its project is archived" in errors(refused)[0][1]
    result = bring(bo, row | {"project": "Garden", "assigned_to": "cy"}, on_existing="update")
    assert (result.updated, [field for field, _ in notices(result)]) == (0, ["assigned_to"])


def test_somebody_who_only_works_on_a_task_needs_no_project_for_an_update(bo: User, cy: User) -> None:
    home = project(cy)
    add_member(home.pk, bo.pk, "VIEWER", by=cy, now=NOW)
    fields = {"source": "x", "source_id": "1"}
    task = create_task(TaskPatch(title="Sow", project_id=home.pk, assigned_to_id=bo.pk), by=cy, now=NOW)
    Task.objects.filter(pk=task.pk).update(**fields)
    result = bring(bo, {"title": "Sow", "stage": "IN_PROGRESS", "project": "Home", **fields}, on_existing="update")
    assert (result.updated, Project.objects.filter(inbox_of=None).count()) == (1, 1)


@pytest.mark.parametrize(("column", "quota"), [("project", "projects"), ("category", "categories")])
def test_nobody_creates_more_projects_or_categories_than_they_may_have(
    bo: User, settings: Any, column: str, quota: str
) -> None:
    settings.TASKBELL_QUOTAS = {**settings.TASKBELL_QUOTAS, quota: 2}
    bring_table(bo, f"title,{column}\nSow,A\n")
    with pytest.raises(QuotaReached):
        bring_table(bo, f"title,{column}\nSow,B\nReap,C\n")
    assert Task.objects.count() == 1


def test_a_project_archived_while_the_file_is_read_refuses_it(bo: User) -> None:
    home = project(bo)
    rows = READERS["csv"](io.BytesIO(b"title,project\nSow,Home\n"))
    with prepared(rows, Options(), by=bo, now=NOW) as found:
        create_names = found.create_names

        def archive_first() -> None:
            change_project(home.pk, {"archived": True}, by=bo, now=NOW)
            create_names()

        found.create_names = archive_first  # type: ignore[method-assign]
        with pytest.raises(Conflict, match="has just changed"):
            found.write()
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    "cell",
    [
        {"name": ""},
        {"id": 1},
        {"name": "Home", "owner": "bo"},
        {"name": "Home", "members": [{"person": "cy"}]},
        {"name": "Home", "members": [{"person": "cy", "role": "BOSS"}]},
        {"name": "Home", "members": "cy"},
        {"name": "Home", "colour": "#ff0000"},
        {"name": "Home", "id": ["x"]},
        {"name": {"name": "x"}},
        "x" * 101,
        7,
        ["Home"],
    ],
)
def test_a_project_that_cannot_be_read_is_an_error(bo: User, cell: Any) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring(bo, {"title": "Sow", "project": cell})
    assert [field for field, _ in errors(refused)] == ["project"]
    assert not Membership.objects.filter(project__inbox_of=None).exists()

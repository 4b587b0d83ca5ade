"""People keep tasks in projects, and change, archive, delete and restore these."""

from datetime import timedelta

import pytest
from django.test import override_settings

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common import locks
from taskbell.projects.models import Project, ProjectRole
from taskbell.sharing import deleting
from taskbell.sharing.deleting import delete_project, restore_project
from taskbell.tasks.actions import delete_task, restore_task, update_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.scheduled import purge_deleted
from tests.conftest import NOW, Program, QueryBudget
from tests.sharing.conftest import URL, a_task_in, shared_by
from tests.tasks.conftest import Somebody, a_task

LATER = NOW + timedelta(hours=1)


def created(program: Program, **fields: object) -> dict[str, object]:
    answer = program.post(URL, {"name": "Garden"} | fields)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def names(program: Program, query: str = "") -> list[str]:
    return [project["name"] for project in program.get(URL + query).json()["results"]]


def test_bo_creates_a_project_and_is_its_owner(program: Program, bo: User) -> None:
    answer = program.post(URL, {"name": "  Garden ", "description": "All that grows.\r\n", "colour": "green"})
    assert answer.status_code == 201
    project = answer.json()
    assert answer["Location"] == f"{URL}{project['id']}/"
    shown = {name: project[name] for name in ("name", "description", "colour", "role", "is_inbox", "version", "counts")}
    assert shown == {
        "name": "Garden",
        "description": "All that grows.",
        "colour": "green",
        "role": "OWNER",
        "is_inbox": False,
        "version": 1,
        "counts": {"open": 0, "overdue": 0},
    }
    assert program.get(answer["Location"]).json() == project


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"name": 7},
        {"name": "x", "colour": "mauve"},
        {"name": "x", "description": "x" * 20_001},
        {"name": "x", "archived": "yes"},
        {"name": "x", "surprise": 1},
    ],
)
def test_what_is_wrong_with_a_project_is_said(program: Program, wrong: object) -> None:
    answer = program.post(URL, wrong)
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_an_intern_creates_no_projects(ivo: User, as_user: Somebody) -> None:
    assert as_user(ivo).post(URL, {"name": "Garden"}).status_code == 403


def test_names_need_not_be_unique_and_lists_are_by_name(program: Program) -> None:
    for name in ("Garden", "attic 10", "Attic 9", "Garden"):
        created(program, name=name)
    assert names(program) == ["Attic 9", "attic 10", "Garden", "Garden", "Inbox"]


def test_the_list_shows_mine_and_managers_can_ask_for_all(bo: User, cy: User, mia: User, as_user: Somebody) -> None:
    shared_by(bo, cy, name="Garden")
    shared_by(bo, name="House")
    assert names(as_user(cy)) == ["Garden", "Inbox"]
    assert names(as_user(cy), "?all=true") == ["Garden", "Inbox"]
    assert names(as_user(mia)) == ["Inbox"]
    assert names(as_user(mia), "?all=true") == ["Garden", "House", "Inbox"]


def test_a_list_costs_four_queries_however_long_it_is(program: Program, bo: User, query_budget: QueryBudget) -> None:
    for number in range(20):
        a_task_in(shared_by(bo, name=f"Project {number}"), bo)
    with query_budget(4):  # session and position, count and keys, projects, counts of tasks
        assert len(program.get(URL).json()["results"]) == 21


def test_a_client_that_has_the_list_gets_304_until_something_changes(program: Program, bo: User) -> None:
    garden = shared_by(bo)
    first = program.get(URL)
    assert program.get(URL, **{"If-None-Match": first["ETag"]}).status_code == 304
    a_task_in(garden, bo)
    again = program.get(URL, **{"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert again.json()["results"][0]["counts"] == {"open": 1, "overdue": 0}


def test_counts_are_of_open_tasks(program: Program, bo: User) -> None:
    garden = shared_by(bo)
    a_task_in(garden, bo)
    late = a_task_in(garden, bo)
    Task.objects.filter(pk=late.pk).update(is_overdue=True)
    done = a_task_in(garden, bo)
    update_task(done.pk, TaskPatch(stage="COMPLETED"), by=bo, now=NOW)
    delete_task(a_task_in(garden, bo).pk, by=bo, now=NOW)
    assert program.get(f"{URL}{garden.pk}/").json()["counts"] == {"open": 2, "overdue": 1}


def test_a_change_names_the_version_it_is_for(program: Program, garden: Project) -> None:
    url = f"{URL}{garden.pk}/"
    tag = program.get(url)["ETag"]
    changed = program.patch(url, {"name": "Meadow"}, **{"If-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["version"] == 2
    stale = program.patch(url, {"name": "Field"}, **{"If-Match": tag})
    assert stale.status_code == 412
    assert "project" in stale.json()["detail"]
    assert program.delete(url, **{"If-Match": tag}).status_code == 412
    assert program.get(url, **{"If-None-Match": changed["ETag"]}).status_code == 304


def test_an_answer_can_be_sent_back_as_it_is(program: Program, garden: Project, bo: User) -> None:
    for pk in (garden.pk, bo.inbox.pk):
        shown = program.get(f"{URL}{pk}/").json()
        assert program.put(f"{URL}{pk}/", shown).json() == shown
    assert not Activity.objects.filter(subject_type="project", action="updated").exists()


def test_put_empties_what_is_not_sent_and_patch_leaves_it(program: Program) -> None:
    project = created(program, description="All that grows.", colour="green")
    url = f"{URL}{project['id']}/"
    assert program.patch(url, {"name": "Meadow"}).json()["colour"] == "green"
    replaced = program.put(url, {"name": "Meadow"}).json()
    assert (replaced["description"], replaced["colour"]) == ("", "grey")


def test_only_owners_and_managers_change_a_project(
    garden: Project, bo: User, cy: User, mia: User, ivo: User, as_user: Somebody
) -> None:
    url = f"{URL}{garden.pk}/"
    for person, status in ((ivo, 404), (cy, 403), (mia, 200), (bo, 200)):
        assert as_user(person).patch(url, {"name": person.username}).status_code == status
        assert as_user(person).put(url, {"name": person.username}).status_code == status
    assert as_user(cy).delete(url).status_code == 403


def test_the_inbox_stays_as_it_is(program: Program, bo: User, cy: User, ada: User, as_user: Somebody) -> None:
    url = f"{URL}{bo.inbox.pk}/"
    for by in (program, as_user(ada)):
        for answer in (
            by.patch(url, {"name": "Mine"}),
            by.patch(url, {"archived": True}),
            by.delete(url),
            by.delete(f"{url}?move_to={ada.inbox.pk}"),
            by.post(f"{url}members/", {"person": cy.pk}),
            by.patch(f"{url}members/{bo.pk}/", {"role": "VIEWER"}),
            by.delete(f"{url}members/{bo.pk}/"),
        ):
            assert answer.status_code == 409
            assert "Inbox" in answer.json()["detail"]
    assert as_user(cy).get(url).status_code == 404


def test_the_tasks_of_an_archived_project_are_read_only_until_it_is_back(program: Program, bo: User) -> None:
    garden = shared_by(bo)
    task, url = a_task_in(garden, bo), f"{URL}{garden.pk}/"
    assert program.patch(url, {"archived": True}).json()["archived_at"]
    assert names(program) == ["Inbox"]
    assert names(program, "?archived=true") == ["Garden"]
    other, address = a_task(bo), f"/api/tasks/{task.pk}/"
    assert program.put(address, program.get(address).json()).status_code == 200, "what is unchanged is accepted"
    soon = [{"at": "2027-03-31T09:00:00Z"}]
    for change in ({"title": "x"}, {"labels": ["new"]}, {"pre_tasks": [other.pk]}, {"reminders": soon}):
        assert program.patch(address, change).status_code == 409, change
    assert not Task.objects.get(pk=task.pk).pre_tasks.exists()
    delete_task(other.pk, by=bo, now=NOW)
    assert program.post("/api/tasks/", {"title": "x", "project": garden.pk}).status_code == 409
    assert program.get("/api/tasks/").json()["count"] == 0
    assert program.patch(url, {"archived": False}).json()["archived_at"] is None
    assert program.patch(f"/api/tasks/{task.pk}/", {"title": "x"}).status_code == 200


def test_a_deleted_project_takes_its_tasks_along_and_brings_exactly_those_back(
    bo: User, cy: User, program: Program, garden: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "TASKS_AT_ONCE", 2)
    tasks = [a_task_in(garden, bo, f"Task {number}") for number in range(5)]
    gone = a_task_in(garden, bo, "Gone before")
    delete_task(gone.pk, by=bo, now=NOW)
    url = f"{URL}{garden.pk}/"
    assert program.delete(url).status_code == 204
    assert program.get(url).status_code == 404
    assert program.delete(url).status_code == 404
    assert program.get("/api/tasks/").json()["count"] == 0
    deleted_at = Project.objects.get(pk=garden.pk).deleted_at
    assert {task.deleted_at for task in Task.objects.filter(pk__in=[task.pk for task in tasks])} == {deleted_at}
    assert names(program) == ["Inbox"]
    assert names(program, "?deleted=true") == ["Garden"]
    assert program.post(f"/api/tasks/{tasks[0].pk}/restore/").status_code == 409
    restored = program.post(f"{url}restore/")
    assert restored.status_code == 200
    assert restored.json()["counts"]["open"] == 5
    assert program.get("/api/tasks/").json()["count"] == 5
    assert Task.objects.get(pk=gone.pk).deleted_at == NOW
    restore_task(gone.pk, by=bo, now=NOW)


def test_only_those_who_may_restore_a_project_find_it_in_the_trash(
    garden: Project, bo: User, cy: User, mia: User, as_user: Somebody
) -> None:
    delete_project(garden.pk, move_to=None, by=bo, now=NOW)
    assert names(as_user(bo), "?deleted=true") == ["Garden"]
    User.objects.filter(pk=bo.pk).update(role="INTERN")
    for person in (bo, cy):
        assert names(as_user(person), "?deleted=true") == []
    assert names(as_user(mia), "?deleted=true&all=true") == ["Garden"]
    assert as_user(cy).post(f"{URL}{garden.pk}/restore/").status_code == 403
    assert as_user(mia).post(f"{URL}{garden.pk}/restore/").status_code == 200
    assert as_user(mia).post(f"{URL}{garden.pk}/restore/").status_code == 404


def test_the_tasks_of_a_deleted_project_can_move_to_another(
    program: Program, bo: User, cy: User, garden: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "TASKS_AT_ONCE", 2)
    house = shared_by(bo, name="House")
    tasks = [a_task_in(garden, bo, assigned_to_id=cy.pk) for _ in range(3)]
    gone = a_task_in(garden, bo)
    delete_task(gone.pk, by=bo, now=NOW)
    assert program.delete(f"{URL}{garden.pk}/?move_to={house.pk}").status_code == 204
    assert set(Task.objects.values_list("project", flat=True)) == {house.pk}
    task = Task.objects.get(pk=tasks[0].pk)
    assert task.version > 1
    assert task.assigned_to_id == bo.pk  # Cy does not belong to the house: the task is its creator's
    entry = Activity.objects.get(task=task, field="project")
    assert (entry.action, entry.old_value, entry.new_value, entry.user_id) == ("updated", garden.pk, house.pk, bo.pk)
    restore_task(gone.pk, by=bo, now=NOW)
    assert program.get(f"{URL}{garden.pk}/").status_code == 404


def test_tasks_move_only_where_the_person_may_edit(program: Program, bo: User, cy: User, garden: Project) -> None:
    seen, archived, foreign = shared_by(cy, bo, role="VIEWER"), shared_by(bo), shared_by(cy)
    program.patch(f"{URL}{archived.pk}/", {"archived": True})
    a_task_in(garden, bo)
    targets = {seen.pk: 403, archived.pk: 409, foreign.pk: 400, garden.pk: 400, 999_999: 400, "x": 400, 0: 400}
    for move_to, status in targets.items():
        assert program.delete(f"{URL}{garden.pk}/?move_to={move_to}").status_code == status
    assert program.get(f"{URL}{garden.pk}/").json()["counts"]["open"] == 1


def test_a_deletion_that_was_interrupted_goes_on_when_it_is_repeated(
    program: Program, bo: User, garden: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "TASKS_AT_ONCE", 2)
    tasks = [a_task_in(garden, bo) for _ in range(4)]

    def crash() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(locks, "let_others_write", crash)
    with pytest.raises(KeyboardInterrupt):
        delete_project(garden.pk, move_to=None, by=bo, now=NOW)
    assert Task.objects.exclude(deleted_at=None).count() == 2
    assert program.post("/api/tasks/", {"title": "x", "project": garden.pk}).status_code == 400
    monkeypatch.setattr(locks, "let_others_write", lambda: None)
    assert program.delete(f"{URL}{garden.pk}/").status_code == 204
    assert Task.objects.filter(deleted_at=NOW).count() == 4
    monkeypatch.setattr(deleting, "let_others_write", crash)
    with pytest.raises(KeyboardInterrupt):
        restore_project(garden.pk, by=bo, now=LATER)
    monkeypatch.setattr(deleting, "let_others_write", lambda: None)
    restore_project(garden.pk, by=bo, now=LATER)
    assert Task.objects.filter(pk__in=[task.pk for task in tasks], deleted_at=None).count() == 4


def test_tasks_outside_that_were_blocked_are_free_when_the_project_is_deleted(bo: User, garden: Project) -> None:
    first = a_task_in(garden, bo)
    inside, outside = a_task_in(garden, bo, after=(first,)), a_task(bo, after=(first,))
    delete_project(garden.pk, move_to=None, by=bo, now=NOW)
    assert list(Activity.objects.filter(action="unblocked").values_list("task", flat=True)) == [outside.pk]
    assert Task.objects.get(pk=inside.pk).deleted_at == NOW


def test_a_restored_task_is_not_left_with_somebody_who_is_gone(bo: User, cy: User, garden: Project) -> None:
    task = a_task_in(garden, bo, assigned_to_id=cy.pk)
    delete_project(garden.pk, move_to=None, by=bo, now=NOW)
    User.objects.filter(pk=cy.pk).update(is_active=False)
    restore_project(garden.pk, by=bo, now=NOW)
    assert Task.objects.get(pk=task.pk).assigned_to_id == bo.pk


def test_a_project_leaves_the_trash_after_its_tasks(bo: User, garden: Project) -> None:
    a_task_in(garden, bo)
    delete_project(garden.pk, move_to=None, by=bo, now=NOW)
    purge_deleted(NOW + timedelta(days=29))
    assert Project.objects.filter(pk=garden.pk).exists()
    purge_deleted(NOW + timedelta(days=31))
    assert not Project.objects.filter(pk=garden.pk).exists()
    assert Activity.objects.of_project(garden.pk).order_by("-pk")[0].action == "purged"


def test_a_key_makes_a_project_once(program: Program, bo: User) -> None:
    first, again = (program.post(URL, {"name": "Garden"}, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == again.json()
    assert Project.objects.filter(inbox_of=None).count() == 1


@override_settings(TASKBELL_QUOTAS={"projects": 2, "tasks": 10, "text": 1})
def test_a_person_may_have_only_so_many_projects(program: Program, bo: User) -> None:
    for _ in range(2):
        created(program)
    answer = program.post(URL, {"name": "Garden"})
    assert answer.status_code == 409
    assert "projects" in answer.json()["detail"]


def test_the_history_of_a_project_says_who_did_what(bo: User, cy: User, program: Program, garden: Project) -> None:
    url = f"{URL}{garden.pk}/"
    program.patch(url, {"name": "Meadow", "colour": "red"})
    program.patch(url, {"archived": True})
    program.patch(url, {"archived": False})
    program.patch(f"{url}members/{cy.pk}/", {"role": "VIEWER"})
    program.delete(f"{url}members/{cy.pk}/")
    program.delete(url)
    program.post(f"{url}restore/")
    page = program.get(f"{url}logs/").json()
    assert [entry["summary"] for entry in reversed(page["results"])] == [
        "Bo created the project.",
        "Bo added Cy as editor.",
        "Bo renamed the project from “Garden” to “Meadow”.",
        "Bo changed the colour.",
        "Bo archived the project.",
        "Bo took the project out of the archive.",
        "Bo changed the role of Cy to viewer.",
        "Bo removed Cy.",
        "Bo moved the project to the trash.",
        "Bo restored the project.",
    ]
    assert {entry["person"] for entry in page["results"]} == {None, cy.pk}
    assert program.get(f"{url}logs/?page_size=1").json()["next"]


def test_roles_are_those_that_are_documented() -> None:
    assert ProjectRole.values == ["OWNER", "EDITOR", "VIEWER"]

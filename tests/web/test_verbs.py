"""The verbs of tasks: with and without a script, undone, and many at once."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.comments.actions import add_comment
from taskbell.common.clock import utc_now
from taskbell.sharing.members import add_member
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.web.addresses import World, world_of
from tests.web.conftest import Browser, text
from tests.web.test_who_sees_what import undo_in

BrowserOf = Callable[[User], Browser]
HTMX = {"HTTP_HX_REQUEST": "true"}
COLUMNS = ("stage", "due_date", "due_time", "due_at", "priority", "project_id", "assigned_to_id", "category_id")
VERBS: list[tuple[str, dict[str, str]]] = [
    ("task-complete", {}),
    ("task-stage", {"stage": "IN_PROGRESS"}),
    ("task-stage", {"stage": "ARCHIVED"}),
    ("task-move", {"due_date": "2030-05-04"}),
    ("task-move", {"due_date": ""}),
    ("task-delete", {}),
    ("tasks-to-today", {}),
]


@pytest.fixture
def world(bo: User) -> World:
    """A task of Bo that was due yesterday at nine."""
    world = world_of(bo)
    yesterday = utc_now().date() - timedelta(days=1)
    patch = TaskPatch(title="Rose", project_id=world.project.pk, due_date=yesterday, due_time=time(9))
    world.task = create_task(patch, by=bo, now=utc_now())
    return world


def state(pk: int) -> dict[str, Any]:
    """What people can undo."""
    return Task.objects.filter(pk=pk).values(*COLUMNS, "deleted_at").get()


@pytest.mark.parametrize(("name", "sent"), VERBS)
def test_undo_gives_back_what_was(
    browser_of: BrowserOf, bo: User, world: World, name: str, sent: dict[str, str]
) -> None:
    browser, before = browser_of(bo), state(world.task.pk)
    answer = browser.post(world.address(name), sent, **HTMX)
    assert answer.status_code == 200
    assert f'"ids": [{world.task.pk}]' in answer["HX-Trigger"]
    assert state(world.task.pk) != before
    undone = browser.post(undo_in(answer), **HTMX)
    assert undone.status_code == 200
    assert str(world.task.pk) in undone["HX-Trigger"]
    assert state(world.task.pk) == before


@pytest.mark.parametrize(("name", "sent"), VERBS)
def test_without_a_script_a_verb_leads_back_and_says_the_same_with_undo(
    browser_of: BrowserOf, bo: User, world: World, name: str, sent: dict[str, str]
) -> None:
    browser, before = browser_of(bo), state(world.task.pk)
    answer = browser.post(world.address(name), sent | {"next": "/upcoming/"})
    assert (answer.status_code, answer["Location"]) == (302, "/upcoming/")
    page = text(browser.get("/upcoming/"))
    assert "data-undo" in page
    browser.post(undo_in_toast(page))
    assert state(world.task.pk) == before


def undo_in_toast(page: str) -> str:
    """The address of the button of the message, among all the buttons of the page."""
    toast = page.partition('id="toasts"')[2]
    return toast.partition('formaction="')[2].partition('"')[0].replace("&amp;", "&")


BULK: list[tuple[str, str]] = [
    *(("complete", ""), ("stage", "IN_PROGRESS"), ("due", "2030-05-04"), ("due", ""), ("priority", "URGENT")),
    *(("assign", ""), ("category", "")),
]


@pytest.mark.parametrize(("do", "value"), BULK)
def test_many_are_changed_at_once_and_undone_at_once(
    browser_of: BrowserOf, bo: User, world: World, do: str, value: str
) -> None:
    ids = list(Task.objects.values_list("pk", flat=True))
    assert len(ids) == 2
    browser, before = browser_of(bo), [state(pk) for pk in ids]
    answer = browser.post("/tasks/bulk/", {"ids": ids, "do": do, "value": value}, **HTMX)
    assert answer.status_code == 200
    browser.post(undo_in(answer), **HTMX)
    assert [state(pk) for pk in ids] == before


def test_all_that_match_are_changed(browser_of: BrowserOf, bo: User, world: World) -> None:
    other = create_task(TaskPatch(title="Other", project_id=None or world.project.pk), by=bo, now=utc_now())
    sent = {"all": "true", "query": "q=rose", "do": "priority", "value": "URGENT"}
    browser_of(bo).post("/tasks/bulk/", sent, **HTMX)
    urgent = set(Task.objects.filter(priority=4).values_list("pk", flat=True))
    assert urgent == set(Task.objects.exclude(pk=other.pk).values_list("pk", flat=True))


def test_a_refusal_names_the_task_and_nothing_is_changed(browser_of: BrowserOf, bo: User, cy: User) -> None:
    world, mine = world_of(bo), world_of(cy)
    add_member(world.project.pk, cy.pk, "VIEWER", by=bo, now=utc_now())
    sent = {"ids": [mine.task.pk, world.task.pk], "do": "priority", "value": "URGENT"}
    answer = browser_of(cy).post("/tasks/bulk/", sent, **HTMX)
    assert answer.status_code == 409
    assert "Rose of bo" in text(answer)
    assert "nothing was changed" in text(answer)
    assert not Task.objects.filter(priority=4).exists()


def test_a_blocked_task_is_refused_and_finished_anyway_by_those_who_may(
    browser_of: BrowserOf, bo: User, world: World
) -> None:
    patch = TaskPatch(title="Vase", project_id=world.project.pk, pre_tasks=[world.task.pk])
    world.task = create_task(patch, by=bo, now=utc_now())
    browser, address = browser_of(bo), world.address("task-complete")
    refused = browser.post(address, **HTMX)
    assert refused.status_code == 409
    assert "taskbell:refused" in refused["HX-Trigger"]
    assert Task.objects.get(pk=world.task.pk).stage == Stage.PENDING


def test_moving_to_today_keeps_the_day_of_the_person(browser_of: BrowserOf, bo: User, world: World) -> None:
    bo.profile.timezone = "Pacific/Kiritimati"
    bo.profile.save()
    browser_of(bo).post("/tasks/to-today/", **HTMX)
    task = Task.objects.get(pk=world.task.pk)
    assert isinstance(task.due_date, date)
    assert task.due_date >= utc_now().date()


def test_a_saved_view_is_a_name_for_its_filters(browser_of: BrowserOf, bo: User) -> None:
    browser = browser_of(bo)
    answer = browser.post("/tasks/views/", {"name": "Late", "query": "stage=PENDING&evil=1"})
    assert answer["Location"].startswith("/tasks/?")
    assert "evil" not in answer["Location"]
    assert "Late" in text(browser.get("/tasks/"))
    browser.post("/tasks/views/delete/", {"name": "Late"})
    assert ">Late<" not in text(browser.get("/tasks/"))


def test_skipping_an_occurrence_is_undone(browser_of: BrowserOf, bo: User, world: World) -> None:
    update_task(world.task.pk, TaskPatch(recurrence="FREQ=DAILY"), by=bo, now=utc_now())
    browser, before = browser_of(bo), state(world.task.pk)
    skipped = browser.post(world.address("task-skip"), **HTMX)
    assert state(world.task.pk) != before
    undone = browser.post(undo_in(skipped), **HTMX)
    assert undone.status_code == 200
    assert state(world.task.pk) == before
    again = browser.post(undo_in(skipped), **HTMX)
    assert again.status_code == 409
    assert "undone already" in text(again)


def test_deleting_a_comment_is_undone(browser_of: BrowserOf, bo: User, world: World) -> None:
    comment = add_comment(world.task.pk, "Not yellow", by=bo, now=utc_now())
    browser = browser_of(bo)
    deleted = browser.post(world.address("task-comment-delete", other=comment.pk), **HTMX)
    assert "Not yellow" not in text(browser.get(world.address("task")))
    assert f'"ids": [{world.task.pk}]' in browser.post(undo_in(deleted), **HTMX)["HX-Trigger"]
    page = text(browser.get(world.address("task")))
    assert page.count("Not yellow") == 1
    assert "restored a comment" in page


def test_a_task_is_assigned_only_to_people_who_may_have_it(
    browser_of: BrowserOf, bo: User, cy: User, world: World
) -> None:
    browser, address = browser_of(bo), f"{world.address('task-edit')}?field=assign"
    refused = browser.post(address, {"assigned_to_id": cy.pk}, **HTMX)
    assert refused.status_code == 400
    assert "not a member" in text(refused)
    assert browser.post(address, {"assigned_to_id": "nobody"}, **HTMX).status_code == 400
    add_member(world.project.pk, cy.pk, "EDITOR", by=bo, now=utc_now())
    assert browser.post(address, {"assigned_to_id": cy.pk}, **HTMX).status_code == 200
    assert Task.objects.get(pk=world.task.pk).assigned_to_id == cy.pk


def test_a_task_moves_only_to_projects_of_ones_own(browser_of: BrowserOf, bo: User, cy: User, world: World) -> None:
    other, address = world_of(cy).project, f"{world.address('task-edit')}?field=move"
    refused = browser_of(bo).post(address, {"project_id": other.pk}, **HTMX)
    assert refused.status_code == 400
    assert Task.objects.get(pk=world.task.pk).project_id == world.project.pk

"""A copy is kept up to date, and nobody learns of tasks that they never saw."""

from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.actions import begin_epoch, record
from taskbell.activity.models import Subject, SubjectType
from taskbell.activity.queries import Checkpoint, current_checkpoint
from taskbell.feed import sync
from taskbell.feed.cursors import FOREIGN, plain_cursor, read_cursor
from taskbell.feed.sync import RESYNC, changes_for
from taskbell.people.editing import update_person
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, delete_task, restore_task, update_task
from taskbell.tasks.categories import create_category, rename_category
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.scheduled import purge_deleted
from tests.conftest import NOW, Program

Somebody = Callable[[User], Program]


def a_task(by: User, title: str = "Water the plants", *, after: tuple[Task, ...] = (), **fields: Any) -> Task:
    return create_task(TaskPatch(**({"title": title} | fields), pre_tasks=[task.pk for task in after]), by=by, now=NOW)


def answers(program: Program, since: str | None, limit: int = 100) -> dict[str, Any]:
    """All answers until there is no more, as one."""
    changes: list[Any] = []
    while True:
        answer = program.get(f"/api/changes/?limit={limit}&since={since or ''}").json()
        changes += answer["changes"]
        since = answer["cursor"]
        if not answer["more"] or answer["resync"]:
            return answer | {"changes": changes}


def start(program: Program) -> str:
    return str(answers(program, None)["cursor"])


def received(program: Program, since: str, **options: Any) -> list[tuple[str, int]]:
    changes = answers(program, since, **options)["changes"]
    return [(it["event"], it["task_id"]) for it in changes if it["event"].startswith("task.")]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_the_first_look_shows_all_that_i_see_as_the_list_does(
    bo: User, cy: User, as_user: Somebody, limit: int
) -> None:
    for number in range(7):
        a_task(bo if number % 2 else cy, f"Task {number}")
    program = as_user(bo)
    listed = program.get("/api/tasks/?ordering=id").json()["results"]
    answer = answers(program, None, limit)
    assert [change["task"] for change in answer["changes"] if change["event"] == "task.updated"] == listed
    assert len(listed) == 3
    assert received(program, answer["cursor"]) == []


def test_what_happens_during_the_first_look_is_not_missed(bo: User, cy: User, as_user: Somebody) -> None:
    tasks = [a_task(bo, f"Task {number}") for number in range(3)]
    program = as_user(bo)
    first = program.get("/api/changes/?limit=1").json()
    update_task(tasks[0].pk, TaskPatch(title="New title"), by=bo, now=NOW)
    delete_task(tasks[1].pk, by=bo, now=NOW)
    events = received(program, first["cursor"])
    assert events == [
        ("task.updated", tasks[2].pk),
        ("task.updated", tasks[0].pk),
        ("task.deleted", tasks[1].pk),
    ]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_changes_come_in_the_order_of_commits_each_task_as_it_is_now(bo: User, as_user: Somebody, limit: int) -> None:
    program = as_user(bo)
    since = start(program)
    first, second = a_task(bo, "First"), a_task(bo, "Second")
    update_task(first.pk, TaskPatch(title="New title"), by=bo, now=NOW)
    changes = [c for c in answers(program, since, limit)["changes"] if "task" in c]
    assert [change["task"]["title"] for change in changes][:2] == ["New title", "Second"]
    assert {change["task_id"] for change in changes} == {first.pk, second.pk}


def test_what_is_taken_from_me_is_gone_and_what_i_never_saw_is_not_spoken_of(
    bo: User, cy: User, mia: User, as_user: Somebody
) -> None:
    mine, theirs = a_task(mia, assigned_to_id=bo.pk), a_task(mia, "Secret")
    program, since = as_user(bo), ""
    since = start(program)
    update_task(mine.pk, TaskPatch(assigned_to_id=cy.pk), by=mia, now=NOW)
    update_task(mine.pk, TaskPatch(title="Not for Bo"), by=mia, now=NOW)
    update_task(theirs.pk, TaskPatch(assigned_to_id=cy.pk), by=mia, now=NOW)
    delete_task(theirs.pk, by=mia, now=NOW)
    purge_deleted(NOW + timedelta(days=31))
    assert received(program, since) == [("task.deleted", mine.pk)]
    assert "Not for Bo" not in str(answers(program, since))


def test_deleted_restored_and_purged(bo: User, cy: User, mia: User, as_user: Somebody) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    programs = [as_user(person) for person in (bo, cy, mia)]
    begin = [start(program) for program in programs]
    delete_task(task.pk, by=bo, now=NOW)
    for program, since in zip(programs, begin, strict=True):
        assert received(program, since) == [("task.deleted", task.pk)]
    restore_task(task.pk, by=bo, now=NOW)
    for program, since in zip(programs, begin, strict=True):
        assert received(program, since) == [("task.updated", task.pk)]
    delete_task(task.pk, by=bo, now=NOW)
    purge_deleted(NOW + timedelta(days=31))
    for program, since in zip(programs, begin, strict=True):
        assert received(program, since) == [("task.deleted", task.pk)]


def test_a_task_changes_with_what_it_waits_for(bo: User, cy: User, mia: User, as_user: Somebody) -> None:
    needed = a_task(mia, "Fill the can", assigned_to_id=cy.pk)
    task = a_task(mia, after=(needed,), assigned_to_id=bo.pk)
    program = as_user(bo)
    since = start(program)
    update_task(needed.pk, TaskPatch(title="Fill it"), by=mia, now=NOW)
    assert received(program, since) == []
    update_task(needed.pk, TaskPatch(stage="COMPLETED"), by=mia, now=NOW)
    [change] = [c for c in answers(program, since)["changes"] if "task" in c]
    assert (change["task"]["id"], change["task"]["is_blocked"], change["task"]["pre_tasks"]) == (task.pk, False, [])
    update_task(needed.pk, TaskPatch(assigned_to_id=bo.pk), by=mia, now=NOW)
    shown = {c["task_id"]: c["task"] for c in answers(program, since)["changes"] if "task" in c}
    assert shown[task.pk]["pre_tasks"] == [needed.pk]


def test_many_that_wait_for_one_come_in_several_answers(bo: User, cy: User, mia: User, as_user: Somebody) -> None:
    needed, other = a_task(mia, "Fill the can"), a_task(mia, "Buy soil")
    waiting = [a_task(mia, f"Bed {number}", after=(needed, other), assigned_to_id=bo.pk) for number in range(7)]
    program = as_user(bo)
    since = start(program)
    update_task(needed.pk, TaskPatch(stage="COMPLETED"), by=mia, now=NOW)
    mine = a_task(bo, "Sweep")
    told_of: list[int] = []
    more = True
    while more:
        answer = program.get(f"/api/changes/?limit=2&since={since}").json()
        assert len(answer["changes"]) <= 4
        told_of += [change["task_id"] for change in answer["changes"] if "task" in change]
        since, more = answer["cursor"], answer["more"]
        if len(told_of) == 3:  # in the midst of it
            update_task(waiting[0].pk, TaskPatch(title="New title"), by=mia, now=NOW)
    assert set(told_of) == {mine.pk, *(task.pk for task in waiting)}
    assert told_of.count(waiting[-1].pk) == 1
    assert received(program, since) == []


def test_categories_and_my_own_reminders(bo: User, cy: User, as_user: Somebody) -> None:
    label = create_category("Docs", by=bo, now=NOW)
    plans = [ReminderPlan(at=NOW, for_me=True)]
    task = create_task(TaskPatch(title="x", assigned_to_id=cy.pk, reminders=plans), by=bo, now=NOW)
    begin = {person: start(as_user(person)) for person in (bo, cy)}
    rename_category(label.pk, "Papers", by=bo, now=NOW)
    [change] = answers(as_user(cy), begin[cy])["changes"]
    assert change == {"event": "category.updated", "category_id": label.pk, "name": "Papers"}
    deliver_due(NOW)
    assert received(as_user(bo), begin[bo]) == [("task.updated", task.pk)]
    assert received(as_user(cy), begin[cy]) == []


def test_what_happens_while_i_ask_is_told_once(bo: User, as_user: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    label = create_category("Docs", by=bo, now=NOW)
    names = iter(("Papers", "Books"))
    program = as_user(bo)
    since = start(program)

    def and_then_something_happens() -> Checkpoint:
        moment = current_checkpoint()
        for name in islice(names, 1):
            rename_category(label.pk, name, by=bo, now=NOW)
        return moment

    monkeypatch.setattr("taskbell.feed.sync.current_checkpoint", and_then_something_happens)
    rename_category(label.pk, "Letters", by=bo, now=NOW)
    events = []
    for _ in range(4):
        answer = answers(program, since)
        events += [change["event"] for change in answer["changes"]]
        since = answer["cursor"]
    assert events == 3 * ["category.updated"]


def test_who_may_see_more_or_less_than_before_begins_anew(ada: User, mia: User, as_user: Somebody) -> None:
    program = as_user(mia)
    since = start(program)
    update_person(mia, {"role": "MEMBER"}, by=ada, now=NOW)
    answer = program.get(f"/api/changes/?since={since}").json()
    assert answer == {"changes": [], "cursor": None, "more": True, "resync": True}
    assert program.get(f"/api/changes/?since={start(program)}").json()["resync"] is False


def test_a_cursor_of_somebody_else_of_another_epoch_or_of_the_future_begins_anew(
    bo: User, cy: User, as_user: Somebody
) -> None:
    a_task(bo)
    program = as_user(bo)
    since = start(program)
    content, _, signature = since.partition("~")
    epoch, scope, position = content.split(".")
    ahead = plain_cursor(epoch, scope, int(position) + 1)
    unsigned, forged = content, f"{epoch}.{scope}.0~{signature}"
    for strange in (start(as_user(cy)), ahead, unsigned, forged, f"{epoch}.{scope}.0"):
        assert program.get(f"/api/changes/?since={strange}").json()["resync"] is True
    assert program.get(f"/api/changes/?since={since}").json()["resync"] is False
    begin_epoch()
    assert program.get(f"/api/changes/?since={since}").json()["resync"] is True


def test_who_was_away_for_longer_than_the_trash_keeps_begins_anew(bo: User, as_user: Somebody) -> None:
    cursor = read_cursor(start(as_user(bo)))

    def later(days: int) -> Any:
        return changes_for(bo, cursor, limit=9, show=lambda ids: {}, now=NOW + timedelta(days=days))

    assert later(99) is not RESYNC, "nothing was missed"
    a_task(bo)
    assert later(30) is not RESYNC
    assert later(31) is RESYNC


@pytest.mark.parametrize(
    "query",
    ["since=x", "since=1.2.3", "since=0123456789abcdef.1o.-1", "since=٣", "limit=0", "limit=501", "limit=x", "page=1"],
)
def test_a_bad_question_is_refused_by_name(bo: User, as_user: Somebody, query: str) -> None:
    answer = as_user(bo).get(f"/api/changes/?{query}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [query.split("=")[0]]


@pytest.mark.parametrize("size", [1, 30])
def test_what_is_new_costs_no_more_for_more(
    bo: User, cy: User, mia: User, as_user: Somebody, query_budget: Any, size: int
) -> None:
    program = as_user(bo)
    create_category("Drafts", by=bo, now=NOW)  # from an empty history, any position is far away
    since = start(program)
    with query_budget(3):  # session and person, where the history stands, lines
        assert program.get(f"/api/changes/?since={since}").json()["changes"] == []
    label = create_category("Docs", by=bo, now=NOW)
    rename_category(label.pk, "Papers", by=bo, now=NOW)
    for number in range(size):
        first = a_task(bo, f"Task {number}")
        a_task(bo, f"Next {number}", after=(first,))
        update_task(first.pk, TaskPatch(stage="COMPLETED"), by=bo, now=NOW)
        delete_task(a_task(bo, "Gone").pk, by=bo, now=NOW)
    with query_budget(11):  # also links, tasks, reminders, memberships, the trash, what was purged, categories
        assert len(program.get(f"/api/changes/?limit=500&since={since}").json()["changes"]) >= 3 * size


def test_one_step_reads_a_bounded_stretch_of_what_others_were_told(
    bo: User, cy: User, as_user: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the entries between, Bo may know of none: they are about Cy alone."""
    monkeypatch.setattr(sync, "MAX_PASSED", 2)
    program = as_user(bo)
    since = start(program)
    for number in range(10):
        record(Subject(SubjectType.NOTIFICATION, number), "created", by=None, at=NOW, person_id=cy.pk)
    a_task(bo, "At the end")
    steps = 0
    while steps < 9:
        answer = program.get(f"/api/changes/?since={since}").json()
        steps += 1
        if not answer["more"]:
            break
        since = answer["cursor"]
    assert [change["task"]["title"] for change in answer["changes"]] == ["At the end"]
    assert steps == 4


def test_a_cursor_of_before_a_change_of_the_secret_key_still_counts(bo: User, as_user: Somebody, settings: Any) -> None:
    program = as_user(bo)
    since = start(program)
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "x" * 50
    assert read_cursor(since) == FOREIGN
    settings.SECRET_KEY_FALLBACKS = [former]
    assert str(read_cursor(since)) != since
    assert str(read_cursor(since)).partition("~")[0] == since.partition("~")[0]

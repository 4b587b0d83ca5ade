"""Who may comment, read, edit and delete, and what the API says about it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.activity.models import Activity
from taskbell.comments import quotas
from taskbell.comments.actions import add_comment, delete_comment, edit_comment
from taskbell.comments.mentions import MAX_MENTIONS
from taskbell.comments.models import MAX_BODY, Comment
from taskbell.common.errors import Conflict, Invalid, NotFound
from taskbell.people.leaving import deactivate_person
from taskbell.projects.models import ProjectRole
from taskbell.sharing.members import remove_member
from taskbell.sharing.projects import change_project
from taskbell.tasks.actions import delete_task, restore_task, update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.quotas import QuotaReached
from taskbell.tasks.scheduled import purge_deleted
from tests.conftest import NOW, Program, make_person
from tests.sharing.conftest import a_task_in, shared_by
from tests.tasks.conftest import Somebody, a_task

LATER = NOW.replace(hour=12)
WAY_LATER = NOW.replace(year=2027)


def comments_at(task: Task) -> str:
    return f"/api/tasks/{task.pk}/comments/"


def bodies(program: Program, task: Task, query: str = "") -> list[str]:
    return [comment["body"] for comment in program.get(comments_at(task) + query).json()["results"]]


def logs(program: Program, task: Task) -> list[str]:
    return [entry["summary"] for entry in program.get(f"/api/tasks/{task.pk}/logs/").json()["results"]]


def test_bo_comments_on_his_task_and_reads_it_again(program: Program, bo: User) -> None:
    task = a_task(bo)
    answer = program.post(comments_at(task), {"body": "  The **soil** is dry.\r\n"})
    assert answer.status_code == 201
    comment = answer.json()
    assert comment["body"] == "The **soil** is dry."
    assert comment["html"] == "<p>The <strong>soil</strong> is dry.</p>"
    assert (comment["task"], comment["author"], comment["author_name"]) == (task.pk, bo.pk, "Bo")
    assert comment["edited_at"] is None
    assert comment["created_at"] == comment["updated_at"]
    assert program.get(answer["Location"]).json() == comment


def test_an_intern_comments_on_what_is_assigned_to_them(as_user: Somebody, bo: User, ivo: User) -> None:
    task = a_task(bo, assigned_to_id=ivo.pk)
    assert as_user(ivo).post(comments_at(task), {"body": "Done?"}).status_code == 201
    assert bodies(as_user(bo), task) == ["Done?"]


def test_for_strangers_there_are_no_comments(as_user: Somebody, bo: User, cy: User) -> None:
    task = a_task(bo)
    comment = add_comment(task.pk, "Secret", by=bo, now=NOW)
    stranger, one = as_user(cy), f"{comments_at(task)}{comment.pk}/"
    answers = [
        stranger.get(comments_at(task)),
        stranger.post(comments_at(task), {"body": "Hi"}),
        stranger.post(comments_at(task), {"body": 7}),
        stranger.get(one),
        stranger.patch(one, {"body": "Hi"}),
        stranger.delete(one),
    ]
    assert {answer.status_code for answer in answers} == {404}
    for verb in (
        lambda: edit_comment(task.pk, comment.pk, "x", by=cy, now=NOW),
        lambda: delete_comment(task.pk, comment.pk, by=cy, now=NOW),
    ):
        with pytest.raises(NotFound):
            verb()


def test_a_comment_is_not_found_by_way_of_another_task(as_user: Somebody, bo: User, cy: User) -> None:
    hidden, own = a_task(bo), a_task(cy)
    comment = add_comment(hidden.pk, "Secret", by=bo, now=NOW)
    one = f"{comments_at(own)}{comment.pk}/"
    program = as_user(cy)
    assert {program.get(one).status_code, program.patch(one, {"body": "x"}).status_code} == {404}
    assert program.delete(one).status_code == 404


def test_only_its_author_edits_a_comment_and_an_admin_may_delete_it(
    as_user: Somebody, ada: User, mia: User, bo: User, cy: User
) -> None:
    task = a_task_in(shared_by(ada, bo, cy), bo, assigned_to_id=cy.pk)
    comment = add_comment(task.pk, "Mine", by=cy, now=NOW)
    one = f"{comments_at(task)}{comment.pk}/"
    for person in (ada, mia, bo):
        assert as_user(person).patch(one, {"body": "Not mine"}).status_code == 403
    for person in (mia, bo):
        assert as_user(person).delete(one).status_code == 403
    edited = as_user(cy).patch(one, {"body": "Still mine"}).json()
    assert edited["body"] == "Still mine"
    assert edited["updated_at"] == edited["edited_at"] > edited["created_at"]
    assert as_user(ada).delete(one).status_code == 204
    assert as_user(cy).get(one).status_code == 404


def test_owners_of_the_project_may_delete_any_comment_and_viewers_may_comment(
    as_user: Somebody, bo: User, cy: User, ivo: User
) -> None:
    task = a_task_in(shared_by(bo, cy, ivo, role=ProjectRole.VIEWER), bo)
    answers = [as_user(person).post(comments_at(task), {"body": "May I?"}) for person in (cy, ivo)]
    assert {answer.status_code for answer in answers} == {201}
    first, second = (answer["Location"] for answer in answers)
    assert as_user(cy).delete(second).status_code == 403
    assert {as_user(bo).delete(one).status_code for one in (first, second)} == {204}
    private = a_task(bo, assigned_to_id=cy.pk)
    comment = add_comment(private.pk, "Mine", by=cy, now=NOW)
    delete_comment(private.pk, comment.pk, by=bo, now=NOW)  # who owns their Inbox


def test_comments_of_an_archived_project_can_only_be_read(as_user: Somebody, ada: User, bo: User, cy: User) -> None:
    garden = shared_by(bo, cy)
    task = a_task_in(garden, bo)
    comment = add_comment(task.pk, "Before", by=cy, now=NOW)
    change_project(garden.pk, {"archived": True}, by=bo, now=NOW)
    one, program = f"{comments_at(task)}{comment.pk}/", as_user(cy)
    assert bodies(program, task) == ["Before"]
    refused = [program.post(comments_at(task), {"body": "x"}), program.patch(one, {"body": "x"}), program.delete(one)]
    assert [(answer.status_code, answer.json()["title"]) for answer in refused] == [(409, "Archived")] * 3
    change_project(garden.pk, {"archived": False}, by=bo, now=NOW)
    assert program.patch(one, {"body": "After"}).status_code == 200


def test_a_member_who_was_removed_reads_and_hears_no_more_comments(as_user: Somebody, bo: User, cy: User) -> None:
    garden = shared_by(bo, cy)
    task = a_task_in(garden, bo)
    add_comment(task.pk, "I follow this", by=cy, now=NOW)
    remove_member(garden.pk, cy.pk, by=bo, now=NOW)
    program = as_user(cy)
    assert program.get(comments_at(task)).status_code == 404
    comment = add_comment(task.pk, "Without @cy", by=bo, now=NOW)
    assert (comment.mentions, comment.unreachable) == ([], ["cy"])
    assert not cy.notifications.filter(kind__in=("mentioned", "commented"), created_at=NOW).exists()


def test_what_a_comment_costs_does_not_grow_with_those_who_follow(bo: User) -> None:
    people = [make_person(f"person{number}", Role.MEMBER) for number in range(12)]
    few, many = (a_task_in(shared_by(bo, *some), bo) for some in (people[:2], people))
    for task, some in ((few, people[:2]), (many, people)):
        for person in some:
            add_comment(task.pk, "Me, too", by=person, now=NOW)
    costs = []
    for task, some in ((few, people[:2]), (many, people)):
        names = " ".join(f"@{person.username}" for person in some[::2])
        with CaptureQueriesContext(connection) as queries:
            add_comment(task.pk, names, by=bo, now=LATER)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_same_text_is_no_change(bo: User) -> None:
    task = a_task(bo)
    comment = add_comment(task.pk, "Mine", by=bo, now=NOW)
    assert edit_comment(task.pk, comment.pk, " Mine\n", by=bo, now=LATER).edited_at is None
    assert not Activity.objects.filter(action="updated").exists()


def test_comments_come_oldest_first_on_pages(program: Program, bo: User) -> None:
    task = a_task(bo)
    for number in range(5):
        add_comment(task.pk, f"No. {number}", by=bo, now=NOW)
    assert bodies(program, task) == [f"No. {number}" for number in range(5)]
    assert bodies(program, task, "?page_size=2&page=2") == ["No. 2", "No. 3"]
    first = program.get(comments_at(task) + "?page_size=3&cursor=").json()
    assert [comment["body"] for comment in first["results"]] == ["No. 0", "No. 1", "No. 2"]
    assert [comment["body"] for comment in program.get(first["next"]).json()["results"]] == ["No. 3", "No. 4"]
    assert program.get(comments_at(task) + "?page=0").status_code == 400
    assert program.get(comments_at(task) + "?surprise=1").status_code == 400


@pytest.mark.parametrize("number", [1, 30])
def test_a_page_of_comments_costs_four(as_user: Somebody, bo: User, cy: User, query_budget: Any, number: int) -> None:
    task, people = a_task(bo, assigned_to_id=cy.pk), (bo, cy)
    for place in range(number):
        add_comment(task.pk, "Hi @bo and @cy", by=people[place % 2], now=NOW)
    program = as_user(bo)
    with query_budget(4):  # session and person, task, ids and count, comments with their authors
        assert len(program.get(comments_at(task)).json()["results"]) == number


@pytest.mark.parametrize("body", [None, 7, ["x"], "", "  \n", "\u200b", "a\x00b", "x" * (MAX_BODY + 1)])
def test_what_is_no_text_is_refused(program: Program, bo: User, body: Any) -> None:
    task = a_task(bo)
    answer = program.post(comments_at(task), {"body": body})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "body"
    assert program.post(comments_at(task), {}).status_code == 400
    assert program.post(comments_at(task), {"body": "x", "colour": "red"}).status_code == 400
    assert not Comment.objects.exists()


def test_the_verb_checks_its_own_rules(bo: User) -> None:
    task = a_task(bo)
    for body in ("", "x" * (MAX_BODY + 1), 7):
        with pytest.raises(Invalid):
            add_comment(task.pk, body, by=bo, now=NOW)  # type: ignore[arg-type]


def test_a_repeated_request_comments_once(program: Program, bo: User) -> None:
    task = a_task(bo)
    answers = [program.post(comments_at(task), {"body": "Once"}, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert bodies(program, task) == ["Once"]
    assert program.post(comments_at(task), {"body": "Two"}, **{"Idempotency-Key": "k"}).status_code == 422


def test_a_task_says_how_many_comments_it_has_and_its_tag_changes(
    program: Program, bo: User, query_budget: Any
) -> None:
    task = a_task(bo)
    before = program.get(f"/api/tasks/{task.pk}/")
    assert before.json()["comment_count"] == 0
    comment = add_comment(task.pk, "Mine", by=bo, now=NOW)
    add_comment(task.pk, "Mine, too", by=bo, now=NOW)
    after = program.get(f"/api/tasks/{task.pk}/", **{"If-None-Match": before["ETag"]})
    assert (after.status_code, after.json()["comment_count"], after.json()["version"]) == (200, 2, 1)
    assert program.get("/api/tasks/").json()["results"][0]["comment_count"] == 2
    delete_comment(task.pk, comment.pk, by=bo, now=NOW)
    assert program.get("/api/tasks/").json()["results"][0]["comment_count"] == 1
    sent_back = after.json() | {"title": "Water all plants"}
    assert program.put(f"/api/tasks/{task.pk}/", sent_back).json()["comment_count"] == 1


def test_comments_go_to_the_trash_come_back_and_are_purged_with_their_task(program: Program, bo: User) -> None:
    task = a_task(bo)
    comment = add_comment(task.pk, "Mine", by=bo, now=NOW)
    delete_task(task.pk, by=bo, now=NOW)
    for path in (comments_at(task), f"{comments_at(task)}{comment.pk}/"):
        assert program.get(path).status_code == 404
    restore_task(task.pk, by=bo, now=NOW)
    assert bodies(program, task) == ["Mine"]
    delete_task(task.pk, by=bo, now=NOW)
    assert purge_deleted(WAY_LATER) == 1
    assert not Comment.objects.exists()


def test_somebody_who_leaves_keeps_their_name(as_user: Somebody, ada: User, bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    add_comment(task.pk, "Bye", by=cy, now=NOW)
    deactivate_person(cy, hand_to=None, by=ada, now=NOW)
    comment = as_user(bo).get(comments_at(task)).json()["results"][0]
    assert (comment["author_name"], comment["body"]) == ("Cy", "Bye")


def test_the_history_says_who_commented_and_never_what(as_user: Somebody, ada: User, bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    comment = add_comment(task.pk, "Xylophone", by=cy, now=NOW)
    edit_comment(task.pk, comment.pk, "Xylophones", by=cy, now=NOW)
    other = add_comment(task.pk, "Xylem", by=cy, now=NOW)
    delete_comment(task.pk, comment.pk, by=cy, now=NOW)
    delete_comment(task.pk, other.pk, by=ada, now=NOW)
    assert logs(as_user(bo), task)[:5] == [
        "Ada deleted a comment by Cy.",
        "Cy deleted a comment.",
        "Cy added a comment.",
        "Cy edited a comment.",
        "Cy added a comment.",
    ]
    assert "Xyl" not in str(list(Activity.objects.values()))
    entries = Activity.objects.filter(subject_type="comment")
    assert set(entries.values_list("task", "subject_id")) == {(task.pk, comment.pk), (task.pk, other.pk)}
    assert len(as_user(bo).get(f"/api/tasks/logs/?task={task.pk}").json()["results"]) == 6


def test_a_comment_on_the_next_occurrence_keeps_it(bo: User) -> None:
    task = a_task(bo, due_date=NOW.date(), recurrence="FREQ=DAILY")
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=NOW)
    following = Task.objects.get(occurrence=2)
    add_comment(following.pk, "I have begun", by=bo, now=NOW)
    update_task(task.pk, TaskPatch(stage=Stage.PENDING), by=bo, now=NOW)
    following.refresh_from_db()
    assert following.deleted_at is None


def test_a_task_and_a_person_have_room_for_so_many_comments(
    bo: User, mia: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, other = a_task(bo), a_task(bo)
    settings.TASKBELL_QUOTAS = settings.TASKBELL_QUOTAS | {"comments": 2}
    comment = add_comment(task.pk, "One", by=bo, now=NOW)
    add_comment(task.pk, "Two", by=bo, now=NOW)
    with pytest.raises(QuotaReached, match="at most 2"):
        add_comment(other.pk, "Three", by=bo, now=NOW)
    edit_comment(task.pk, comment.pk, "Uno", by=bo, now=NOW)
    monkeypatch.setattr(quotas, "MAX_ON_A_TASK", 2)
    with pytest.raises(Conflict, match="Can't add a comment, because a task"):
        add_comment(task.pk, "Three", by=mia, now=NOW)
    add_comment(other.pk, "A manager has no quota", by=mia, now=NOW)


def test_text_of_comments_has_a_quota_too(bo: User, settings: Any) -> None:
    task = a_task(bo)
    settings.TASKBELL_QUOTAS = settings.TASKBELL_QUOTAS | {"comment_megabytes": 1}
    long = "ä" * MAX_BODY
    comment = add_comment(task.pk, long, by=bo, now=NOW)
    assert comment.size == len(comment.body.encode()) + len(comment.html.encode())
    Comment.objects.update(size=quotas.MIB)
    other = Comment.objects.create(task=task, author=bo, body="y", html="<p>y</p>", size=9, created_at=NOW)
    for verb in (
        lambda: add_comment(task.pk, "x", by=bo, now=NOW),
        lambda: edit_comment(task.pk, other.pk, "longer", by=bo, now=NOW),
    ):
        with pytest.raises(QuotaReached, match="MiB"):
            verb()
    edit_comment(task.pk, other.pk, "x", by=bo, now=NOW)
    edit_comment(task.pk, comment.pk, long[1:], by=bo, now=NOW)
    edit_comment(task.pk, other.pk, "longer", by=bo, now=NOW)


def test_a_comment_can_be_shortened_whatever_the_quota_is(bo: User, settings: Any) -> None:
    task = a_task(bo)
    comments = [add_comment(task.pk, "A long text", by=bo, now=NOW) for _ in range(3)]
    settings.TASKBELL_QUOTAS = settings.TASKBELL_QUOTAS | {"comments": 2, "comment_megabytes": 0}
    assert edit_comment(task.pk, comments[0].pk, "Short", by=bo, now=NOW).body == "Short"


def test_a_comment_mentions_at_most_so_many_people(program: Program, bo: User) -> None:
    task = a_task(bo)
    names = " ".join(f"@person{number}" for number in range(MAX_MENTIONS + 1))
    assert program.post(comments_at(task), {"body": names}).status_code == 400
    assert program.post(comments_at(task), {"body": "@bo " * 1000}).json()["mentions"] == [bo.pk]


def test_deleting_many_comments_with_a_task_takes_few_statements(
    bo: User, django_assert_max_num_queries: Callable[[int], CaptureQueriesContext]
) -> None:
    task = a_task(bo)
    for number in range(30):
        add_comment(task.pk, f"No. {number}", by=bo, now=NOW)
    with django_assert_max_num_queries(1):
        assert Comment.objects.filter(task=task).delete()[0] == 30

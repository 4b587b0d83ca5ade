"""A line becomes a task by the API."""

from collections.abc import Callable
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.projects.models import Project
from taskbell.sharing.projects import create_project
from taskbell.tasks.categories import create_category
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category, Task
from tests.conftest import NOW, Program, QueryBudget
from tests.tasks.conftest import a_task

AsUser = Callable[[User], Program]
URL = "/api/tasks/quick/"


def said(answer: Any) -> Any:
    return answer.json()


def test_a_line_creates_a_task_by_the_same_rules(bo: User, mia: User, as_user: AsUser) -> None:
    finance = create_category("Finance", by=bo, now=NOW)
    before = a_task(bo, "Ask for the bill")
    line = f"Pay rent 2027-01-31 9:00 !high #finance @mia every month ~1h *money ^{before.pk}"
    answer = as_user(bo).post(URL, {"text": line})
    assert answer.status_code == 201
    task = said(answer)["task"]
    assert answer["Location"] == f"/api/tasks/{task['id']}/"
    assert (task["title"], task["due_date"], task["due_time"]) == ("Pay rent", "2027-01-31", "09:00:00")
    assert (task["priority"], task["category"], task["assigned_to"]) == ("HIGH", finance.pk, mia.pk)
    assert (task["labels"], task["pre_tasks"]) == (["money"], [before.pk])
    assert task["recurrence"] == "FREQ=MONTHLY;BYMONTHDAY=31"
    assert [reminder["before_due"] for reminder in task["reminders"]] == ["PT1H"]
    assert said(answer)["new"] == {"category": None, "labels": ["money"]}
    assert said(as_user(bo).get(f"/api/tasks/{task['id']}/")) == task


def test_the_answer_has_the_chips_with_their_places(bo: User, as_user: AsUser) -> None:
    answer = said(as_user(bo).post(URL, {"text": "Pay !high 31.01.2027 9:00, @zoe"}))
    due = {"kind": "due", "text": "31.01.2027 9:00,", "start": 10, "end": 26, "value": "2027-01-31T09:00"}
    assert answer["chips"] == [
        {"kind": "priority", "text": "!high", "start": 4, "end": 9, "value": "HIGH", "id": None, "note": ""},
        due | {"id": None, "note": ""},
    ]
    note = {"kind": "assignee", "text": "@zoe", "start": 27, "end": 31, "note": "Nobody here is called “zoe”."}
    assert answer["notes"] == [note]


def test_a_dry_run_reads_the_line_and_changes_nothing(bo: User, as_user: AsUser) -> None:
    entries = Activity.objects.count()
    answer = as_user(bo).post(URL, {"text": "Weed #New *soon tomorrow ~9:00", "dry_run": True})
    assert answer.status_code == 200
    assert said(answer)["task"] is None
    assert said(answer)["new"] == {"category": "New", "labels": ["soon"]}
    assert said(answer)["fields"]["title"] == "Weed"
    assert said(answer)["fields"]["reminders"][0]["at"].endswith("T09:00:00Z")
    assert (Task.objects.count(), Category.objects.count(), Label.objects.count()) == (0, 0, 0)
    assert Activity.objects.count() == entries


def test_the_fields_of_a_dry_run_create_the_same_task(bo: User, as_user: AsUser) -> None:
    program, line = as_user(bo), {"text": "Call mum 2027-05-01 18:00 every week ~17:30 !low *family"}
    fields = said(program.post(URL, line | {"dry_run": True}))["fields"]
    by_fields, by_line = said(program.post("/api/tasks/", fields)), said(program.post(URL, line))["task"]
    same = ("title", "due_at", "recurrence", "remind_at", "priority", "labels", "timezone")
    assert [by_fields[name] for name in same] == [by_line[name] for name in same]


def test_a_new_category_is_created_with_the_task(bo: User, as_user: AsUser) -> None:
    answer = said(as_user(bo).post(URL, {"text": 'Order soil #"Spring beds"'}))
    assert answer["task"]["category_name"] == "Spring beds"
    assert answer["chips"][0]["note"] == "New category: Spring beds"
    assert said(as_user(bo).post(URL, {"text": 'Order more #"spring BEDS"'}))["new"]["category"] is None
    assert Category.objects.count() == 1


def test_a_refused_task_leaves_no_category_behind(bo: User, as_user: AsUser) -> None:
    answer = as_user(bo).post(URL, {"text": f"#New {'long ' * 60}"})
    assert answer.status_code == 400
    assert (Category.objects.count(), Task.objects.count()) == (0, 0)


def test_refused_chips_stay_in_the_title(bo: User, as_user: AsUser) -> None:
    program, text = as_user(bo), "Read Every Day tomorrow"
    chips = said(program.post(URL, {"text": text, "dry_run": True}))["chips"]
    refused = [[chip["start"], chip["end"]] for chip in chips if chip["kind"] == "repeats"]
    task = said(program.post(URL, {"text": text, "refused": refused}))["task"]
    assert (task["title"], task["recurrence"]) == ("Read Every Day", None)
    assert task["due_date"]


def test_the_time_zone_can_be_named(bo: User, as_user: AsUser) -> None:
    answer = said(as_user(bo).post(URL, {"text": "Call 2027-07-01 9:00 ~8:30", "timezone": "Asia/Tokyo"}))
    assert answer["task"]["due_at"] == "2027-07-01T00:00:00Z"
    assert answer["task"]["timezone"] == "Asia/Tokyo"
    assert answer["task"]["remind_at"] == "2027-06-30T23:30:00Z"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": "!high tomorrow"}, "text"),
        ({"text": "a\nb"}, "text"),
        ({"text": "a" * 1001}, "text"),
        ({"text": 5}, "text"),
        ({"text": "a", "refused": [[1]]}, "refused"),
        ({"text": "a", "refused": [[-1, 2]]}, "refused"),
        ({"text": "a", "refused": [[0, 1]] * 101}, "refused"),
        ({"text": "a", "timezone": "Mars"}, "timezone"),
        ({"text": "a", "dry_run": "yes"}, "dry_run"),
        ({"text": "a", "when": "now"}, "when"),
        ({"text": "a *" + "b" * 51}, "labels.0"),
        ({"text": "a " * 200}, "title"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(bo: User, as_user: AsUser, body: Any, field: str) -> None:
    answer = as_user(bo).post(URL, body)
    assert answer.status_code == 400
    assert said(answer)["errors"][0]["field"].startswith(field)
    assert Task.objects.count() == 0


def test_a_line_without_a_title_is_read_but_creates_nothing(bo: User, as_user: AsUser) -> None:
    program, body = as_user(bo), {"text": "!high tomorrow"}
    assert said(program.post(URL, body | {"dry_run": True}))["notes"][0]["note"] == "What needs to be done?"
    assert said(program.post(URL, body))["detail"] == "Must have a title. What needs to be done?"


def test_what_a_person_cannot_see_is_not_known(bo: User, cy: User, mia: User, as_user: AsUser) -> None:
    task = a_task(bo, "Secret plan")
    project = create_project({"name": "Moon"}, by=bo, now=NOW)
    line = {"text": f"Help ^{task.pk} +Moon", "dry_run": True}
    assert [chip["value"] for chip in said(as_user(bo).post(URL, line))["chips"]] == ["Secret plan", "Moon"]
    theirs = said(as_user(cy).post(URL, line))
    assert theirs["chips"] == []
    notes = [f"There is no task {task.pk}.", "You have no project “Moon”."]
    assert sorted(note["note"] for note in theirs["notes"]) == notes
    assert said(as_user(mia).post(URL, line))["fields"]["project"] == project.pk


def test_archived_and_deleted_projects_and_the_inboxes_of_others_are_not_known(
    bo: User, mia: User, as_user: AsUser
) -> None:
    for name, state in (("Old", {"archived_at": NOW}), ("Gone", {"deleted_at": NOW})):
        Project.objects.filter(pk=create_project({"name": name}, by=bo, now=NOW).pk).update(**state)
    Project.objects.filter(inbox_of=bo).update(name="Mailbox", name_sort="mailbox")
    for name in ("Old", "Gone"):
        assert said(as_user(bo).post(URL, {"text": f"a +{name}", "dry_run": True}))["chips"] == []
    assert said(as_user(mia).post(URL, {"text": "a +Mailbox", "dry_run": True}))["chips"] == []


def test_people_who_have_left_are_not_known(bo: User, mia: User, as_user: AsUser) -> None:
    User.objects.filter(pk=mia.pk).update(is_active=False)
    assert said(as_user(bo).post(URL, {"text": "a @mia", "dry_run": True}))["chips"] == []


def test_people_are_found_by_every_part_of_their_name(bo: User, mia: User, as_user: AsUser) -> None:
    mia.first_name, mia.last_name = "Zoë", "Ångström"
    mia.save()
    for typed in ("mia", "zoe", "ang", "Zoë"):
        chip = said(as_user(bo).post(URL, {"text": f"a @{typed}", "dry_run": True}))["chips"][0]
        assert (chip["id"], chip["value"]) == (mia.pk, "Zoë Ångström")


def test_an_intern_creates_nothing(ivo: User, as_user: AsUser) -> None:
    for dry in (True, False):
        assert as_user(ivo).post(URL, {"text": "a", "dry_run": dry}).status_code == 403


def test_a_repeated_request_creates_one_task(bo: User, as_user: AsUser) -> None:
    program = as_user(bo)
    answers = [program.post(URL, {"text": "Buy milk"}, **{"Idempotency-Key": "one"}) for _ in range(2)]
    assert said(answers[0]) == said(answers[1])
    assert [answer.status_code for answer in answers] == [201, 201]
    assert Task.objects.count() == 1


def test_only_what_a_line_names_is_looked_up(bo: User, as_user: AsUser, query_budget: QueryBudget) -> None:
    program = as_user(bo)
    a_task(bo, "One")
    with query_budget(2):  # session and person, profile
        program.post(URL, {"text": "Buy milk tomorrow 9:00 every week !high ~1h", "dry_run": True})
    with query_budget(7):  # and one for each kind
        many = "Buy #a *a *b *c +a +b @a @b @c ^1 ^2 ^3"
        assert program.post(URL, {"text": many, "dry_run": True}).status_code == 200


def test_a_task_from_a_line_costs_no_more_than_one_from_fields(
    bo: User, as_user: AsUser, query_budget: QueryBudget, django_assert_max_num_queries: Any
) -> None:
    program = as_user(bo)
    program.post("/api/tasks/", {"title": "Warm"})
    with django_assert_max_num_queries(100) as by_fields:
        program.post("/api/tasks/", {"title": "Buy milk", "priority": "HIGH", "due_date": "2027-01-31"})
    with query_budget(len(by_fields) + 2):  # the savepoint of both verbs
        assert program.post(URL, {"text": "Buy milk !high 31.01.2027"}).status_code == 201

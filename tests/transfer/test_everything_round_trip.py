"""Projects, labels and comments that are exported and imported into an empty installation are the same again."""

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.comments.actions import add_comment, edit_comment
from taskbell.comments.models import Comment
from taskbell.projects.models import Membership, Project
from taskbell.sharing.members import add_member
from taskbell.sharing.projects import change_project, create_project
from taskbell.tasks.actions import create_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.label_models import Label, TaskLabel
from taskbell.tasks.models import Category, Prerequisite, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.transfer import export_related, exporting
from taskbell.transfer.exporting import every_task, export_tasks
from taskbell.transfer.formats import READERS
from taskbell.transfer.importing import Options, import_tasks
from tests.conftest import NOW
from tests.services import examples
from tests.undoing import undone

ODD = st.sampled_from("=+-@'\"\\;\t\n|<>[]{}&*_`#äß🪴\u2028 %")
BODY = st.text(ODD | st.characters(exclude_categories=["Cc", "Cs", "Cf"]), max_size=40).map(
    lambda text: f"x{text}".strip()
)
NAME = st.sampled_from(["a", "Häuser; b", "=1+1", "ﬁne", "'x'", "@home", "Garden"])
TASK = st.fixed_dictionaries(
    {
        "category": st.none() | st.just("Garden"),
        "labels": st.lists(NAME, max_size=4),
        "project": st.sampled_from([None, None, "Home", "Home again", "Attic"]),
        "comments": st.lists(st.tuples(BODY, st.booleans()), max_size=3),
    }
)
OF_COMMENTS = ("body", "html", "author", "created_at", "edited_at", "size")
LATER = NOW + timedelta(days=1, microseconds=7)


def make(tasks: list[dict[str, Any]], ada: User, bo: User) -> None:
    """Tasks in two projects of one name and in an archived one."""
    home, again, attic = (
        create_project({"name": name, "colour": "teal"}, by=ada, now=NOW) for name in ("Home", "Home", "Attic")
    )
    change_project(again.pk, {"description": "Another; one"}, by=ada, now=NOW)
    add_member(home.pk, bo.pk, "EDITOR", by=ada, now=NOW)
    places = {None: ada.inbox.pk, "Home": home.pk, "Home again": again.pk, "Attic": attic.pk}
    category = create_category("Garden", by=ada, now=NOW).pk
    for number, fields in enumerate(tasks):
        category_id, place = fields["category"] and category, places[fields["project"]]
        patch = TaskPatch(title=f"T{number}", category_id=category_id, labels=fields["labels"], project_id=place)
        task = create_task(patch, by=ada, now=NOW)
        for body, is_edited in fields["comments"]:
            author = bo if fields["project"] == "Home" else ada
            one = add_comment(task.pk, body, by=author, now=NOW + timedelta(microseconds=number))
            if is_edited:
                edit_comment(task.pk, one.pk, f"{body}!", by=author, now=LATER)
    change_project(attic.pk, {"archived": True}, by=ada, now=NOW)


def picture() -> list[Any]:
    """What is to be the same."""
    tasks = {
        task.title: (
            (task.project.name, task.project.description) if task.project.inbox_of_id is None else None,
            task.category and task.category.name,
            sorted(TaskLabel.objects.filter(task=task).values_list("label__name", flat=True)),
            list(
                Comment.objects.filter(task=task).values_list(
                    "body", "html", "author", "created_at", "edited_at", "size"
                )
            ),
        )
        for task in Task.objects.select_related("project", "category")
    }
    used = Project.objects.filter(inbox_of=None, tasks__isnull=False).distinct()
    projects = sorted(
        (
            one.name,
            one.description,
            one.colour,
            one.archived_at is not None,
            sorted(Membership.objects.filter(project=one).values_list("person", "role")),
        )
        for one in used
    )
    return [tasks, projects]


def forget() -> None:
    for model in (Comment, TaskLabel, Prerequisite, Task, Category, Label):
        model.objects.all().delete()
    Project.objects.filter(inbox_of=None).delete()


def write(by: User, format_: str) -> bytes:
    return b"".join(export_tasks(every_task(by), by, format_))


def bring(file: bytes, format_: str, by: User, now: datetime = LATER, **options: Any) -> Any:
    return import_tasks(READERS[format_](io.BytesIO(file)), Options(**options), by=by, now=now)


@pytest.mark.parametrize("format_", ["json", "ndjson", "ics"])
def test_everything_is_the_same_again(ada: User, bo: User, format_: str) -> None:
    @settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(TASK, max_size=5))
    def holds(tasks: list[Any]) -> None:
        with undone():
            make(tasks, ada, bo)
            before, file = picture(), write(ada, format_)
            again = bring(file, format_, ada, on_existing="update")
            assert (again.updated, again.skipped, picture()) == (0, len(tasks), before)
            forget()
            result = bring(file, format_, ada)
            assert (result.created, list(result.notices)) == (len(tasks), [])
            assert picture() == before
            assert bring(file, format_, ada).skipped == len(tasks)

    holds()


def test_a_table_has_the_names_of_projects_and_labels(ada: User, bo: User) -> None:
    tasks = [
        {"category": None, "labels": ["a", "Häuser; b"], "project": "Home", "comments": [("x; =y\n", False)]},
        {"category": "Garden", "labels": ["=1+1"], "project": None, "comments": []},
    ]
    make(tasks, ada, bo)
    before, file = picture(), write(ada, "csv")
    forget()
    assert bring(file, "csv", ada).created == 2
    assert picture()[0] == before[0]
    assert [(name, members) for name, _, _, _, members in picture()[1]] == [("Home", [(ada.pk, "OWNER")])]


def test_somebody_else_gets_the_same_with_the_names_of_the_authors(ada: User, bo: User, cy: User) -> None:
    make([{"category": None, "labels": ["a"], "project": "Home", "comments": [("Deep", False)]}], ada, bo)
    file = write(ada, "json")
    assert bring(file, "json", cy).created == 1
    theirs = Task.objects.get(created_by=cy)
    assert [(one.author, one.body) for one in theirs.comments.all()] == [(cy, "bo wrote on 21 November 2026:\n\nDeep")]
    assert set(theirs.project.memberships.values_list("person__username", "role")) == {
        ("cy", "OWNER"),
        ("ada", "OWNER"),
        ("bo", "EDITOR"),
    }


def test_an_export_takes_as_many_queries_however_many_tasks_it_has(
    ada: User, bo: User, query_budget: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make([{"category": None, "labels": ["a"], "project": "Home", "comments": [("x", False)]}] * 10, ada, bo)
    with query_budget(14):
        write(ada, "json")
    monkeypatch.setattr(export_related, "MAX_BYTES", 20)  # one task at a time
    file = write(ada, "ndjson")
    assert file == write(ada, "json").replace(b"},\n", b"}\n").strip(b"[]\n") + b"\n"
    assert exporting.CHUNK_ROWS > 10


def test_what_belongs_to_tasks_is_read_for_a_batch_without_a_scan_of_all_tasks(ada: User, bo: User) -> None:
    make([{"category": None, "labels": ["a"], "project": "Home", "comments": [("x", False)]}] * 3, ada, bo)
    with CaptureQueriesContext(connection) as queries:
        write(ada, "json")
    of_batches = [
        one["sql"] for one in queries if any(table in one["sql"] for table in (' "reminders_', ' "comments_'))
    ]
    assert len(of_batches) == 3  # reminders, sizes of comments, comments
    assert [sql for sql in of_batches if '"tasks_task"' in sql] == []


def test_comments_that_do_not_fit_into_a_cell_are_left_out_of_it(ada: User, bo: User) -> None:
    comments = [("x" * 20_000, False)] * 6
    make([{"category": None, "labels": [], "project": None, "comments": comments}], ada, bo)
    table, calendar, whole = (write(ada, format_) for format_ in ("csv", "ics", "json"))
    for file, format_, count in ((table, "csv", 4), (calendar, "ics", 6), (whole, "json", 6)):
        forget()
        bring(file, format_, ada)
        assert Comment.objects.count() == count


def test_an_export_has_archived_projects_unless_the_request_says_otherwise(ada: User, bo: User, as_user: Any) -> None:
    plain = {"category": None, "labels": [], "comments": []}
    make([plain | {"project": "Attic"}, plain | {"project": None}], ada, bo)
    program = as_user(ada)
    for query, titles in (("", ["T0", "T1"]), ("&archived=false", ["T1"]), ("&archived=true", ["T0"])):
        answer = program.get(f"/api/tasks/export/?format=json{query}")
        assert [row["title"] for row in json.loads(b"".join(answer.streaming_content))] == titles

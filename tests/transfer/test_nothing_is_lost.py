"""Every column and member of our samples of Todoist and Vikunja is carried, is bookkeeping, or becomes a notice."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.projects.models import Colour, Project
from taskbell.tasks.kinds import Priority
from taskbell.tasks.label_models import TaskLabel
from taskbell.tasks.models import Task
from taskbell.transfer import todoist, vikunja, vikunja_task
from taskbell.transfer.importing import ImportRefused, ImportResult, Options, import_tasks
from taskbell.transfer.reading import Unreadable
from taskbell.transfer.todoist import todoist_rows
from taskbell.transfer.vikunja import vikunja_rows
from tests.conftest import NOW

HEADER = (
    "TYPE,CONTENT,DESCRIPTION,IS_COLLAPSED,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,"
    "DURATION_UNIT,DEADLINE,DEADLINE_LANG"
)
WORDS = datetime(2026, 12, 1, 15, 18, tzinfo=UTC)


def zipped(**files: str) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    packed.seek(0)
    return packed


def from_todoist(text: str | io.BytesIO, by: User, **options: Any) -> ImportResult:
    stream = io.BytesIO(text.encode()) if isinstance(text, str) else text
    return import_tasks(todoist_rows(stream, now=WORDS, zone="UTC"), Options(**options), by=by, now=NOW)


def from_vikunja(data: Any, by: User, **options: Any) -> ImportResult:
    stream = data if isinstance(data, io.BytesIO) else io.BytesIO(json.dumps(data).encode())
    return import_tasks(vikunja_rows(stream), Options(**options), by=by, now=NOW)


def said(result: ImportResult) -> list[tuple[str, str]]:
    return [(notice.field, notice.message) for notice in result.notices]


def labels_of(task: Task) -> list[str]:
    return sorted(TaskLabel.objects.filter(task=task).values_list("label__name", flat=True))


def errors(refused: Any) -> list[tuple[int, str, str]]:
    return [(error.line, error.field, error.message) for error in refused.value.result.errors]


def test_every_column_of_todoist_is_carried_or_noted(bo: User) -> None:
    cells = {
        "TYPE": "task",
        "CONTENT": "Sow @garden @spring",
        "DESCRIPTION": "In rows",
        "IS_COLLAPSED": "true",
        "PRIORITY": "2",
        "INDENT": "1",
        "AUTHOR": "bo (1)",
        "RESPONSIBLE": "bo (1)",
        "DATE": "every day at 9",
        "DATE_LANG": "en",
        "TIMEZONE": "Europe/Berlin",
        "DURATION": "30",
        "DURATION_UNIT": "minute",
        "DEADLINE": "2027-01-31",
        "DEADLINE_LANG": "en",
        "COLOUR": "red",
    }
    assert set(todoist.COLUMNS) == cells.keys() - {"COLOUR"}
    table = io.StringIO()
    csv.writer(table).writerows([cells.keys(), cells.values()])
    result = from_todoist(table.getvalue(), bo)
    task = Task.objects.get()
    assert (task.title, task.category, task.description, task.priority) == ("Sow", None, "In rows", Priority.HIGH)
    assert labels_of(task) == ["garden", "spring"]
    assert (task.due_date, task.due_time, task.timezone) == (date(2026, 12, 2), time(9), "Europe/Berlin")
    assert (task.recurrence, task.assigned_to, task.created_by) == ("FREQ=DAILY", bo, bo)
    assert said(result) == [
        ("due_date", "The deadline 2027-01-31 can't be imported, because the task also has a date."),
        ("DURATION", "The duration can't be imported: 30 minute."),
        ("COLOUR", "Can't be imported: red."),
    ]


@pytest.mark.parametrize(
    ("rows", "line", "field", "part"),
    [
        ("tsk,Sow", 2, "TYPE", "Must be one of task, section, note, meta, not 'tsk'."),
        (",Sow", 2, "TYPE", "not ''"),
        ("note,Deep", 2, "TYPE", "must follow the task"),
        ("task,Sow\nsection,Garden\nnote,Deep", 4, "TYPE", "must follow the task"),
        ("task,Sow,,,,,,,,,,,,,,lost", 2, "", "at most 15 cells, not 16"),
        ("task,Sow,,,,x", 2, "INDENT", "number"),
        ("task,Sow,,,,,,,soon", 2, "due_date", "Can't be read: soon."),
        ("task,Sow,,,,,,,every hour", 2, "due_date", "more often than daily"),
        ("task,Sow,,,,,,,jeden Tag,de", 2, "due_date", "language 'de'"),
        ("task,Sow,,,,,,,03/04/2027", 2, "due_date", "2027-04-03 or 2027-03-04"),
    ],
)
def test_a_row_of_todoist_that_is_not_understood_is_an_error(
    bo: User, rows: str, line: int, field: str, part: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        from_todoist(f"{HEADER}\n{rows}\n", bo)
    first = errors(refused)[0]
    assert first[:2] == (line, field)
    assert part in first[2]
    assert not Task.objects.exists()


def test_a_deadline_is_the_due_date_where_there_is_none(bo: User) -> None:
    assert said(from_todoist(f"{HEADER}\ntask,Sow,,,,,,,,,,,,2027-01-31,en\n", bo)) == []
    assert Task.objects.get().due_date == date(2027, 1, 31)


def test_a_word_with_an_at_sign_within_a_title_is_no_label(bo: User) -> None:
    from_todoist(f"{HEADER}\ntask,Ask @zoe about the keys\ntask,Mail a@b.example\n", bo)
    assert set(Task.objects.values_list("title", flat=True)) == {"Ask @zoe about the keys", "Mail a@b.example"}


def test_a_backup_of_todoist_has_a_file_for_each_project(bo: User) -> None:
    garden = f"{HEADER}\nsection,Beds\ntask,Sow\ntask,Buy seeds,,,,2\n"
    archive = {
        "Garden [123]__csv": garden,
        "Inbox [7]__csv": f"{HEADER}\ntask,Rest @now\n",
        "Garden [124]__csv": f"{HEADER}\ntask,Reap\n",
    }
    result = from_todoist(zipped(**archive), bo)
    tasks = {task.title: task for task in Task.objects.all()}
    assert {title: task.project.name for title, task in tasks.items()} == {
        "Sow": "Garden",
        "Buy seeds": "Garden",
        "Rest": bo.inbox.name,
        "Reap": "Garden",
    }
    assert tasks["Reap"].project != tasks["Sow"].project == tasks["Buy seeds"].project
    assert (str(tasks["Sow"].category), labels_of(tasks["Rest"])) == ("Beds", ["now"])
    assert list(tasks["Sow"].pre_tasks.all()) == [tasks["Buy seeds"]]
    assert said(result) == []
    again = from_todoist(zipped(**archive), bo)
    assert (again.created, again.skipped) == (0, 4)


def test_the_same_tasks_in_another_project_are_other_tasks(bo: User) -> None:
    from_todoist(f"{HEADER}\ntask,Review\n", bo)
    assert from_todoist(f"{HEADER}\ntask,Review\ntask,Sow\n", bo).created == 2


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({"a__txt": "x"}, "only CSV files, not 'a.txt'"),
        ({}, "CSV files with tasks"),
        ({"a__csv": f"{HEADER}\n" + " " * (3 * 1024 * 1024)}, "unpack to at most 1 MiB"),
    ],
)
def test_a_zip_that_cannot_be_read_is_refused(bo: User, settings: Any, files: dict[str, str], part: str) -> None:
    settings.TASKBELL_IMPORT_MEGABYTES = 1
    with pytest.raises(Unreadable, match=part):
        from_todoist(zipped(**files), bo)


def test_a_broken_zip_is_refused(bo: User) -> None:
    whole = zipped(a__csv=f"{HEADER}\ntask,Sow\n").getvalue()
    for data in (whole[: len(whole) // 2], b"PK\x03\x04", whole[:40] + b"\0\1\2\3" + whole[44:]):
        with pytest.raises(Unreadable):
            from_todoist(io.BytesIO(data), bo)


OF_TASK: dict[str, Any] = {
    "id": 7,
    "title": "Sow",
    "description": "<p>In <b>rows</b></p><ul data-type='taskList'><li data-checked='true'><p>Dig</p></li></ul>",
    "done": False,
    "done_at": "2026-03-01T09:00:00Z",
    "due_date": "2027-04-01T07:30:00Z",
    "priority": 5,
    "percent_done": 0.5,
    "repeat_after": 86400,
    "repeat_mode": 0,
    "labels": [{"title": "Garden"}, {"title": "Spring"}],
    "assignees": [{"username": "bo"}, {"username": "cy"}],
    "reminders": [{"reminder": "2027-04-02T07:30:00Z", "relative_period": 86400, "relative_to": "due_date"}],
    "reminder_dates": ["2027-03-31T07:30:00Z"],
    "related_tasks": {"duplicates": [{"id": 8, "title": "Reap"}], "blocking": [{"id": 8, "title": "Reap"}]},
    "created": "2026-01-02T03:04:05Z",
    "created_by": {"username": "bo"},
    "start_date": "2027-03-01T00:00:00Z",
    "end_date": "2027-03-02T00:00:00Z",
    "hex_color": "ff0000",
    "comments": [{"comment": "<p>Deep &amp; wide</p>"}],
    "attachments": [{"file": {"name": "plan.pdf"}}],
    "is_favorite": True,
    "reactions": {"+1": [{"username": "cy"}]},
    "updated": "2026-01-02T03:04:05Z",
    "project_id": 1,
    "bucket_id": 3,
}


def test_every_member_of_a_task_of_vikunja_is_carried_or_noted(bo: User) -> None:
    project = {"id": 1, "title": "Beds", "tasks": [OF_TASK, {"id": 8, "title": "Reap"}]}
    result = from_vikunja([project], bo)
    noted = {"start_date", "end_date", "hex_color", "attachments", "is_favorite", "reactions"}
    assert OF_TASK.keys() - set(vikunja_task.CARRIED) - set(vikunja_task.BOOKKEEPING) == noted
    sow, reap = Task.objects.get(title="Sow"), Task.objects.get(title="Reap")
    assert (sow.description, sow.priority, sow.category) == ("In **rows**\n\n- [x] Dig", Priority.URGENT, None)
    assert (labels_of(sow), [comment.body for comment in sow.comments.all()]) == (["Garden", "Spring"], ["Deep & wide"])
    assert (sow.due_at, sow.timezone) == (datetime(2027, 4, 1, 7, 30, tzinfo=UTC), bo.profile.timezone)
    assert (sow.recurrence, sow.stage, sow.assigned_to) == ("FREQ=DAILY;INTERVAL=1", "IN_PROGRESS", bo)
    assert {reminder.at.isoformat() for reminder in sow.reminders.all()} == {
        "2027-04-02T07:30:00+00:00",
        "2027-03-31T07:30:00+00:00",
    }
    assert list(reap.pre_tasks.all()) == [sow]
    assert reap.project == sow.project == Project.objects.get(name="Beds")
    fields = [field for field, _ in said(result)]
    assert set(fields) == noted | {"assigned_to", "related_tasks", "percent_done", "done_at", "reminders"}
    messages = "\n".join(message for _, message in said(result))
    for part in ("'cy'", "duplicates", "50%", "'plan.pdf'", "favourite"):
        assert part in messages
    again = from_vikunja([project], bo)
    assert (again.created, again.skipped) == (0, 2)


def test_what_a_task_blocks_may_be_in_an_earlier_project(bo: User) -> None:
    earlier = {"title": "A", "tasks": [{"id": 1, "title": "Reap"}]}
    later = {"title": "B", "tasks": [{"id": 2, "title": "Sow", "related_tasks": {"parenttask": [{"id": 1}]}}]}
    from_vikunja([earlier, later], bo)
    assert [task.title for task in Task.objects.get(title="Reap").pre_tasks.all()] == ["Sow"]


def test_projects_within_others_are_read_and_old_namespaces_as_well(bo: User) -> None:
    inner = {"id": 2, "title": "Beds", "tasks": [{"id": 1, "title": "Sow"}]}
    namespace = {"id": 1, "title": "Garden", "lists": [inner]}
    child = {
        "id": 3,
        "title": "Home",
        "tasks": [],
        "child_projects": [{"title": "Attic", "tasks": [{"id": 2, "title": "Rest"}]}],
    }
    result = from_vikunja([namespace, child], bo)
    assert {task.title: task.project.name for task in Task.objects.all()} == {"Sow": "Beds", "Rest": "Attic"}
    assert [field for field, _ in said(result)] == ["parent_project_id", "parent_project_id"]


def test_what_only_their_projects_have_is_noted(bo: User) -> None:
    project = {
        "title": "Beds",
        "description": "Of roses",
        "is_archived": True,
        "hex_color": "ff0000",
        "is_favorite": True,
        "parent_project_id": 4,
        "buckets": [{"title": "Doing"}],
        "tasks": [{"id": 1, "title": "Sow"}],
    }
    result = from_vikunja([project], bo)
    assert {field for field, _ in said(result)} == {"is_favorite", "parent_project_id", "buckets"}
    beds = Project.objects.get(name="Beds")
    assert (beds.description, beds.colour, beds.archived_at) == ("Of roses", Colour.RED, NOW)
    with pytest.raises(Unreadable):
        from_vikunja([project], bo, strict=True)


@pytest.mark.parametrize("data", [{"cards": []}, [{"cards": []}], [{"id": 1, "title": "x"}], [7]])
def test_what_is_no_export_of_vikunja_is_refused(bo: User, data: Any) -> None:
    with pytest.raises(ImportRefused) as refused:
        from_vikunja(data, bo)
    assert errors(refused) == [(1, "tasks", "Must be a project as Vikunja exports it.")]


def test_an_empty_export_of_vikunja_is_refused(bo: User) -> None:
    with pytest.raises(Unreadable, match="list of projects"):
        from_vikunja([], bo)


def test_the_zip_of_vikunja_is_read_as_it_is(bo: User) -> None:
    data = json.dumps([{"title": "Beds", "tasks": [{"id": 1, "title": "Sow"}]}])
    files = {"VERSION": "0.24.0", "data__json": data, "filters__json": '[{"title": "Mine"}]', "files/1": "x"}
    result = from_vikunja(zipped(**files), bo)
    assert (result.created, said(result)) == (1, [("filters.json", "The saved filters can't be imported.")])
    with pytest.raises(Unreadable, match=r"data\.json"):
        from_vikunja(zipped(VERSION="0.24.0"), bo)


def test_a_rule_that_we_cannot_have_is_noted(bo: User) -> None:
    task = {"id": 1, "title": "Sow", "due_date": "2027-01-31T09:00:00Z", "repeat_after": 7200}
    result = from_vikunja([{"title": "Beds", "tasks": [task]}], bo)
    assert result.created == 1
    assert [field for field, _ in said(result)] == ["recurrence"]


def test_a_month_without_the_day_is_left_out_as_the_rule_says(bo: User) -> None:
    task = {"id": 1, "title": "Sow", "due_date": "2027-01-31T09:00:00Z", "repeat_mode": 1}
    from_vikunja([{"title": "Beds", "tasks": [task]}], bo)
    assert "SKIP=OMIT" in Task.objects.get().recurrence


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain text, 1 < 2", "plain text, 1 < 2"),
        ("<p>a_b * c</p>", "a_b * c"),
        ("<p>Tom &amp; Jerry</p>", "Tom & Jerry"),
        ("<p>See <a href='https://x.example/a'>this</a></p>", "See [this](https://x.example/a)"),
        ("<script>alert(1)</script><p>Sow</p>", "Sow"),
        ("<h2>Plan</h2><p>1<br>2</p>", "## Plan\n\n1  \n2"),
        ("<p title='a > b'>x</p>", "x"),
        ("<!-- hidden <b> --><p>x</p>", "x"),
    ],
)
def test_html_becomes_markdown_by_a_parser(bo: User, html: str, text: str) -> None:
    from_vikunja([{"title": "Beds", "tasks": [{"id": 1, "title": "Sow", "description": html}]}], bo)
    assert Task.objects.get().description == text


def test_the_reader_of_projects_knows_where_tasks_are() -> None:
    assert set(vikunja.OF_A_PROJECT) == {"tasks", "child_projects", "projects", "lists"}

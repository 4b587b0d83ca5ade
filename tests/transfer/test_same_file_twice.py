"""A file that is imported again creates nothing twice: its tasks are known by their ids in the other program."""

import io
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from taskbell.accounts.models import Installation, User
from taskbell.activity.models import Activity
from taskbell.common.errors import Refusal
from taskbell.tasks.actions import create_task, delete_task, skip_task, update_task
from taskbell.tasks.models import Category, Task
from taskbell.tasks.occurrences import coming_due_dates
from taskbell.tasks.patch import TaskPatch
from taskbell.transfer import staging
from taskbell.transfer.checking import Checker
from taskbell.transfer.exporting import every_task, export_tasks
from taskbell.transfer.formats import READERS
from taskbell.transfer.importing import ImportRefused, Options, import_tasks
from taskbell.transfer.known import mark_known
from taskbell.transfer.reading import Row
from taskbell.transfer.staging import staged
from tests.conftest import NOW

TABLE = "id,title,due_date,pre_tasks,reminders,source,source_id\n1,Dig,,,,trello,a\n2,Sow,2027-03-01,1,,trello,b\n"


def bring(text: str | bytes, by: User, on_existing: str = "skip", **options: Any) -> tuple[int, int, int, int]:
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    report = import_tasks(READERS["csv"](file), Options(on_existing=on_existing, **options), by=by, now=NOW)
    return report.created, report.updated, report.skipped, report.failed


def exported(by: User) -> bytes:
    return b"".join(export_tasks(every_task(by), by, "csv"))


def test_what_bo_has_imported_is_skipped_the_second_time(bo: User) -> None:
    assert bring(TABLE, bo) == (2, 0, 0, 0)
    assert bring(TABLE + "3,Reap,,2,,trello,c\n", bo) == (1, 0, 2, 0)
    assert [task.title for task in Task.objects.get(title="Reap").pre_tasks.all()] == ["Sow"]
    assert Task.objects.count() == 3


def test_each_of_two_people_who_do_not_see_each_others_tasks_has_their_own(bo: User, cy: User, mia: User) -> None:
    assert bring(TABLE, bo) == bring(TABLE, cy) == (2, 0, 0, 0)
    assert bring(TABLE, cy) == bring(TABLE, mia) == (0, 0, 2, 0)  # Mia sees everything


def test_an_update_changes_what_the_file_has_and_nothing_else(bo: User) -> None:
    bring(TABLE, bo)
    dig, sow = Task.objects.order_by("id")
    update_task(sow.pk, TaskPatch(description="In rows", title="Sow all"), by=bo, now=NOW)
    before = Activity.objects.count()
    alarm = '"[{""before_due"": ""PT1H""}]"'
    table = TABLE.replace("2027-03-01,1,", f"2027-04-01,1,{alarm}") + "3,Reap,,,,trello,c\n"
    assert bring(table, bo, "update") == (1, 1, 1, 0)
    sow.refresh_from_db()
    assert (sow.title, sow.description, str(sow.due_date), sow.version) == ("Sow", "In rows", "2027-04-01", 3)
    assert sow.reminders.count() == 1
    assert list(sow.pre_tasks.all()) == [dig]
    changed = Activity.objects.of_tasks().filter(pk__gt=0, action="updated", task=sow).order_by("id")
    assert {"title", "due_date", "reminders"} <= {entry.field for entry in changed}
    assert bring(table, bo, "update") == (0, 0, 3, 0)
    assert Activity.objects.filter(task=dig).count() == 1
    assert before


def test_an_update_creates_a_category_only_if_it_needs_it(bo: User) -> None:
    table = "title,category,source,source_id\nSow,Garden,trello,b\n"
    bring("title,source,source_id\nSow,trello,b\n", bo)
    assert bring(table, bo) == (0, 0, 1, 0)
    assert not Category.objects.exists()
    assert bring(table, bo, "update") == (0, 1, 0, 0)
    assert str(Task.objects.get().category) == "Garden"


def test_what_the_importer_may_not_change_is_an_error_of_its_row(bo: User, mia: User) -> None:
    bring(TABLE.replace("due_date", "assigned_to").replace("2027-03-01", "bo"), mia)
    table = "title,source,source_id\nSow beans,trello,b\nReap,trello,c\n"
    with pytest.raises(ImportRefused) as refused:
        bring(table, bo, "update")
    assert [error.line for error in refused.value.result.errors] == [2]
    assert not Task.objects.filter(title__in=["Sow beans", "Reap"]).exists()
    assert bring(table, bo, "update", partial=True) == (1, 0, 0, 1)
    assert Task.objects.get(source_id="b").title == "Sow"


def test_with_error_every_known_row_is_named(bo: User) -> None:
    bring(TABLE, bo)
    table = TABLE + "3,Reap,,,,trello,c\n4,Rest,,2,,trello,d\n"
    with pytest.raises(ImportRefused) as refused:
        bring(table, bo, "error")
    assert [(error.line, error.code) for error in refused.value.result.errors] == [(2, "exists"), (3, "exists")]
    assert Task.objects.count() == 2
    assert bring(table, bo, "error", partial=True) == (1, 0, 0, 3)


def test_what_is_in_the_trash_is_created_again(bo: User) -> None:
    bring(TABLE, bo)
    delete_task(Task.objects.get(title="Sow").pk, by=bo, now=NOW)
    assert bring(TABLE, bo) == (1, 0, 1, 0)


def test_an_export_brought_back_to_the_installation_it_came_from_doubles_nothing(bo: User) -> None:
    create_task(TaskPatch(title="Dig"), by=bo, now=NOW)
    bring(TABLE, bo)
    file = exported(bo)
    assert bring(file, bo) == (0, 0, 3, 0)
    assert exported(bo) == file


def test_an_export_brought_to_another_installation_twice_doubles_nothing_and_finds_its_way_back(
    bo: User,
) -> None:
    dig = create_task(TaskPatch(title="Dig"), by=bo, now=NOW)
    file = exported(bo)
    key = Installation.own_key()
    Installation.objects.update(key="elsewhere")
    Task.objects.all().delete()
    assert bring(file, bo) == (1, 0, 0, 0)
    assert bring(file, bo) == (0, 0, 1, 0)
    assert (Task.objects.get().source, Task.objects.get().source_id) == ("taskbell", f"{key}:{dig.pk}")
    assert f",taskbell,{key}:{dig.pk},".encode() in exported(bo).splitlines()[1]


def test_a_repeating_task_whose_occurrence_is_in_the_trash_comes_back_as_a_series_of_its_own(bo: User) -> None:
    first = create_task(TaskPatch(title="Water", due_date=NOW.date(), recurrence="FREQ=DAILY"), by=bo, now=NOW)
    update_task(first.pk, TaskPatch(stage="COMPLETED"), by=bo, now=NOW)
    file = exported(bo)
    delete_task(Task.objects.get(occurrence=2).pk, by=bo, now=NOW)
    assert bring(file, bo) == (1, 0, 1, 0)


BY_HAND = "Title,Due\nDig,2027-03-01\nWater,\nWater,\n"


@pytest.mark.parametrize("on_existing", ["skip", "update"])
def test_a_table_without_ids_is_recognised_by_what_its_rows_say(bo: User, on_existing: str) -> None:
    assert bring(BY_HAND, bo, on_existing) == (3, 0, 0, 0)
    assert bring(BY_HAND, bo, on_existing) == (0, 0, 3, 0)
    longer = "Title;Notes;Due\nWater;;\nReap;;\nWater;;\nDig;;01.03.2027\nWater;;\n"
    assert bring(longer, bo, on_existing) == (2, 0, 3, 0), "Reap and a third time Water are new"


def test_a_row_that_was_refused_comes_with_the_mended_file_and_the_others_do_not(bo: User) -> None:
    assert bring(BY_HAND + "Reap,soon\n", bo, partial=True) == (3, 0, 0, 1)
    assert bring(BY_HAND + "Reap,2027-09-01\n", bo) == (1, 0, 3, 0)


def test_people_learn_which_rows_were_recognised_by_their_content(bo: User) -> None:
    bring(BY_HAND, bo)
    again = import_tasks(READERS["csv"](io.BytesIO(b"title\nReap\nWater\n")), Options(strict=True), by=bo, now=NOW)
    water = Task.objects.filter(title="Water").earliest("id")
    said = f"Already imported, as task {water.pk}: a row without an id is recognised by its content."
    assert [(one.line, one.message) for one in again.notices] == [(3, said)]


def test_what_a_colleague_has_imported_is_not_taken_for_ones_own(bo: User, mia: User) -> None:
    assert bring(BY_HAND, bo) == bring(BY_HAND, mia) == (3, 0, 0, 0)


@pytest.mark.parametrize(
    ("format_", "file"),
    [
        ("json", '[{"title": "Dig", "pre_tasks": [], "reminders": [{"before_due": "P1D"}], "due_date": "2027-03-01"}]'),
        ("ndjson", '{"title": "Dig"}\n{"title": "Dig"}\n'),
        ("ticktick", '"Folder Name","List Name","Title"\n"","Garden","Dig"\n"","Garden","Dig"\n'),
    ],
)
def test_other_files_without_ids_create_nothing_twice(bo: User, format_: str, file: str) -> None:
    def counted() -> tuple[int, int]:
        result = import_tasks(READERS[format_](io.BytesIO(file.encode())), by=bo, now=NOW)
        return result.created, result.skipped

    created, _ = counted()
    assert created
    assert counted() == (0, created)


def test_the_same_id_of_another_program_twice_in_a_file_is_an_error(bo: User) -> None:
    with pytest.raises(Refusal):
        bring("title,source,source_id\nDig,trello,a\nSow,trello,a\n", bo)


@pytest.mark.parametrize("odd", ["x" * 300, "x\0y"])
def test_an_id_that_no_column_takes_still_names_its_task(bo: User, odd: str) -> None:
    for created in (1, 0):
        lines = ("BEGIN:VCALENDAR", "BEGIN:VTODO", f"UID:{odd}", "SUMMARY:Sow", "END:VTODO", "END:VCALENDAR", "")
        rows = list(READERS["ical"](io.BytesIO("\r\n".join(lines).encode())))
        known = [type(row)(**vars(row) | {"source": "ical", "source_id": odd}) for row in rows]
        assert import_tasks(known, by=bo, now=NOW).created == created


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by statistics")
def test_known_tasks_are_looked_up_one_by_one(bo: User) -> None:
    """Otherwise, a file with as many rows as Bo has tasks takes the square of that."""
    with staged(), CaptureQueriesContext(connection) as queries:
        staging.load([Checker(bo, NOW).check(1, Row(1, {"title": "Sow"}, source="trello", source_id="a"))])
        mark_known(bo)
        statement = next(query["sql"] for query in queries if query["sql"].startswith("UPDATE staged_task"))
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
            steps = [row[-1] for row in cursor.fetchall()]
    assert "SEARCH task USING COVERING INDEX by_source (source_id=? AND source=?)" in steps, steps
    assert sum("SEARCH tasks_task USING INTEGER PRIMARY KEY (rowid=?)" in step for step in steps) == 2, steps


@pytest.mark.parametrize("was_moved", [False, True])
def test_an_update_from_an_export_brings_back_what_the_rule_counts_from(bo: User, was_moved: bool) -> None:
    task = create_task(TaskPatch(title="Pay", due_date=date(2027, 1, 31), recurrence="FREQ=MONTHLY"), by=bo, now=NOW)
    skip_task(task.pk, by=bo, now=NOW)
    if was_moved:
        update_task(task.pk, TaskPatch(due_date=date(2027, 2, 20), only_this_one=True), by=bo, now=NOW)
    task.refresh_from_db()
    file, before = exported(bo), (task.due_date, task.anchor_date, task.planned_date)
    update_task(task.pk, TaskPatch(due_date=date(2027, 3, 5)), by=bo, now=NOW)
    assert bring(file, bo, "update") == (0, 1, 0, 0)
    task.refresh_from_db()
    assert (task.due_date, task.anchor_date, task.planned_date) == before
    assert coming_due_dates(task, now=NOW, most=1) == [date(2027, 3, 31)]

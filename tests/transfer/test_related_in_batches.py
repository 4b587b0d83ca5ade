"""Projects, labels and comments of a large import, which SQLite writes in batches, also after a kill."""

import io
import json
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.comments.models import Comment
from taskbell.projects.models import Project
from taskbell.sharing.projects import change_project
from taskbell.tasks.label_models import Label, TaskLabel
from taskbell.tasks.models import Task
from taskbell.transfer import batches, staging
from taskbell.transfer.batches import ImportProgress, write_in_batches
from taskbell.transfer.formats import READERS
from taskbell.transfer.importing import ImportResult, Options, prepared
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(Exception):
    """What a worker meets."""


def row(number: int) -> dict[str, Any]:
    about = {"name": "Home", "id": 1} | ({"archived": True, "colour": "teal"} if number == 0 else {})
    said = [{"body": f"{number} {letter}", "created_at": "2026-03-03T10:00:00Z"} for letter in "ab"]
    fields = {"title": f"T{number}", "project": about, "labels": ["a", f"l{number % 2}"], "comments": said}
    return fields | {"source": "x", "source_id": str(number)}


ROWS = [row(number) for number in range(7)]


def bring(by: User, progress: ImportProgress, rows: list[dict[str, Any]] = ROWS, **options: Any) -> ImportResult:
    stream, is_resumed = io.BytesIO(json.dumps(rows).encode()), progress.first_id is not None
    with prepared(READERS["json"](stream), Options(**options), by=by, now=NOW, is_resumed=is_resumed) as checked:
        return write_in_batches(checked, progress)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "ROWS", 2)
    monkeypatch.setattr(batches, "let_others_write", lambda: None)


def check_all_are_there() -> None:
    home = Project.objects.get(inbox_of=None)
    assert (home.colour, home.archived_at) == ("teal", NOW)
    assert list(Task.objects.order_by("id").values_list("title", "project")) == [(f"T{n}", home.pk) for n in range(7)]
    assert sorted(Label.objects.values_list("name", flat=True)) == ["a", "l0", "l1"]
    assert TaskLabel.objects.count() == 14
    assert [one.body for one in Comment.objects.order_by("id")] == [
        f"{n} {letter}" for n in range(7) for letter in "ab"
    ]


def test_everything_is_written_once(bo: User) -> None:
    assert bring(bo, ImportProgress()).created == 7
    check_all_are_there()
    assert bring(bo, ImportProgress()).skipped == 7


@pytest.mark.skipif(not staging.HAS_ONE_WRITER, reason="PostgreSQL writes it at once")
def test_after_a_kill_the_rest_is_written(bo: User) -> None:
    saved: dict[str, int] = {}

    def note(share: float, **changed: int) -> None:
        if changed.get("written", 0) > 4:
            raise Killed
        saved.update(changed)

    with pytest.raises(Killed):
        bring(bo, ImportProgress(note))
    assert (Task.objects.count(), Project.objects.get(inbox_of=None).archived_at) == (4, None)
    result = bring(bo, ImportProgress(first_id=saved["first_id"], written=saved["written"]))
    assert result.created == 7
    check_all_are_there()


def test_an_update_in_batches_adds_what_is_new(bo: User) -> None:
    bring(bo, ImportProgress())
    home = Project.objects.get(inbox_of=None)
    change_project(home.pk, {"archived": False}, by=bo, now=NOW)
    more = [one | {"labels": ["new"], "project": "Garden", "comments": [{"body": "Late"}]} for one in ROWS]
    result = bring(bo, ImportProgress(), [*more, row(7) | {"project": "Garden"}], on_existing="update")
    assert (result.updated, result.created) == (7, 1)
    assert set(Task.objects.values_list("project__name", flat=True)) == {"Garden"}
    assert TaskLabel.objects.filter(label__name="new").count() == 7
    assert Comment.objects.filter(body="Late").count() == 7


@pytest.mark.skipif(not staging.HAS_ONE_WRITER, reason="PostgreSQL writes it at once")
def test_tasks_of_a_project_that_is_archived_meanwhile_go_to_the_inbox(bo: User) -> None:
    def note(share: float, **changed: int) -> None:
        if changed.get("written") == 4:
            change_project(Project.objects.get(inbox_of=None).pk, {"archived": True}, by=bo, now=NOW)

    bring(bo, ImportProgress(note))
    home = Project.objects.get(inbox_of=None)
    assert list(Task.objects.order_by("id").values_list("project", flat=True)) == [home.pk] * 2 + [bo.inbox.pk] * 5

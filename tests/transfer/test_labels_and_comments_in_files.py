"""Labels and comments of a file: who is their author, what is too much, and what an update adds."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.comments import quotas
from taskbell.comments.actions import add_comment
from taskbell.comments.models import Comment
from taskbell.notifications.models import Notification
from taskbell.sharing.projects import change_project
from taskbell.tasks.label_models import Label, TaskLabel
from taskbell.tasks.models import Task
from taskbell.tasks.quotas import QuotaReached
from taskbell.transfer.importing import ImportRefused, import_tasks
from taskbell.transfer.reading import Row
from tests.conftest import NOW
from tests.transfer.test_projects_in_files import bring, bring_table, errors, notices

MARCH = "2026-03-03T10:00:00Z"


def labels() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {task.title: set() for task in Task.objects.all()}
    for link in TaskLabel.objects.select_related("task", "label"):
        found[link.task.title].add(link.label.name)
    return found


def comments() -> list[tuple[str, str]]:
    return list(Comment.objects.order_by("id").values_list("author__username", "body"))


def test_labels_are_created_once_and_written_to_the_history(bo: User, cy: User) -> None:
    known = Label.objects.create(name="Garden", key="garden", created_by=cy, created_at=NOW)
    bring_table(bo, 'title,tags\nSow,"spring, GARDEN"\nReap,"Spring,,autumn"\nRest,\n')
    assert labels() == {"Sow": {"spring", "Garden"}, "Reap": {"spring", "autumn"}, "Rest": set()}
    assert set(Label.objects.exclude(pk=known.pk).values_list("created_by", flat=True)) == {bo.pk}
    created = Activity.objects.filter(subject_type="label", action="created")
    assert {entry.new_value["name"] for entry in created} == {"spring", "autumn"}
    entry = Activity.objects.get(field="labels", task__title="Reap")
    assert (entry.old_value, entry.new_value, entry.project_id) == ([], ["autumn", "spring"], bo.inbox.pk)


def test_a_comma_within_a_label_becomes_a_space(bo: User) -> None:
    bring(bo, {"title": "Sow", "labels": ["a,b", "A B", "c"]})
    assert labels() == {"Sow": {"a b", "c"}}


@pytest.mark.parametrize(
    "cell",
    [["x" * 51], [f"l{n}" for n in range(21)], [""], [7], {"a": 1}, 7, ",".join("abcdefghijklmnopqrstu"), ["a\nb"]],
)
def test_labels_that_a_task_cannot_have_are_an_error(bo: User, cell: Any) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring(bo, {"title": "Sow", "labels": cell})
    assert [field for field, _ in errors(refused)] == ["labels"]


def test_labels_of_other_programs_are_made_to_fit(bo: User) -> None:
    names = ["x" * 60, "", 7, "a,b", "two\nlines", *(f"l{n}" for n in range(20))]
    row = Row(1, {"title": "Sow", "labels": names}, source="x", source_id="1", lenient=("labels",))
    result = import_tasks([row], by=bo, now=NOW)
    assert len(labels()["Sow"]) == 20
    assert labels()["Sow"] > {"x" * 49 + "…", "a b", "two lines"}
    said = [message for _, message in notices(result)]
    assert [message.split(".")[0] for message in said] == [
        "A label has at most 50 characters",
        "The label  can't be imported",
        "The label 7 can't be imported",
        "A task has at most 20 labels",
    ]


def test_nobody_creates_more_labels_than_they_may_have(bo: User, settings: Any) -> None:
    settings.TASKBELL_QUOTAS = {**settings.TASKBELL_QUOTAS, "labels": 2}
    with pytest.raises(QuotaReached):
        bring_table(bo, 'title,labels\nSow,"a,b,c"\n')
    assert not Label.objects.exists()


def test_an_update_replaces_labels_and_empties_none(bo: User) -> None:
    row = {"title": "Sow", "labels": ["a", "b"], "source": "x", "source_id": "1"}
    bring(bo, row)
    assert bring(bo, row | {"labels": ["B", "A"]}, on_existing="update").updated == 0
    assert bring(bo, row | {"labels": ["B", "c"]}, on_existing="update").updated == 1
    assert labels() == {"Sow": {"b", "c"}}
    assert bring(bo, row | {"labels": None}, on_existing="update").updated == 0


def test_comments_keep_their_order_and_moments_and_notify_nobody(bo: User, cy: User) -> None:
    said = [
        {"body": "Second @cy", "created_at": MARCH, "edited_at": "2026-03-04T10:00:00+02:00", "author": "bo"},
        {"body": "First", "created_at": "2026-03-01T10:00:00.000001Z"},
        {"body": "Now\r\n**here**"},
    ]
    bring(bo, {"title": "Sow", "assigned_to": "cy", "comments": said})
    assert comments() == [("bo", "Second @cy"), ("bo", "First"), ("bo", "Now\n**here**")]
    found = list(Comment.objects.order_by("id"))
    assert [one.created_at for one in found] == [
        datetime(2026, 3, 3, 10, tzinfo=UTC),
        datetime(2026, 3, 1, 10, 0, 0, 1, tzinfo=UTC),
        NOW,
    ]
    assert [one.edited_at for one in found] == [datetime(2026, 3, 4, 8, tzinfo=UTC), None, None]
    assert [(one.mentions, one.unreachable) for one in found] == [([], [])] * 3
    assert "<strong>here</strong>" in found[2].html
    assert found[2].size == len(found[2].body) + len(found[2].html)
    assert not Notification.objects.exists()
    entries = Activity.objects.filter(subject_type="comment").order_by("id")
    assert [(entry.subject_id, entry.task.title, entry.new_value, entry.project_id) for entry in entries] == [
        (one.pk, "Sow", {"author": bo.pk}, bo.inbox.pk) for one in found
    ]


def test_whoever_may_not_edit_everything_writes_for_others_in_their_own_name(bo: User, mia: User, cy: User) -> None:
    said = [{"body": "Deep", "created_at": MARCH, "author": name} for name in ("cy", "Jane Doe")]
    row = {"title": "Sow", "comments": [*said, {"body": "x", "author": "Jane Doe"}], "source": "x", "source_id": "1"}
    bring(bo, row)
    assert comments() == [
        ("bo", "cy wrote on 3 March 2026:\n\nDeep"),
        ("bo", "Jane Doe wrote on 3 March 2026:\n\nDeep"),
        ("bo", "Jane Doe wrote:\n\nx"),
    ]
    assert bring(bo, row, on_existing="update").updated == 0
    Comment.objects.all().delete()
    bring(mia, row | {"source_id": "2"})
    assert comments()[:2] == [("cy", "Deep"), ("mia", "Jane Doe wrote on 3 March 2026:\n\nDeep")]


def test_a_cell_of_a_table_is_one_comment_or_json(bo: User) -> None:
    many = json.dumps([{"body": "Deep", "created_at": MARCH, "author": "cy"}]).replace('"', '""')
    bring_table(bo, f'title,comment\nSow,[x] done\nReap,"{many}"\nRest,[]\n')
    assert comments() == [("bo", "[x] done"), ("bo", "cy wrote on 3 March 2026:\n\nDeep")]


def test_an_update_adds_the_comments_that_are_missing(bo: User) -> None:
    old, new = ({"body": text, "created_at": MARCH} for text in ("Old", "New"))
    row = {"title": "Sow", "comments": [old, {"body": "Undated"}], "source": "x", "source_id": "1"}
    bring(bo, row)
    task = Task.objects.get()
    add_comment(task.pk, "Mine", by=bo, now=NOW)
    assert bring(bo, row, on_existing="update").updated == 0
    result = bring(bo, row | {"comments": [new, old, {"body": "Undated"}]}, on_existing="update")
    assert (result.updated, [body for _, body in comments()]) == (1, ["Old", "Undated", "Mine", "New"])
    assert Activity.objects.filter(subject_type="comment", action="created").count() == 4
    garden = bring(bo, row | {"project": "Garden"}, on_existing="update")
    assert garden.updated == 1
    task.refresh_from_db()
    change_project(task.project_id, {"archived": True}, by=bo, now=NOW)
    assert bring(bo, row, on_existing="update").skipped == 1
    with pytest.raises(ImportRefused) as refused:
        bring(bo, row | {"comments": [{"body": "Late"}]}, on_existing="update")
    assert "its project is archived" in errors(refused)[0][1]


def test_comments_beyond_the_quota_are_left_out_with_a_notice(bo: User, settings: Any) -> None:
    settings.TASKBELL_QUOTAS = {**settings.TASKBELL_QUOTAS, "comments": 3}
    rows = [{"title": f"T{n}", "comments": [{"body": "a"}, {"body": "b"}]} for n in range(3)]
    result = bring(bo, *rows)
    said = "Comments left out, because you have reached your quota: {}"
    assert notices(result) == [("comments", said.format(1)), ("comments", said.format(2))]
    assert [body for _, body in comments()] == ["a", "b", "a"]
    with pytest.raises(QuotaReached):
        bring(bo, {"title": "More", "comments": [{"body": "a"}]}, strict=True)
    more = {"title": "T0", "comments": [{"body": "a"}, {"body": "b"}, {"body": "c"}], "source": "x", "source_id": "1"}
    Task.objects.filter(title="T0").update(source="x", source_id="1")
    with pytest.raises(ImportRefused) as refused:
        bring(bo, more, on_existing="update")
    assert "at most 3" in errors(refused)[0][1]


def test_an_update_counts_the_comments_of_all_its_rows(bo: User, settings: Any) -> None:
    settings.TASKBELL_QUOTAS = {**settings.TASKBELL_QUOTAS, "comments": 3}
    rows = [{"title": f"T{n}", "source": "x", "source_id": str(n)} for n in range(2)]
    bring(bo, *rows)
    with pytest.raises(ImportRefused) as refused:
        bring(bo, *(row | {"comments": [{"body": "a"}, {"body": "b"}]} for row in rows), on_existing="update")
    assert ["at most 3" in message for _, message in errors(refused)] == [True]


def test_a_full_task_says_how_many_comments_it_can_have(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "MAX_ON_A_TASK", 1)
    row = {"title": "Sow", "source": "x", "source_id": "1"}
    bring(bo, row)
    with pytest.raises(ImportRefused) as refused:
        bring(bo, row | {"comments": [{"body": "a"}, {"body": "b"}]}, on_existing="update")
    assert "can have at most 1." in errors(refused)[0][1]


DEEP: Any = "x"
for _ in range(40):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "cell",
    [
        [{"body": "x" * 20_001}],
        [{"body": "\u200b"}],
        [{"created_at": MARCH}],
        [{"body": "x", "created_at": "soon"}],
        [{"body": "x", "created_at": "2999-01-01T00:00:00Z"}],
        [{"body": "x", "html": "<b>"}],
        [{"body": "x", "author": "a" * 255}],
        [{"body": "x"}] * 5001,
        [DEEP],
        [{"body": DEEP}],
        ["x"],
        {"body": "x"},
        7,
        True,
    ],
)
def test_comments_that_cannot_be_read_are_an_error(bo: User, cell: Any) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring(bo, {"title": "Sow", "comments": cell})
    assert [field for field, _ in errors(refused)] == ["comments"]


def test_comments_of_other_programs_are_made_to_fit(bo: User) -> None:
    said = [{"body": "x" * 20_001}, {"body": " "}, "x", {"body": "Late", "created_at": "2027-01-01T00:00:00Z"}]
    cells = {"title": "Sow", "comments": [*said, *[{"body": "y"}] * 5000]}
    row = Row(1, cells, source="x", source_id="1", lenient=("comments",))
    result = import_tasks([row], by=bo, now=NOW)
    assert Comment.objects.count() == 4998
    assert [message.split(".")[0].split(":")[0] for _, message in notices(result)] == [
        "A task has at most 5,000 comments",
        "A comment has at most 20,000 characters",
        "A comment can't be imported",
        "A comment can't be imported",
        "A comment's time is in the future",
    ]
    assert Comment.objects.get(body="Late").created_at == NOW


def test_a_comment_that_is_too_long_with_the_name_of_its_author_is_cut(bo: User) -> None:
    result = bring(bo, {"title": "Sow", "comments": [{"body": "x" * 20_000, "author": "Jane"}]})
    assert [field for field, _ in notices(result)] == ["comments"]
    assert len(comments()[0][1]) == 20_000

"""Projects, labels and comments of other programs arrive as such."""

import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from taskbell.accounts.models import User
from taskbell.projects.models import Project
from taskbell.reports.imports import asked_of, store_upload
from taskbell.tasks.models import Task
from taskbell.transfer.colours import nearest_colour
from taskbell.transfer.formats import FileOptions
from taskbell.transfer.importing import ImportResult, Options, import_tasks
from taskbell.transfer.opening import OpenedFile
from taskbell.transfer.reading import Row
from taskbell.transfer.reading_apart import FileToRead
from tests.conftest import NOW

SAMPLES = Path(__file__).parent / "samples"
LIST = "The list: [list.pdf](https://files.todoist.com/a/list.pdf)"
GARDEN = {"id": "1", "name": "Garden", "colour": "green", "description": "What **grows**"}
BOARD = {"id": "65a4f0000000000000000001", "name": "Garden", "colour": "green", "description": "What grows where"}
ATTIC = {"id": "4", "name": "Attic", "archived": True}
# Of each task: its project, its labels and its comments as (body, author, time, edited), where the file has them.
FOUND: dict[str, dict[str, tuple[Any, Any, Any]]] = {
    "todoist.csv": {
        "Sow": (None, [], []),
        "Buy seeds": (
            *(None, ["shop", "spring"]),
            [("Ask Cy for the list.", "cy", None, None), (LIST, "bo", None, None)],
        ),
    },
    "trello.json": {
        "Sow": (
            *(BOARD, ["Beds", "red dark"]),
            [
                ("Peas first.", "bo", "2026-04-30T10:00:00.000Z", "2026-05-02T10:00:00.000Z"),
                ("Mind the frost.", "cy", "2026-05-01T10:00:00.000Z", None),
            ],
        ),
        "Rest": (BOARD, [], []),
    },
    "vikunja.json": {
        "Sow": (GARDEN, [], []),
        "Buy seeds": (
            *(GARDEN, ["Shopping", "Spring"]),
            [
                ("Peas **first**", None, "2026-01-03T03:04:05+00:00", None),
                ("Beans, too", "cy", "2026-01-04T03:04:05+00:00", "2026-01-05T03:04:05+00:00"),
            ],
        ),
        "Rest": (None, [], []),
        "Sort": (ATTIC, [], []),
    },
    "ticktick.csv": {
        "Sow": ({"name": "Garden"}, ["beds", "spring"], None),
        "Dig": (None, [], None),
    },
    "google-tasks.json": {"Sow": ({"id": "MDE", "name": "Garden"}, None, None), "Rest": (None, None, None)},
    "microsoft-todo.json": {
        "Sow": ({"id": "L1", "name": "Garden"}, ["Beds", "Spring"], None),
        "Rest": (None, None, None),
    },
    "taskwarrior.json": {
        "Sow": ({"name": "Garden"}, ["beds", "spring"], [("Mind the frost.", None, "2026-05-01T10:00:00+00:00", None)]),
        "Buy seeds": (None, None, []),
    },
}


def rows_of(content: bytes, name: str = "") -> list[Row]:
    file = OpenedFile(io.BytesIO(content), FileOptions(NOW, "UTC", name=name))
    return [row for row in file.rows() if isinstance(row, Row)]


def bring(content: bytes, by: User, **options: Any) -> ImportResult:
    file = OpenedFile(io.BytesIO(content), FileOptions(NOW, "UTC"))
    return import_tasks(file.rows(), Options(**options), by=by, now=NOW)


def told(result: ImportResult) -> list[tuple[str, str]]:
    return [(notice.field, notice.message) for notice in result.notices]


def comments_in(cells: dict[str, Any]) -> Any:
    names = ("body", "author", "created_at", "edited_at")
    return cells.get("comments") and [tuple(map(one.get, names)) for one in cells["comments"]]


@pytest.mark.parametrize("name", FOUND)
def test_a_reader_finds_projects_labels_and_comments(name: str) -> None:
    rows = {row.cells["title"]: row.cells for row in rows_of((SAMPLES / name).read_bytes())}
    for title, (project, labels, comments) in FOUND[name].items():
        cells = rows[title]
        assert (cells["project"], cells.get("labels"), comments_in(cells) or comments) == (project, labels, comments)


@pytest.mark.parametrize(
    ("name", "project"),
    [
        ("Garden.csv", "Garden"),
        ("Garden [123].csv", "Garden"),
        ("Inbox [7].csv", None),
        ("inbox.csv", None),
        ("", None),
    ],
)
def test_a_project_of_todoist_is_called_like_its_file(name: str, project: str | None) -> None:
    (row,) = rows_of(b"TYPE,CONTENT\ntask,Sow\n", name)
    assert (row.cells["project"] or {}).get("name") == project


def test_a_worker_knows_the_name_of_the_file(bo: User) -> None:
    asked = FileToRead(FileOptions(NOW, "UTC", name="Garden.csv"), None, None, 10, 512)
    with tempfile.TemporaryFile() as file:
        report = store_upload(bo, file, asked, Options(), now=NOW)
    report.refresh_from_db()
    assert asked_of(report).options.name == "Garden.csv"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("#1973ff", "blue"),  # the first colours that Vikunja offers
        ("7F23FF", "violet"),
        ("ff4136", "red"),
        ("ff851b", "orange"),
        ("ffeb10", "yellow"),
        ("00db60", "green"),
        ("#0079BF", "blue"),  # the boards of Trello
        ("#519839", "green"),
        ("#CD5A91", "pink"),
        ("#00AECC", "cyan"),
        ("#838C91", "grey"),
        ("purple", "violet"),
        ("sky", "cyan"),
        ("000000", "grey"),
        ("ff00", None),
        ("gradient-peach", None),
        ("", None),
        (7, None),
        ({}, None),
    ],
)
def test_a_colour_becomes_the_nearest_of_ours(theirs: Any, ours: str | None) -> None:
    assert nearest_colour(theirs) == ours


@pytest.mark.parametrize(
    "note",
    ["[[file x]]", "[[file {}]]", "[[file 7]]", '[[file {"file_url": ]]', "a [[file", "[[file " * 15_000],
)
def test_a_file_of_todoist_that_is_no_file_stays_text(note: str) -> None:
    quoted = note.replace('"', '""')
    (row,) = rows_of(f'TYPE,CONTENT\ntask,Sow\nnote,"{quoted}"\n'.encode())
    assert row.cells["comments"] == [{"body": note.strip()}]


def test_lists_that_programs_save_beside_their_tasks_have_names() -> None:
    task = {"id": "a", "title": "Sow", "isReminderOn": False}
    file = {"lists": [{"list": {"id": "L1", "displayName": "Garden"}, "tasks": [task]}]}
    (row,) = rows_of(json.dumps(file).encode())
    assert row.cells["project"] == {"id": "L1", "name": "Garden"}


def card(**members: Any) -> bytes:
    return json.dumps({"name": "Garden", "cards": [{"id": "a", "name": "Sow", "idList": "l", **members}]}).encode()


def test_labels_of_a_wrong_type_are_errors_of_the_card_or_notices(bo: User) -> None:
    assert bring(card(labels=[{"name": 7}, {"name": "Beds"}, {"name": "\0"}, {"name": "a,b"}]), bo).created == 1
    for labels in ("Beds", 7, [7], [None], {"name": "Beds"}):
        assert bring(card(labels=labels), bo, partial=True).failed == 1


def test_a_task_has_at_most_twenty_labels_of_fifty_characters(bo: User) -> None:
    many = [{"name": "x" * 60}, *({"name": f"Label {number}"} for number in range(30))]
    result = bring(card(labels=many), bo)
    assert [field for field, _ in told(result)] == ["labels", "labels"]
    assert "Label 29" in told(result)[1][1]


def test_comments_that_are_none_do_no_harm(bo: User) -> None:
    of_card = {"type": "commentCard", "data": {"card": {"id": "a"}}}
    odd: list[Any] = [None, 7, "x", [], {}, {"type": "commentCard"}, {"type": "commentCard", "data": []}, of_card]
    texts = [of_card | {"data": {"card": {"id": "a"}, "text": text}} for text in ("", " ", None, 7, {}, "\0", "Dig")]
    board = {"name": "Garden", "cards": [{"id": "a", "name": "Sow"}], "actions": [*odd, *texts]}
    assert bring(json.dumps(board).encode(), bo).created == 1


def test_a_comment_with_a_time_that_is_none_keeps_its_text(bo: User) -> None:
    action = {"type": "commentCard", "date": "yesterday", "data": {"card": {"id": "a"}, "text": "Dig"}}
    board = {"name": "Garden", "cards": [{"id": "a", "name": "Sow"}], "actions": [action]}
    result = bring(json.dumps(board).encode(), bo)
    assert [comment.body for comment in Task.objects.get().comments.all()] == ["Dig"]
    assert [field for field, _ in told(result)] == ["comments"]


def test_a_hundred_thousand_comments_are_cut_and_that_is_said(bo: User) -> None:
    comments = [{"comment": f"Day {number}"} for number in range(100_000)]
    file = [{"title": "Garden", "tasks": [{"id": 1, "title": "Sow", "comments": comments}]}]
    rows = rows_of(json.dumps(file).encode())
    assert len(rows[0].cells["comments"]) == 100_000
    result = bring(json.dumps(file).encode(), bo)
    assert [field for field, _ in told(result)] == ["comments"]
    assert "95,000" in told(result)[0][1]


def test_a_project_of_vikunja_without_tasks_is_told_but_that_of_favourites_is_not(bo: User) -> None:
    result = bring((SAMPLES / "vikunja.json").read_bytes(), bo)
    assert ("tasks", "The project 'Empty' isn't imported, because it has no tasks.") in told(result)
    assert "Favorites" not in str(told(result))


def test_each_of_categories_is_kept(bo: User) -> None:
    lines = ["BEGIN:VTODO", "UID:sow", "SUMMARY:Sow", "CATEGORIES:Garden,Spring,Beds\\, raised", "CATEGORIES:Garden"]
    (row,) = rows_of("\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VTODO", "END:VCALENDAR", ""]).encode())
    assert (row.cells["category"], row.cells["labels"]) == ("Garden", ["Spring", "Beds, raised"])
    assert row.notices == []


def send(by: Any, name: str, path: str = "") -> None:
    """Imports the sample, uploaded in a form."""
    file = SimpleUploadedFile(path or name, (SAMPLES / name).read_bytes())
    body = encode_multipart(BOUNDARY, {"file": file})
    answer = by.post("/api/tasks/import/", body, content_type=MULTIPART_CONTENT)
    assert answer.status_code == 200, b"".join(answer)


def seen(by: Any) -> dict[str, tuple[str, list[str], list[tuple[str, str]]]]:
    """Of each task, as the API shows it: project, labels, and comments with their authors."""
    lists = [
        [one for archived in ("false", "true") for one in by.get(f"/api/{name}/?archived={archived}").json()["results"]]
        for name in ("projects", "tasks")
    ]
    projects, tasks = {one["id"]: one["name"] for one in lists[0]}, lists[1]
    found = {}
    for task in tasks:
        comments = by.get(f"/api/tasks/{task['id']}/comments/").json()["results"]
        assert task["comment_count"] == len(comments)
        said = [(one["author_name"], one["body"]) for one in comments]
        found[task["title"]] = (projects[task["project"]], task["labels"], said)
    return found


def test_bo_brings_a_board_of_trello(as_user: Any, bo: User) -> None:
    program = as_user(bo)
    send(program, "trello.json")
    sow = seen(program)["Sow"]
    assert sow[:2] == ("Garden", ["Beds", "red dark"])
    assert [body.rpartition("\n")[2] for _, body in sow[2]] == ["Peas first.", "Mind the frost."]
    (garden,) = Project.objects.filter(inbox_of=None)
    assert (garden.description, garden.colour, garden.created_by) == ("What grows where", "green", bo)


def test_bo_brings_projects_of_vikunja(as_user: Any, bo: User) -> None:
    program = as_user(bo)
    send(program, "vikunja.json")
    found = seen(program)
    assert {title: project for title, (project, *_) in found.items()} == {
        "Sow": "Garden",
        "Buy seeds": "Garden",
        "Rest": "Inbox",
        "Sort": "Attic",
    }
    assert found["Buy seeds"][1] == ["Shopping", "Spring"]
    assert found["Buy seeds"][2][0] == ("Bo", "Peas **first**")
    assert Project.objects.get(name="Attic").archived_at is not None


def test_bo_brings_a_project_of_todoist(as_user: Any, bo: User, cy: User) -> None:
    program = as_user(bo)
    send(program, "todoist.csv", "Allotment.csv")
    found = seen(program)
    assert {project for project, *_ in found.values()} == {"Allotment"}
    assert found["Buy seeds"][1] == ["shop", "spring"]
    assert [body.rpartition("\n")[2] for _, body in found["Buy seeds"][2]] == ["Ask Cy for the list.", LIST]


def test_an_update_moves_tasks_to_the_project_of_the_file(bo: User) -> None:
    bring(card(), bo)
    board = json.loads(card(labels=[{"name": "Beds"}])) | {"name": "Allotment"}
    bring(json.dumps(board).encode(), bo, on_existing="update")
    assert Task.objects.get().project.name == "Allotment"

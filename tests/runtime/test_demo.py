"""Sample data is there for the asking, and looks like the real thing."""

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.processes import taskbell


def check_story(history: list[tuple[Any, ...]]) -> None:
    """Everything happened at working hours, in the order of the history; each task from its creation to its end."""
    moments = [datetime.fromisoformat(entry[-1]) for entry in history]
    assert moments[:500] == sorted(moments[:500])
    assert all(moment.weekday() < 5 and 8 <= moment.hour < 17 for moment in moments if moment != moments[0])
    of_tasks: dict[int, list[tuple[str, str]]] = {}
    for task, subject, action, new, _at in history:
        if subject != "project":
            of_tasks.setdefault(task, []).append((f"{subject} {action}", new))
    for story in of_tasks.values():
        assert story[0][0] == "task created"
        assert all(what != "task created" and new != '"COMPLETED"' for what, new in story[1:-1])
    assert {new for story in of_tasks.values() for what, new in story if what == "task updated"} == {
        '"IN_PROGRESS"',
        '"COMPLETED"',
        '"ARCHIVED"',
    }


def test_the_demo_fills_in_people_and_tasks_with_their_history(data: Path) -> None:
    result = taskbell("demo", "--tasks", "1200", data=data)
    assert result.returncode == 0, result.stderr
    assert "They all have the password" in result.stdout
    with sqlite3.connect(data / "taskbell.sqlite3") as file:
        (people,) = file.execute("SELECT count(*) FROM accounts_profile").fetchone()
        (tasks,) = file.execute("SELECT count(*) FROM tasks_task").fetchone()
        (lines,) = file.execute(
            "SELECT count(*) FROM activity_activity WHERE subject_type = 'task' AND action = 'created'"
        ).fetchone()
        counts = {
            table: file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("tasks_tasklabel", "comments_comment", "projects_membership")
        }
        outside = file.execute(
            "SELECT count(*) FROM tasks_task AS task JOIN projects_project AS project ON project.id = project_id"
            " WHERE inbox_of_id IS NULL AND assigned_to_id IS NOT NULL AND NOT EXISTS (SELECT 1"
            " FROM projects_membership AS member WHERE member.project_id = project.id AND person_id = assigned_to_id)"
        ).fetchone()
        history = file.execute(
            "SELECT task_id, subject_type, action, new_value, timestamp FROM activity_activity"
            " WHERE subject_type IN ('task', 'comment', 'project') ORDER BY id"
        ).fetchall()
        (mails,) = file.execute("SELECT count(*) FROM notifications_notification").fetchone()
    assert (people, tasks, lines, mails) == (8, 1200, 1200, 0)
    assert counts["projects_membership"] == 8 + 3 * 4
    assert counts["tasks_tasklabel"] > 0
    assert counts["comments_comment"] >= 300
    check_story(history)
    assert outside == (0,), "a task of a project is assigned to somebody who is no member"


def test_a_second_demo_adds_tasks_to_the_same_people(data: Path) -> None:
    for _ in range(2):
        assert taskbell("demo", "--tasks", "5", data=data).returncode == 0
    with sqlite3.connect(data / "taskbell.sqlite3") as file:
        assert file.execute("SELECT count(*) FROM accounts_user").fetchone() == (8,)
        assert file.execute("SELECT count(*) FROM tasks_task").fetchone() == (10,)

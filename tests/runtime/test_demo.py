"""Sample data is there for the asking, and looks like the real thing."""

import sqlite3
from pathlib import Path

from tests.processes import taskbell


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
        (mails,) = file.execute("SELECT count(*) FROM notifications_notification").fetchone()
    assert (people, tasks, lines, mails) == (8, 1200, 1200, 0)


def test_a_second_demo_adds_tasks_to_the_same_people(data: Path) -> None:
    for _ in range(2):
        assert taskbell("demo", "--tasks", "5", data=data).returncode == 0
    with sqlite3.connect(data / "taskbell.sqlite3") as file:
        assert file.execute("SELECT count(*) FROM accounts_user").fetchone() == (8,)
        assert file.execute("SELECT count(*) FROM tasks_task").fetchone() == (10,)

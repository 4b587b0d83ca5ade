"""The benchmarks still run. What they measure is not for tests to judge."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.services import IS_POSTGRES

pytestmark = pytest.mark.long

SMALL = (
    "--reminders=20",
    "--tasks=200",
    "--people=10",
    "--due=50",
    "--chain=20",
    "--clients=20",
    "--rounds=1",
    "--seconds=0.1",
)


def benchmark(*arguments: str, output: Path, within: float = 120) -> str:
    """One run with tiny sizes; what it has written."""
    command = [sys.executable, "-m", "benchmarks", *arguments, *SMALL, f"--output={output}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=within, check=False)
    assert done.returncode == 0, done.stderr
    return output.read_text()


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("prerequisites", ["link that closes a cycle of 21"]),
        ("depth", ["manager, -id", "manager, title", "member, due_date", "member, priority", "manager, created_at"]),
        ("http", ["list, cached", "list, 304", "everybody's tasks", "one task", "new task", "change of a task"]),
        ("insights", ["everybody's, 20 tasks", "of one person, 200 tasks", "with filters, 200 tasks"]),
        (
            "live",
            [
                "10 clients: 99 of 100 have an event",
                "20 clients: all have 50 events",
                "20 clients: KiB",
                "20 clients: half have",
            ],
        ),
        (
            "pages",
            [
                "Today with 50 rows",
                "one row, as live",
                "a slow phone: largest contentful paint",
                "a slow phone: slowest interaction with 200 rows",
                "a change by a program, until another browser shows it, 99th",
            ],
        ),
        ("start", ["until the first answer", "memory of all", "of one core"]),
        ("upgrade", ["forwards, 200 tasks", "back, 200 tasks", "a list meanwhile, 99th", "a new task meanwhile"]),
        ("processes", ["one task, 2 web processes", "a mixed load, 2 web processes, 99th"]),
        ("growth", ["a task on the disk", "changes committed, 16 at a time"] if IS_POSTGRES else []),
        ("overdue", ["sweep of 50 tasks", "a change during the sweep"]),
    ],
)
def test_a_benchmark_measures_and_writes_its_table(name: str, rows: list[str], tmp_path: Path) -> None:
    database = "postgresql" if IS_POSTGRES else "sqlite"
    results = benchmark(name, f"--on={database}", output=tmp_path / "RESULTS.md")
    assert f"## {name}" in results
    for row in rows:
        assert f"| {row}" in results


def test_what_others_notice_of_attacks_is_measured(tmp_path: Path) -> None:
    results = benchmark("hostile", "--on=sqlite", output=tmp_path / "RESULTS.md", within=300)
    for row in ("wrong passwords: create", "searches: health", "50,000 reminders: reminders", "memory of all"):
        assert f"| {row}" in results


def test_files_are_measured_beside_copy(tmp_path: Path) -> None:
    results = benchmark("transfer", "--on=postgresql", output=tmp_path / "RESULTS.md")
    for row in ("export of 200 tasks", "import of 20 tasks", "peak memory, 200 tasks"):
        assert f"| {row}" in results


def test_the_tick_is_measured_beside_a_bare_loop(tmp_path: Path) -> None:
    results = benchmark("tick", "--on=postgresql", output=tmp_path / "RESULTS.md")
    for row in ("an email, of 20 at once", "emails a second", "until the last of 20", "lateness in calm, 99th"):
        assert f"| {row}" in results


def test_the_databases_are_measured_side_by_side(tmp_path: Path) -> None:
    results = benchmark("databases", "--on=postgresql", output=tmp_path / "RESULTS.md")
    for row in ("list on SQLite", "new task on SQLite"):
        assert f"| {row}" in results


def test_turns_are_measured_beside_sqlites_own_waiting(tmp_path: Path) -> None:
    results = benchmark("writers", "--on=sqlite", output=tmp_path / "RESULTS.md")
    for row in ("new tasks by 8 clients, 99th", "new tasks by 50 clients"):
        assert f"| {row}" in results

"""Files in and out, through the web server, beside COPY of the same rows; and how much memory the server takes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

import httpx
from django.conf import settings
from django.db import connection

from benchmarks import shape
from benchmarks.measure import Goal, Row, Sizes, milliseconds
from benchmarks.seed import seed
from taskbell.accounts import tokens
from taskbell.accounts.actions import Client, open_session
from taskbell.accounts.models import Installation, User
from taskbell.common.clock import utc_now
from taskbell.reports.building import make_waiting
from taskbell.tasks.models import Task
from taskbell.transfer.exporting import HEADER
from tests.processes import free_port

LOADS = 3
READY_WITHIN = 60.0
MIB = 1024
SPEED, MEMORY = Goal("ratio", 2), Goal("max", 200, " MiB")
# What the file says, as far as COPY can say it; prerequisites and reminders come on top.
SAME_COLUMNS = """
COPY (SELECT task.id, title, description, stage, stage, priority, category.name, due_date, due_time, task.timezone,
    assignee.username, creator.username, recurrence, recurrence_from, series, occurrence, anchor_date,
    planned_date, planned_time, completed_at, task.created_at, updated_at, source, source_id,
    (SELECT string_agg(needs_id::text, ' ') FROM tasks_prerequisite WHERE task_id = task.id),
    (SELECT json_agg(at) FROM reminders_reminder reminder WHERE reminder.task_id = task.id)
FROM tasks_task task LEFT JOIN tasks_category category ON category.id = task.category_id
LEFT JOIN accounts_user assignee ON assignee.id = task.assigned_to_id
JOIN accounts_user creator ON creator.id = task.created_by_id
WHERE deleted_at IS NULL ORDER BY task.id) TO STDOUT (FORMAT csv)
"""
# What an import writes, in the order in which one thing needs the other.
WRITTEN = ("tasks_task", "tasks_searchtext", "tasks_prerequisite", "reminders_reminder", "activity_activity")


def run(sizes: Sizes) -> list[Row]:
    """A tenth of the tasks, then all of them: the memory must not depend on it."""
    if connection.vendor != "postgresql":
        return []
    rows: list[Row] = []
    peaks: list[float] = []
    seed(sizes.tasks // 10, people=sizes.people, now=utc_now())
    for tasks in (sizes.tasks // 10, sizes.tasks):
        if rows:
            _empty("tasks_category", "accounts_profile", "accounts_user")
            seed(tasks, people=sizes.people, now=utc_now())
        with TemporaryDirectory(prefix="taskbell-transfer-") as folder, _server(Path(folder)) as server:
            rows += _measured(tasks, Path(folder), server)
            peaks.append(server.peak())
    rows.append(Row(f"peak memory, {sizes.tasks:,} tasks", peaks[1:], peaks[:1], "a tenth of them", MEMORY, " MiB"))
    return rows


class Server:
    """The application in its web server, without a broker, and a person who may see everything."""

    def __init__(self, process: "subprocess.Popen[bytes]", address: str) -> None:
        self.process, self.address = process, address

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, while it comes."""
        session = open_session(User.objects.get(pk=shape.MANAGER), client=Client(), now=utc_now())
        headers = {"Authorization": f"Bearer {tokens.pair_for(session).access}", "Content-Type": "text/csv"}
        return httpx.stream(method, self.address + path, content=body, headers=headers, timeout=None)  # noqa: S113

    def peak(self) -> float:
        """The most memory it ever had, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / MIB


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    address = f"http://127.0.0.1:{(port := free_port())}"
    env = dict(os.environ) | {"PORT": str(port), "TASKBELL_IMPORT_MEGABYTES": "4000", "TASKBELL_DATA": str(folder)}
    env["SECRET_KEY"] = settings.SECRET_KEY  # this process signs the tokens
    command = [sys.executable, "-m", "uvicorn", "--port", str(port), "--lifespan", "off", "--log-level", "error"]
    process = subprocess.Popen([*command, "taskbell.config.asgi:application"], env=env)  # noqa: S603 - our own command
    try:
        deadline = monotonic() + READY_WITHIN
        while not _is_alive(address):
            if monotonic() > deadline:
                raise RuntimeError("The web server did not start.")
            sleep(0.1)
        yield Server(process, address)
    finally:
        process.terminate()
        process.wait()


def _is_alive(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _measured(tasks: int, folder: Path, server: Server) -> list[Row]:
    file = folder / "tasks.csv"
    out, copied_out = _in_turns(partial(_export, server, file), partial(_copy_out, folder / "copy.csv"))
    _as_from_elsewhere(file)
    expected, known = Task.objects.filter(deleted_at=None).count(), Task.objects.order_by("-id").values("id")[0]["id"]
    _import(server, file, expected)  # not counted: it makes the rows for COPY
    for table in WRITTEN:
        own = "id" if table == "tasks_task" else "task_id"
        _copy_to(f"COPY (SELECT * FROM {table} WHERE {own} > {known}) TO STDOUT", folder / table)  # noqa: S608 - our names
    into, copied_in = [], []
    for _ in range(LOADS):
        _empty()
        copied_in.append(milliseconds(partial(_copy_in, folder)))
        _check(expected)
        _empty()
        into.append(milliseconds(partial(_import, server, file, expected)))
        _check(expected)
    return [
        Row(f"export of {tasks:,} tasks", out, copied_out, "COPY of the same query", SPEED),
        Row(f"import of {tasks:,} tasks", into, copied_in, "COPY of what it writes", SPEED),
    ]


def _in_turns(one: Any, other: Any) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(LOADS):
        times[0].append(milliseconds(one))
        times[1].append(milliseconds(other))
    return times


def _export(server: Server, file: Path) -> None:
    with server.ask("GET", "/api/tasks/export/") as answer, file.open("wb") as out:
        out.writelines(answer.iter_bytes())
    with file.open("rb") as written:
        if answer.status_code != 200 or not written.readline().startswith(HEADER[0].encode()):
            raise RuntimeError(f"The export was answered with {answer.status_code}.")


def _as_from_elsewhere(file: Path) -> None:
    """Names another installation as the source: an import skips the tasks that it knows."""
    own = Installation.own_key().encode()
    with file.open("rb") as lines, file.with_suffix(".new").open("wb") as out:
        out.writelines(line.replace(own, own[::-1]) for line in lines)
    file.with_suffix(".new").rename(file)


def _import(server: Server, file: Path, expected: int) -> None:
    with file.open("rb") as body, server.ask("POST", "/api/tasks/import/", body) as answer:
        said = answer.read().decode()
    if answer.status_code == 202:
        make_waiting(clock=utc_now)  # as a worker does
        with server.ask("GET", f"{answer.headers['Location']}download/") as answer:
            said = answer.read().decode()
    if answer.status_code != 200 or answer.json()["created"] != expected:
        raise RuntimeError(f"The import was answered with {answer.status_code}: {said[:500]}")


def _copy_out(file: Path) -> None:
    _copy_to(SAME_COLUMNS, file)


def _copy_to(statement: str, file: Path) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy, file.open("wb") as out:
        out.writelines(copy)


def _copy_in(folder: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for table in WRITTEN:
            with (folder / table).open("rb") as rows, cursor.copy(f"COPY {table} FROM STDIN") as copy:
                while chunk := rows.read(64 * MIB):
                    copy.write(chunk)
        cursor.execute("COMMIT")


def _check(expected: int) -> None:
    if Task.objects.count() != expected:
        raise RuntimeError(f"There are {Task.objects.count():,} tasks instead of {expected:,}.")


def _empty(*tables: str) -> None:
    """Nothing in them, as fast as that goes; the numbers go on."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join([*WRITTEN, *tables])} CASCADE")
        cursor.execute("CHECKPOINT")

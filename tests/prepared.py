"""What a first start leaves behind, made once for all tests of a run: it takes eight seconds of computing.

Tests of the first start itself begin with an empty folder; they are in tests/runtime, and follow the README.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.processes import taskbell

MIGRATE = "from taskbell.runtime.preparation import migrate_database; migrate_database()"
COLLECT = "from taskbell.runtime.preparation import collect_static_files; collect_static_files()"


def prepared(data: Path) -> Path:
    """This data folder, new: with a migrated database of SQLite, static files that are collected, and nothing else."""
    with made_once("prepared") as (folder, is_new):
        if is_new:
            prepare(folder / "data", MIGRATE, COLLECT)
    data.mkdir(mode=0o700)
    shutil.copytree(folder / "data" / "static", data / "static")
    shutil.copy2(folder / "data" / "taskbell.sqlite3", data)
    return data


def prepare(data: Path, *steps: str, env: Mapping[str, str] | None = None) -> None:
    """Takes these steps as `taskbell web` does before its first request."""
    done = taskbell("shell", "-v", "0", "-c", "\n".join(steps), data=data, env=env, within=120)
    assert done.returncode == 0, done.stderr


@contextmanager
def made_once(name: str) -> Iterator[tuple[Path, bool]]:
    """A folder that all processes of the run share, and whether it is new; the others wait until the first has left."""
    folder = Path(os.environ["TASKBELL_DATA"]).with_name(name)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_new = not folder.exists()
        folder.mkdir(exist_ok=True)
        yield folder, is_new

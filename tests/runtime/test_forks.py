"""The web server uses the cores that it may use. Its processes share memory, and are replaced when they end."""

import os
import signal
import time
from pathlib import Path

import httpx
import psutil
import pytest

from taskbell.runtime import forks
from taskbell.runtime.forks import default_number
from taskbell.runtime.keeper import PAUSE_SECONDS
from tests.prepared import prepared
from tests.processes import RunningTaskbell, alive, eventually


@pytest.mark.parametrize(
    ("cores", "quota", "number"),
    [
        (1, None, 1),
        (2, None, 2),
        (16, None, 4),
        (16, "max 100000", 4),
        (16, "200000 100000", 2),
        (16, "150000 100000", 1),
        (2, "400000 100000", 2),
        (8, "50000 100000", 1),  # half a core
        (3, "what is this", 3),
    ],
)
def test_there_are_as_many_web_processes_as_cores_that_the_program_may_use_up_to_four(
    cores: int, quota: str | None, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpu.max"
    if quota:
        file.write_text(f"{quota}\n")
    monkeypatch.setattr(forks, "QUOTA", file)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(cores)), raising=False)
    assert default_number() == number


def test_where_the_cores_are_not_known_there_is_one_web_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert default_number() == 1


TWO = {"WEB_CONCURRENCY": "2"}


def parent_of_web(running: RunningTaskbell) -> psutil.Process:
    """The process that waits for those that answer."""
    return psutil.Process(running.pid("web"))


def both_web_processes(running: RunningTaskbell) -> list[psutil.Process]:
    """The two that answer, once there are two."""

    def both() -> list[psutil.Process] | None:
        found = alive(parent_of_web(running).children())
        return found if len(found) == 2 else None

    return eventually(both, within=20) or []


def test_a_web_process_that_is_killed_is_replaced_while_the_other_answers(data: Path) -> None:
    with RunningTaskbell(prepared(data), env=TWO) as running:
        parent = parent_of_web(running)
        killed, other = both_web_processes(running)
        killed.send_signal(signal.SIGKILL)
        killed.wait(5)
        while len(alive(parent.children())) < 2:
            assert running.answers(), "the port is served all the time"
        both = both_web_processes(running)
        assert other in both
        assert parent.is_running(), "it is the same process, which was another program for a while"
        assert "A web process ended (exit code -9). Starting another." in running.output
        assert running.stop(signal.SIGINT) == 0
        assert alive([parent, *both]) == []


def test_a_request_while_all_web_processes_are_being_replaced_is_answered(data: Path) -> None:
    with RunningTaskbell(prepared(data), env=TWO) as running:
        old = both_web_processes(running)
        for process in old:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(old, 5)
        assert httpx.get(f"{running.base_url}/healthz", timeout=20).status_code == 200
        assert not set(old) & set(both_web_processes(running))
        assert running.output.count("A web process ended") == 2


def test_ctrl_c_while_a_web_process_is_being_replaced_leaves_nothing_behind(data: Path) -> None:
    with RunningTaskbell(prepared(data), env=TWO) as running:
        parent = parent_of_web(running)
        killed, other = both_web_processes(running)
        killed.send_signal(signal.SIGKILL)
        eventually(lambda: "--resume" in " ".join(parent.cmdline()), within=20)
        assert running.stop(signal.SIGINT) == 0
        assert alive([parent, other]) == []


def test_the_web_processes_end_with_a_parent_that_is_killed(data: Path) -> None:
    with RunningTaskbell(prepared(data), env=TWO) as running:
        old = both_web_processes(running)
        running.wait_until_restarted("web", old=running.kill("web"))
        psutil.wait_procs(old, 10)
        assert alive(old) == []
        eventually(running.answers, within=20)


def test_web_processes_that_end_at_once_are_not_replaced_at_once(data: Path) -> None:
    with RunningTaskbell(prepared(data), env=TWO) as running:
        parent = parent_of_web(running)
        both_web_processes(running)[0].send_signal(signal.SIGKILL)
        eventually(lambda: "--resume" in " ".join(parent.cmdline()), within=20)
        soon_killed = next(one for one in both_web_processes(running) if one.create_time() > parent.create_time() + 1)
        killed_at = time.monotonic()
        soon_killed.send_signal(signal.SIGKILL)
        eventually(lambda: running.output.count("A web process ended") == 2, within=20)
        assert time.monotonic() - killed_at > PAUSE_SECONDS


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="only Linux knows what a process has for itself")
def test_the_parent_of_the_web_processes_takes_next_to_nothing(data: Path) -> None:
    with RunningTaskbell(prepared(data), env=TWO) as running:
        both_web_processes(running)
        eventually(lambda: "keeper.py" in " ".join(parent_of_web(running).cmdline()), within=5)
        assert parent_of_web(running).memory_full_info().uss < 8 * 1024 * 1024


def test_a_second_web_process_shares_the_memory_of_the_first(data: Path) -> None:
    with RunningTaskbell(prepared(data), env=TWO) as running:
        for process in both_web_processes(running):
            memory = process.memory_full_info()
            assert memory.uss < memory.rss / 3, "two thirds are shared"

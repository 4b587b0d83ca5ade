"""The web server uses the cores that it may use. Its processes share memory, and are replaced when they end."""

import os
import signal
from pathlib import Path

import httpx
import psutil
import pytest

from taskbell.runtime import forks
from taskbell.runtime.forks import default_number
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


def web_processes(running: RunningTaskbell) -> list[psutil.Process]:
    """The processes that answer, under the one that has loaded everything."""
    parent = next(one for one in running.family() if "web" in one.cmdline())
    return parent.children()


def test_a_web_process_that_is_killed_is_replaced_while_the_other_answers(data: Path) -> None:
    with RunningTaskbell(prepared(data), env={"WEB_CONCURRENCY": "2"}) as running:
        killed, other = eventually(lambda: len(found := web_processes(running)) == 2 and found, within=10)
        killed.send_signal(signal.SIGKILL)
        assert httpx.get(f"{running.base_url}/healthz").status_code == 200
        both = eventually(
            lambda: len(found := web_processes(running)) == 2 and killed not in found and found, within=10
        )
        assert other in both
        assert "A web process ended (exit code -9). Starting another." in running.output
        assert running.stop() == 0
        assert alive(both) == []


def test_a_second_web_process_shares_the_memory_of_the_first(data: Path) -> None:
    with RunningTaskbell(prepared(data), env={"WEB_CONCURRENCY": "2"}) as running:
        both = eventually(lambda: len(found := web_processes(running)) == 2 and found, within=10)
        for process in both:
            memory = process.memory_full_info()
            assert memory.uss < memory.rss / 3, "two thirds are shared"

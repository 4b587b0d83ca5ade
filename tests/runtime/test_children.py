"""How long a program that has ended waits for its next start, on a clock of our own."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from taskbell.runtime import children
from taskbell.runtime.children import Child

Pauses = Callable[[float, str, int], list[float]]
KILLED, FAILS, ENDS = "import os; os.kill(os.getpid(), 9)", "raise SystemExit(2)", "pass"


@pytest.fixture
def pauses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pauses:
    """The pauses after each of so many ends of a program that each time lives so long."""

    def measured(lives: float, program: str, times: int) -> list[float]:
        now = [1000.0]
        monkeypatch.setattr(children.time, "monotonic", lambda: now[0])
        child = Child("worker", [sys.executable, "-c", program], tmp_path / "worker.pid")
        child.start()
        found = []
        for _ in range(times):
            assert child.process
            ended = child.process
            ended.wait()
            now[0] += lives
            child.watch()
            found.append(child.start_at - now[0] if child.start_at is not None else 0.0)
            if child.start_at is not None:  # otherwise it runs already, and may have ended again
                now[0] += found[-1]
                child.watch()
            assert child.process is not ended, "it was started again"
        child.kill()
        return found

    return measured


@pytest.mark.parametrize("program", [KILLED, ENDS])
def test_what_had_run_starts_again_at_once_however_often_it_is_killed(pauses: Pauses, program: str) -> None:
    assert pauses(2, program, 6) == [0] * 6


def test_what_dies_at_once_waits_longer_each_time(pauses: Pauses) -> None:
    assert pauses(0.1, KILLED, 8) == pytest.approx([0, 0.5, 1, 2, 4, 8, 10, 10])


def test_what_fails_by_itself_soon_after_its_start_waits_longer_each_time(pauses: Pauses) -> None:
    assert pauses(5, FAILS, 4) == [0, 0.5, 1, 2]
    assert pauses(20, FAILS, 4) == [0] * 4


def test_a_program_that_was_killed_takes_its_group_with_it(tmp_path: Path) -> None:
    child = Child("web", [sys.executable, "-c", KILLED], tmp_path / "web.pid")
    child.start()
    assert child.process
    assert child.process.wait() == -signal.SIGKILL
    child.kill()
    assert not child.pid_file.exists()

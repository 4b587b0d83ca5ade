"""The one command: how long until it answers, and what it takes when nothing happens."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from benchmarks.measure import Goal, Row, Sizes
from tests.processes import RunningTaskbell, eventually, memory_of

STARTS = 5
WATCHED = 6  # times `Sizes.seconds`
MIB = 1024 * 1024
PROMPT, LIGHT, IDLE = Goal("max", 3000), Goal("max", 450, " MiB"), Goal("max", 2, " %")


def run(sizes: Sizes) -> list[Row]:
    """The second start and those after it; the first has a database and files to make."""
    database = {name: os.environ[name] for name in ("DATABASE_URL",) if name in os.environ}
    with TemporaryDirectory(prefix="taskbell-start-") as folder:
        data = Path(folder) / "data"
        _, *starts = [_start(data, database) for _ in range(1 + min(sizes.rounds, STARTS))]
        with RunningTaskbell(data, env=database) as running:
            sleep(WATCHED * sizes.seconds)  # what it does after a start is over then
            used = _used(running, WATCHED * sizes.seconds)
            memory = memory_of(running.family()) / MIB
    return [
        Row("until the first answer, started again", starts, goal=PROMPT),
        Row("memory of all processes together", [memory], goal=LIGHT, unit=" MiB"),
        Row("of one core, when nothing happens", [used], goal=IDLE, unit=" %"),
    ]


def _start(data: Path, database: dict[str, str]) -> float:
    """Milliseconds until it answers."""
    begin = monotonic()
    with RunningTaskbell(data, env=database) as running:
        eventually(running.answers, within=60)
        return (monotonic() - begin) * 1000


def _used(running: RunningTaskbell, seconds: float) -> float:
    """Per cent of one core that all of it uses in this time."""
    begin, before = monotonic(), _processor_seconds(running)
    sleep(seconds)
    return 100 * (_processor_seconds(running) - before) / (monotonic() - begin)


def _processor_seconds(running: RunningTaskbell) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in running.family())

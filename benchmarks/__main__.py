"""`python -m benchmarks [name ...]`: measures, prints a table and writes RESULTS.md."""

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import report
from benchmarks.measure import Row, Sizes
from benchmarks.server import Kind, installation

HERE = Path(__file__).parent
DEFAULT_SIZES = Sizes()


class Name(StrEnum):
    """The modules that measure."""

    PREREQUISITES = "prerequisites"
    DEPTH = "depth"
    OVERDUE = "overdue"
    TICK = "tick"
    HTTP = "http"
    DATABASES = "databases"
    WRITERS = "writers"
    PROCESSES = "processes"
    TRANSFER = "transfer"
    INSIGHTS = "insights"
    LIVE = "live"
    PAGES = "pages"
    START = "start"
    HOSTILE = "hostile"
    UPGRADE = "upgrade"
    GROWTH = "growth"


def main(
    names: Annotated[list[Name] | None, typer.Argument(help="Benchmarks to run. Default: all.")] = None,
    on: Annotated[list[Kind] | None, typer.Option(help="Databases to run on. Default: all.")] = None,
    tasks: Annotated[int, typer.Option(help="Number of tasks in the list.")] = DEFAULT_SIZES.tasks,
    people: Annotated[int, typer.Option(help="People.")] = DEFAULT_SIZES.people,
    due: Annotated[int, typer.Option(help="Tasks that become overdue together.")] = DEFAULT_SIZES.due,
    chain: Annotated[int, typer.Option(help="Links of the chain of prerequisites.")] = DEFAULT_SIZES.chain,
    reminders: Annotated[int, typer.Option(help="Reminders due at one second.")] = DEFAULT_SIZES.reminders,
    clients: Annotated[int, typer.Option(help="Live connections, to each of two servers.")] = DEFAULT_SIZES.clients,
    rounds: Annotated[int, typer.Option(help="Rounds for each side.")] = DEFAULT_SIZES.rounds,
    seconds: Annotated[float, typer.Option(help="Seconds of writes before the sweep.")] = DEFAULT_SIZES.seconds,
    output: Annotated[Path, typer.Option(help="File for the results.")] = HERE / "RESULTS.md",
) -> None:
    """Measures each benchmark beside its comparison, and checks the goals."""
    sizes = Sizes(
        tasks=tasks,
        people=people,
        due=due,
        chain=chain,
        reminders=reminders,
        clients=clients,
        rounds=rounds,
        seconds=seconds,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whatever ends the run, nothing is left behind
    results = []
    for name, kind in product(names or Name, on or Kind):
        results.append(measured(name, kind, sizes))
        report.write(output, results, sizes)
    report.show(results)


def measured(name: str, kind: str, sizes: Sizes) -> report.Result:
    """One benchmark on a database of its own."""
    Console(stderr=True).print(f"{name} on {kind}", style="bold")
    command = [sys.executable, "-m", "benchmarks.one", name, json.dumps(asdict(sizes))]
    with installation(kind) as env:
        done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own command
    said = json.loads(done.stdout)
    return report.Result(name, said["database"], [Row.from_json(row) for row in said["rows"]])


if __name__ == "__main__":
    typer.run(main)

"""`make faults`: long storms, and docs/faults.md about them."""

import argparse
import sys
import time
from pathlib import Path

from tests.faults.checks import complaints
from tests.faults.report import Outcome, document
from tests.faults.storm import Size, Storm

REPORT = Path(__file__).parents[2] / "docs" / "faults.md"
DATABASES = ("postgresql", "sqlite")


def main() -> None:
    """Ends with 1 where a check has found something."""
    arguments = _arguments()
    size = Size(
        reminders=arguments.reminders,
        together=arguments.together,
        people=10,
        kills=arguments.kills,
        window=arguments.kills * 0.9,
        pause=(0.1, 0.8),
        workers=arguments.workers,
        parent_too=not arguments.fair_weather,
        fair_weather=arguments.fair_weather,
    )
    outcomes = [_outcome(database, arguments.seed, size) for database in arguments.on]
    Path(arguments.output).write_text(document(outcomes, size))
    print(Path(arguments.output).read_text())
    sys.exit(any(outcome.complaints for outcome in outcomes))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="A long storm.")
    parser.add_argument("--on", choices=DATABASES, action="append", help="which databases; both, unless told")
    parser.add_argument("--reminders", type=int, default=5000)
    parser.add_argument("--together", type=int, default=10_000, help="further ones, all due at one second")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--fair-weather", action="store_true", help="only kill web, workers, beat and Valkey")
    parser.add_argument("--output", default=REPORT)
    arguments = parser.parse_args()
    arguments.on = arguments.on or DATABASES
    return arguments


def _outcome(database: str, seed: int, size: Size) -> Outcome:
    storm, begin = Storm(on=database, seed=seed, size=size), time.monotonic()
    history = storm.run()
    return Outcome(storm, history, complaints(history), time.monotonic() - begin)


if __name__ == "__main__":
    main()

"""What a long storm has shown, as docs/faults.md."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from tests.faults.checks import History, lateness, spread
from tests.faults.projects import TASKS
from tests.faults.storm import Size, Storm

HEAD = """# Faults

Written by `make faults` on {date}. Real processes, a real database and a mail server that misbehaves on request;
at random, with a seed, everything is killed and cut off, while people set reminders. `tests/faults/checks.py` says what
must hold at the end; `tests/faults/test_safeguards.py` shows that each check fails if its safeguard is removed.

- {cores} cores ({machine}), {system}
- Python {python}, Django {django}, Celery {celery}
- {reminders:,} reminders of {people} people, due over {window:.0f} s, half of them in one second
- {together:,} further ones, set before the storm and all due at one second of it
- half of the tasks in a shared project; {tasks} comments with a mention; a member who is removed, a project that is
  archived, and tasks that move to another one, before {tasks} reminders there are due
- {workers} workers, 2 clocks
"""


@dataclass(frozen=True)
class Outcome:
    """One storm and what was found after it."""

    storm: Storm
    history: History
    complaints: Sequence[str]
    seconds: float


def document(outcomes: Sequence[Outcome], size: Size) -> str:
    """The whole page."""
    head = HEAD.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        cores=os.cpu_count(),
        machine=platform.machine(),
        system=platform.system(),
        python=platform.python_version(),
        django=version("django"),
        celery=version("celery"),
        reminders=size.reminders,
        together=size.together,
        people=size.people,
        window=size.window,
        tasks=TASKS,
        workers=size.workers,
    )
    return "\n".join([head, *(_section(outcome) for outcome in outcomes)])


def _section(outcome: Outcome) -> str:
    lines = [f"## {outcome.storm.on}, seed {outcome.storm.seed}, {outcome.seconds:.0f} s", ""]
    lines += ["| what | times |", "|---|---|"]
    lines += [f"| {what} | {times} |" for what, times in sorted(outcome.storm.happened.items())]
    lines += ["", "| found | |", "|---|---|"]
    lines += [f"| {what} | {value} |" for what, value in _figures(outcome).items()]
    lines += ["", *(f"- {complaint}" for complaint in outcome.complaints[:50])]
    return "\n".join(lines).rstrip() + "\n"


def _figures(outcome: Outcome) -> dict[str, str]:
    history = outcome.history
    flagged = {row.message_id for row in history.rows if row.ambiguous}
    doubled = {message_id for message_id, entries in history.taken.items() if len(entries) > 1}
    sent = {row.message_id for row in history.rows if row.state == "sent"}
    figures = {
        "programs and databases killed": outcome.storm.kills,
        "reminders acknowledged": len(history.promises),
        "emails due": len(history.rows),
        "lost": len(sent - set(history.taken)),
        "permanently refused by the mail server": sum(row.state == "failed" for row in history.rows),
        "accepted twice without a flag": len(doubled - flagged),
        "flagged as in doubt": len(flagged),
        "of these, accepted twice": len(doubled & flagged),
        "complaints of all checks": len(outcome.complaints),
    }
    times = lateness(history, until=outcome.storm.calm_at)
    undisturbed = lateness(history, until=outcome.storm.calm_at, at_first_attempt=True)
    return {what: f"{value:,}" for what, value in figures.items()} | {
        "lateness in the storm": _words(undisturbed),
        "the same with those that the mail server had refused or cut off": _words(times),
        "sent by the sender with its clock ahead": f"{len(history.taken) - len(times):,}",
    }


def _words(times: Sequence[float]) -> str:
    return "p50 {:.1f} s, p99 {:.1f} s, max {:.1f} s".format(*spread(times))

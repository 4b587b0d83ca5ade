"""A storm: people set reminders while everything around them is killed and cut, at random, with a seed."""

import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.faults import sink as sinks
from tests.faults.checks import History, Known, Promise, Row
from tests.faults.installation import Installation, installation
from tests.faults.people import TOGETHER, Person, people_of
from tests.faults.projects import Team, due_after
from tests.processes import eventually

# Of a worker, as it comes: three senders at most, each with sixteen mails under way.
UNDER_WAY = 3 * 16
ALL_QUIET = 60.0
# Reminders that nothing keeps from going out by email: in no doubt, refused for now by nobody, and not put off, as
# those are that would be too many in an hour.
WAITING = """
SELECT count(*) FROM notifications_delivery AS mail
JOIN notifications_notification AS message ON message.id = mail.notification_id AND kind = 'reminder'
WHERE mail.due_at = message.due_at AND state IN ('pending', 'leased')
AND final_dot_at IS NULL AND attempt = 0 AND not_before IS NOT NULL
"""
EVERY_REPLY_SENT = [kind for kind in sinks.WEATHER if kind not in ("drops after the dot", "drops at the dot")]
WEIGHTS = {"worker": 4, "beat": 2, "web": 1, "valkey": 1}


@dataclass(frozen=True)
class Size:
    """How much happens. Times are in seconds."""

    reminders: int = 300
    together: int = 0  # further ones that are all due at one second, set while the weather is fair
    people: int = 4
    kills: int = 12
    window: float = 15  # over which the reminders fall due
    pause: tuple[float, float] = (0.3, 1.2)  # between two faults
    workers: int = 2
    parent_too: bool = False  # takes a while to come back
    fair_weather: bool = False  # the mail server and the database are well; only programs are killed
    no_excuse: bool = False  # senders are stopped, never killed, and get every reply: no email is ever in doubt


@dataclass
class Storm:
    """One run. `happened` counts the faults by name."""

    on: str
    seed: int
    size: Size
    happened: Counter[str] = field(default_factory=Counter)
    cut: int = 0  # how many mails were under way where a sender was ended that could not write down an answer
    calm_at: float = 0.0
    healed_at: float = 0.0

    def run(self) -> History:
        """Everything from the first start to the last look into the database."""
        self.random = Random(self.seed)
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="taskbell-storm-")))
            sink = stack.enter_context(sinks.running(folder / "book", seed=self.seed))
            here = stack.enter_context(installation(folder, sink, on=self.on, workers=self.size.workers))
            people = people_of(here, self.size.people)
            team = Team(people)
            team.meet()
            for person in people:
                stack.callback(person.program.close)
            assert all(person.copy.keep_up(person.program) for person in people)
            promises = self._blow(here, sink, people, team)
            copies = self._calm_down(here, people)
            return self._history(here, sink, promises, copies, team)

    def _blow(self, here: Installation, sink: sinks.Sink, people: list[Person], team: Team) -> list[Promise]:
        """The people write, each in a thread, while the faults happen."""
        share, together = self.size.reminders // len(people), self.size.together // len(people)
        with ThreadPoolExecutor(len(people) + 1) as pool:
            team.plan(due_after(self.size.window))
            due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=TOGETHER * self.size.window)
            promises = list(pool.map(lambda person: person.promise_together(together, due), people))
            first = datetime.now(UTC) + timedelta(seconds=3)
            assert first < due, "The reminders were not all there before they were due."
            writing = [
                pool.submit(person.promise, share, first, self.size.window, Random(self.seed + number))
                for number, person in enumerate(people)
            ]
            writing.append(pool.submit(team.act, self.size.window, Random(self.seed)))
            try:
                while self.kills < self.size.kills:
                    self._fault(here, sink)
                    here.look_after()
                    time.sleep(self.random.uniform(*self.size.pause))
            finally:
                for person in people:
                    person.patience_ends_at = time.monotonic() + self.size.window + ALL_QUIET
            sink.be("calm")
            within = self.size.window + ALL_QUIET  # each restart of the web has held the writers up
            eventually(lambda: here.look_after() or all(future.done() for future in writing), within=within)
            return [promise for made in (*promises, *(future.result() for future in writing)) for promise in made]

    @property
    def kills(self) -> int:
        """How many programs and databases were killed. Processes that were stopped don't count."""
        return sum(times for what, times in self.happened.items() if what.endswith(("killed", "crashes")))

    def _fault(self, here: Installation, sink: sinks.Sink) -> None:
        """One fault of those that are possible now."""
        dice = self.random.random()
        if self.size.fair_weather:
            self._hit(here)
        elif dice < 0.25:
            weather = self.random.choice(EVERY_REPLY_SENT if self.size.no_excuse else sinks.WEATHER)
            sink.be(weather, self.random.choice((0.1, 0.3, 1.0)) if weather != "calm" else 1.0)
            self.happened[f"mail server {weather}"] += 1
        elif dice < 0.35 and here.postgres:
            here.postgres.crash()
            self.happened["database crashes"] += 1
        elif dice < 0.4 and self.size.parent_too:
            here.kill_parent()
            self.cut += UNDER_WAY
            self.happened["parent killed"] += 1
        else:
            self._hit(here)

    def _hit(self, here: Installation) -> None:
        roles = here.roles() or ["web"]
        role = self.random.choices(roles, weights=[WEIGHTS[role.split()[0]] for role in roles])[0]
        kind = role.split()[0]
        is_told = kind == "worker" and (self.size.no_excuse or self.random.random() < 0.3)
        how = signal.SIGTERM if is_told else signal.SIGKILL
        if here.hit(role, how):
            self.cut += UNDER_WAY * (kind == "worker" and how == signal.SIGKILL)
            self.happened[f"{kind} {'stopped' if how == signal.SIGTERM else 'killed'}"] += 1

    def _calm_down(self, here: Installation, people: list[Person]) -> list[Known]:
        """Waits until all that is due has fired, and sends what has to wait for a later hour.

        In between, everybody's copy is brought up to date.
        """
        due = "SELECT count(*) FROM reminders_reminder WHERE next_at IS NOT NULL"

        def all_fired() -> bool:
            here.look_after()
            return here.rows(due) == [(0,)]

        eventually(all_fired, within=self.size.window + ALL_QUIET)
        eventually(lambda: here.look_after() or here.rows(WAITING) == [(0,)], within=2 * ALL_QUIET)
        self.calm_at = time.time()
        for person in people:
            eventually(partial(person.copy.keep_up, person.program), within=ALL_QUIET)
        copies = [
            Known(person.pk, person.copy.tasks, person.listed(), person.copy.told, person.copy.resyncs > 0)
            for person in people
        ]
        here.stop()
        self.healed_at = time.time()
        here.heal()
        return copies

    def _history(
        self, here: Installation, sink: sinks.Sink, promises: list[Promise], copies: list[Known], team: Team
    ) -> History:
        columns = "message.id, task_id, recipient_id, kind, message_id, state, ambiguous, message.due_at"
        columns += ", attempt, gathered_into_id"
        outbox = "notifications_delivery AS mail ON mail.notification_id = message.id"
        rows = here.rows(f"SELECT {columns} FROM notifications_notification AS message LEFT JOIN {outbox}")
        book = sink.entries()
        return History(
            promises=promises,
            tasks=[(pk, title) for pk, title in here.rows("SELECT id, title FROM tasks_task")],
            rows=[Row(*row[:6], bool(row[6]), _aware(row[7]), *row[8:]) for row in rows],
            book=book,
            copies=copies,
            notices=team.notices,
            needless=team.cancelled,
            healed_at=self.healed_at,
            unfired=here.rows("SELECT count(*) FROM reminders_reminder WHERE next_at IS NOT NULL")[0][0],
            doubts=self.cut + sum(entry.fate in ("dropped", "accepted in silence") for entry in book),
        )


def _aware(moment: datetime | str) -> datetime:
    """SQLite keeps UTC as text without a zone."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC) if isinstance(moment, str) else moment

"""People who change things for ever, each their own, and tell the oracle what was acknowledged."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from tests.journeys.facts import BLOCKED, BY_REMINDER, DONE, LIST, Oracle, becomes
from tests.journeys.sharer import Sharer
from tests.journeys.wires import Person

ADMIN = "ada"
NEVER, LONG_AGO = "2999-12-31", "2020-01-01"


class Writer:
    """One person and their tasks: edited, waiting for another, coming and going, left to the clock."""

    def __init__(self, me: Person, colleague: Person, oracle: Oracle, seed: int) -> None:
        self.me, self.chance, self.numbers = me, Random(seed), count(1)
        self.colleague = colleague
        both = (me.name, ADMIN)
        self.category = self.api("POST", "categories/", name=f"{me.name} 0")["id"]
        self.task = self.new("0", category=self.category)
        self.needed = self.new("first")
        self.waiting = self.new("then", pre_tasks=[self.needed])
        self.guest, self.clocked = self.new("comes and goes"), self.new("for the clock", due_date=NEVER)
        self.sharer = Sharer(me, colleague, ADMIN, oracle)
        self.title = oracle.field(self.task, "title", "0", *both)
        self.bulk = [oracle.field(task, "description", "", *both) for task in (self.task, self.waiting)]
        self.labels = oracle.field(self.task, "labels", [], *both)
        self.comments, self.comment = oracle.field(self.needed, "comment_count", 0, *both), 0
        self.category_name = oracle.field(self.task, "category_name", f"{me.name} 0", *both)
        self.remind_at = oracle.field(self.task, "remind_at", None, *both, path=BY_REMINDER)
        self.snoozed = oracle.fact(0, LIST, (me.name,), lambda rows: len(rows[self.needed]["reminders"]))
        self.is_snoozed_for_others = oracle.fact(0, LIST, (ADMIN,), lambda rows: len(rows[self.needed]["reminders"]))
        self.blocked = [
            oracle.field(self.waiting, "is_blocked", True, *both),
            oracle.is_there(self.waiting, True, BLOCKED, *both),
        ]
        self.links = oracle.field(self.waiting, "pre_tasks", [self.needed], *both)
        self.stage = oracle.field(self.needed, "stage", "PENDING", *both)
        self.done = oracle.is_there(self.needed, False, DONE, *both)
        self.presence = oracle.is_there(self.guest, True, LIST, *both)
        self.handed = oracle.is_there(self.task, False, LIST, colleague.name)
        self.status = oracle.field(self.clocked, "status", "PENDING", *both)
        self.fired = oracle.fact([], LIST, both, lambda rows: states(rows[self.clocked]))

    def api(self, method: str, path: str, /, **body: Any) -> Any:
        return self.me.done(method, f"/api/{path}", body or None)

    def new(self, title: str, **fields: Any) -> int:
        return int(self.api("POST", "tasks/", title=title, **fields)["id"])

    @property
    def deeds(self) -> list[Callable[[], None]]:
        """All that this person does, in an order that they made up."""
        verbs = [self.rename, self.rename_category, self.edit_many, self.remind, self.snooze, self.finish, self.link]
        verbs += [self.come_or_go, self.hand_over, self.leave_it_to_the_clock, self.relabel, self.rename_label]
        verbs += [self.write_comment, *self.sharer.deeds]
        return self.chance.sample(verbs, len(verbs))

    def rename(self) -> None:
        title = f"Title {next(self.numbers)}"
        with becomes((self.title, title)):
            self.api("PATCH", f"tasks/{self.task}/", title=title)

    def rename_category(self) -> None:
        name = f"{self.me.name} {next(self.numbers)}"
        with becomes((self.category_name, name)):
            self.api("PATCH", f"categories/{self.category}/", name=name)

    def relabel(self) -> None:
        names = [] if self.labels.values[-1] else [f"{self.me.name} {next(self.numbers)}"]
        with becomes((self.labels, names)):
            self.api("PATCH", f"tasks/{self.task}/", labels=names)

    def rename_label(self) -> None:
        if self.labels.values[-1]:
            (label,) = self.api("GET", f"tasks/{self.task}/")["label_ids"]
            name = f"{self.me.name} {next(self.numbers)}"
            with becomes((self.labels, [name])):
                self.api("PATCH", f"labels/{label}/", name=name)

    def write_comment(self) -> None:
        """Or delete the one that is there."""
        path = f"tasks/{self.needed}/comments/"
        with becomes((self.comments, 0 if self.comment else 1)):
            if self.comment:
                self.comment = self.api("DELETE", f"{path}{self.comment}/") or 0
            else:
                self.comment = self.api("POST", path, body="Done soon.")["id"]

    def edit_many(self) -> None:
        text = f"Text {next(self.numbers)}"
        with becomes(*((fact, text) for fact in self.bulk)):
            self.api(
                "POST", "tasks/bulk/", update=[{"id": pk, "description": text} for pk in (self.task, self.waiting)]
            )

    def remind(self) -> None:
        at = f"2099-01-01T00:00:{next(self.numbers) % 60:02}Z"
        with becomes((self.remind_at, at)):
            self.api("PATCH", f"tasks/{self.task}/", remind_at=at)

    def snooze(self) -> None:
        """A reminder that nobody else sees."""
        number = next(self.numbers)
        reminders = [{"at": f"2098-01-01T00:{number // 60 % 60:02}:{n:02}Z", "for_me": True} for n in range(number % 4)]
        with becomes((self.snoozed, len(reminders))):
            self.api("PATCH", f"tasks/{self.needed}/", reminders=reminders)

    def finish(self) -> None:
        """What waits for it becomes free; or it is begun anew."""
        is_done = not self.done.values[-1]
        stage, is_blocked = "COMPLETED" if is_done else "PENDING", not is_done and bool(self.links.values[-1])
        facts = [(self.stage, stage), (self.done, is_done), *((fact, is_blocked) for fact in self.blocked)]
        with becomes(*facts):
            self.api("PATCH", f"tasks/{self.needed}/", status=stage)

    def link(self) -> None:
        links = [] if self.links.values[-1] else [self.needed]
        is_blocked = bool(links) and not self.done.values[-1]
        with becomes((self.links, links), *((fact, is_blocked) for fact in self.blocked)):
            self.api("PATCH", f"tasks/{self.waiting}/", pre_tasks=links)

    def come_or_go(self) -> None:
        is_there = self.presence.values[-1]
        with becomes((self.presence, not is_there)):
            if is_there:
                self.api("DELETE", f"tasks/{self.guest}/")
            else:
                self.api("POST", f"tasks/{self.guest}/restore/")

    def hand_over(self) -> None:
        is_theirs = not self.handed.values[-1]
        with becomes((self.handed, is_theirs)):
            self.api("PATCH", f"tasks/{self.task}/", assigned_to=self.colleague.id if is_theirs else None)

    def leave_it_to_the_clock(self) -> None:
        """It becomes overdue and a reminder fires; or, when both have happened, there is time again."""
        path = f"tasks/{self.clocked}/"
        if self.status.values[-1] == "PENDING":
            soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
            self.fired.may_become(["armed"])
            self.fired.may_become(["fired"])
            self.status.may_become("OVERDUE")
            self.api("PATCH", path, due_date=LONG_AGO, reminders=[{"at": soon}])
        elif self.clock_has_acted():
            with becomes((self.status, "PENDING"), (self.fired, [])):
                self.api("PATCH", path, due_date=NEVER, reminders=[])

    def clock_has_acted(self) -> bool:
        """True once the task itself, which is never cached, shows it; from then on lists must show it as well."""
        task = self.api("GET", f"tasks/{self.clocked}/")
        for fact, seen in ((self.status, task["status"]), (self.fired, states(task))):
            if seen == fact.values[-1]:
                fact.is_acknowledged()
        return all(fact.acknowledged == len(fact.values) - 1 for fact in (self.status, self.fired))


def states(task: dict[str, Any]) -> list[str]:
    """What became of its reminders."""
    return [reminder["state"] for reminder in task["reminders"]]

"""People who write through the API and do not give up before they have an answer."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx

from tests.faults.checks import Promise
from tests.faults.installation import Installation

PASSWORD = "correct horse battery"
AT_ONCE, MANY_AT_ONCE = 10, 200
TRY_AGAIN = 0.2
LOOKS = 0.1  # after which share of the writes a copy is kept up
TOGETHER = 0.7  # so far into the window, half of all reminders are due at one second
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass
class Copy:
    """What somebody's program knows from `/api/changes/` alone: the tasks by id, and which messages there were."""

    tasks: dict[int, Any] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    cursor: str = ""
    resyncs: int = 0

    def keep_up(self, program: httpx.Client) -> bool:
        """Reads on from where it stands; False where the server did not let it come to the end."""
        while True:
            try:
                answer = program.get(
                    "changes/", params={"limit": 500} | ({"since": self.cursor} if self.cursor else {})
                )
            except httpx.HTTPError:
                return False
            if not answer.is_success:
                return False
            said = answer.json()
            if said["resync"]:
                self.tasks, self.cursor, self.resyncs = {}, "", self.resyncs + 1
                continue
            for change in said["changes"]:
                self._take(change)
            self.cursor = said["cursor"]
            if not said["more"]:
                return True

    def _take(self, change: dict[str, Any]) -> None:
        match change["event"]:
            case "task.updated":
                self.tasks[change["task_id"]] = change["task"]
            case "task.deleted":
                self.tasks.pop(change["task_id"], None)
            case "notification.created":
                self.told.append(change["id"])


@dataclass
class Person:
    """Somebody who is signed in, and knows the others."""

    pk: int
    program: httpx.Client
    others: list[int]
    name: str
    project: int | None = None  # where every other task goes; otherwise to the Inbox
    patience_ends_at: float = float("inf")
    copy: Copy = field(default_factory=Copy)

    def promise(self, count: int, first: datetime, window: float, random: Random) -> list[Promise]:
        """Makes so many reminders, half of them due over the window and half at once, some for somebody else as well.

        A request that stays without an answer is sent again with its key, until there is one.
        """
        made: list[Promise] = []
        for place in range(0, count, AT_ONCE):
            patches = [
                self._wish(number, first, window, random) for number in range(place, min(count, place + AT_ONCE))
            ]
            answer = self.create(patches, key=str(UUID(int=random.getrandbits(128))))
            made += self._promises(patches, answer["created"])
            if random.random() < LOOKS:
                self.copy.keep_up(self.program)
            time.sleep(random.uniform(0, window * AT_ONCE / count))
        return made

    def promise_together(self, count: int, due: datetime) -> list[Promise]:
        """Makes so many reminders that are all due at this second."""
        made: list[Promise] = []
        for place in range(0, count, MANY_AT_ONCE):
            numbers = range(place, min(count, place + MANY_AT_ONCE))
            patches = [{"title": f"Together {number} of {self.pk}", "remind_at": due.isoformat()} for number in numbers]
            answer = self.create(patches, key=f"together {self.pk} {place}")
            made += self._promises(patches, answer["created"])
        return made

    def listed(self) -> dict[int, Any]:
        """The tasks as the server lists them, those of archived projects too."""
        tasks = {}
        for archived in ("false", "true"):
            address = f"tasks/?archived={archived}&page_size=200&cursor="
            while address:
                page = self.program.get(address).raise_for_status().json()
                tasks |= {task["id"]: task for task in page["results"]}
                address = page["next"]
        return tasks

    def _wish(self, number: int, first: datetime, window: float, random: Random) -> dict[str, Any]:
        due = first + timedelta(seconds=TOGETHER * window if number % 2 else random.uniform(0, window))
        patch: dict[str, Any] = {"title": f"Task {number} of {self.pk}", "remind_at": due.isoformat()}
        patch |= {"project": self.project} if self.project and random.random() < 0.5 else {}
        return patch | ({"assigned_to": random.choice(self.others)} if self.others else {})

    def _promises(self, patches: list[dict[str, Any]], tasks: list[dict[str, Any]]) -> Iterator[Promise]:
        for patch, task in zip(patches, tasks, strict=True):
            people = frozenset({self.pk, patch.get("assigned_to", self.pk)})
            yield Promise(task["id"], patch["title"], datetime.fromisoformat(patch["remind_at"]), people)

    def create(self, patches: list[dict[str, Any]], *, key: str) -> dict[str, Any]:
        """Makes these tasks."""
        return self.insist("POST", "tasks/bulk/", {"create": patches}, key=key)

    def insist(self, method: str, path: str, body: Any = None, *, key: str = "", gone: bool = False) -> Any:
        """Asks until there is an answer. With `gone`, 404 says that an earlier request has done it."""
        while True:
            try:
                answer = self.program.request(method, path, json=body, headers={"Idempotency-Key": key} if key else {})
            except httpx.HTTPError as problem:
                said = repr(problem)
            else:
                if answer.is_success or (gone and answer.status_code == 404):
                    return answer.json() if answer.content else None
                said = f"{answer.status_code} {answer.text}"
                assert answer.status_code >= 500, said
            assert time.monotonic() < self.patience_ends_at, said
            time.sleep(TRY_AGAIN)


def people_of(here: Installation, count: int) -> list[Person]:
    """People who have just registered. The first is ADMIN, and gives the others something to do."""
    people = [_newcomer(here.program(), f"person{number}") for number in range(count)]
    here.confirm_addresses()
    people[0].others = [person.pk for person in people[1:]]
    return people


def _newcomer(program: httpx.Client, name: str) -> Person:
    form = {"email": f"{name}@example.org", "password": PASSWORD}
    registered = program.post("register/", json=form)
    assert registered.status_code == 201, registered.text
    pair = program.post("token/", json=form).json()
    program.headers["Authorization"] = f"Bearer {pair['access']}"
    return Person(registered.json()["id"], program, others=[], name=name)

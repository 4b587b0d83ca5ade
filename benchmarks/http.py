"""Requests a second, beside plain Django REST framework on the same server and the same database."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection

from benchmarks import shape
from benchmarks.measure import Goal, Row, Sizes, interleaved
from benchmarks.requests import NARROWED, Asker, asker, days, fetched, lists, meaning, request
from benchmarks.seed import seed
from benchmarks.serving import BARE, OURS, PLAIN, servers
from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.tasks.models import Task

PEOPLE, DAYS, WARM_DAYS, MANAGER_DAYS = range(3, 103), 700, 2, 200
CONNECTIONS, FEW = 8, 2
MAX_ROUNDS = 5
SMALL, SMALL_FOR_ALL = "/api/small/", "/api/small-for-all/"
BULK, PASSWORD, SIGNING_IN = 100, "correct horse battery", 20
# After the days that lists ask for, which are to stay as long as they are, round after round.
BODY = {"title": "Water the plants", "description": "All of them.", "due_date": "2030-03-31"}
FULL = BODY | {"priority": "HIGH", "reminders": [{"before_due": "PT24H"}]}

Rate = Callable[[], float]


@dataclass
class Side:
    """One who is measured: where it asks, what, and the status that it has to get."""

    port: int
    requests: Callable[[], Iterable[str]]
    status: int = 200
    seconds: float = 5
    each: int = 1  # what one answer counts for
    connections: int = CONNECTIONS

    def rate(self) -> float:
        """Answers a second. Raises RuntimeError where one has another status."""
        return self.measured()[0]

    def measured(self) -> tuple[float, float]:
        """Answers a second, and the milliseconds within which 99 of 100 arrive. Raises RuntimeError like `rate`."""
        asked = {"port": self.port, "requests": list(self.requests()), "seconds": self.seconds}
        said = _process("load", asked | {"connections": self.connections})
        if set(said["statuses"]) != {str(self.status)}:
            raise RuntimeError(f"Expected {self.status} alone, seen {said['statuses']}.")
        return float(sum(said["statuses"].values()) * self.each / said["seconds"]), float(said["late"])


def rates_and_waits(sides: Mapping[str, Side], sizes: Sizes) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Answers a second of each side in each round, and the milliseconds within which 99 of 100 arrived."""
    found = interleaved({name: side.measured for name, side in sides.items()}, _rounds(sizes))
    rates, waits = ({name: [one[part] for one in them] for name, them in found.items()} for part in (0, 1))
    return rates, waits


def run(sizes: Sizes) -> list[Row]:
    """Lists, details and writes of ordinary people, in turns with what they are compared with."""
    now = utc_now()
    tasks = sizes.tasks if connection.vendor == "postgresql" else max(sizes.tasks // 10, 100)
    seed(tasks, people=sizes.people, now=now)
    User.objects.filter(pk__in=PEOPLE).update(password=make_password(PASSWORD))
    askers = [asker(person, now=now) for person in User.objects.filter(role="MEMBER", pk__in=PEOPLE)]
    # Several: one person's slow reads take turns.
    User.objects.filter(role="INTERN", pk__in=PEOPLE).update(role="MANAGER")
    managers = [asker(person, now=now) for person in User.objects.filter(role="MANAGER")]
    busy = asker(User.objects.get(pk=shape.BUSY), now=now)
    with servers() as ports:
        _check_equal(ports, [*askers[:5], managers[0]])
        sides = _sides(ports, askers, managers, busy)
        for side in sides.values():
            side.seconds = sizes.seconds
        rates = interleaved({name: side.rate for name, side in sides.items()} | _alone(askers, sizes), _rounds(sizes))
    return _rows(rates)


def _rounds(sizes: Sizes) -> int:
    return min(sizes.rounds, MAX_ROUNDS)


def _sides(ports: dict[str, int], askers: list[Asker], managers: list[Asker], busy: Asker) -> dict[str, Side]:
    ours, plain, first = ports[OURS], ports[PLAIN], askers[0]
    dates, numbers = iter(days(10_000)), count()

    def unasked(side: str, more: str = "") -> Callable[[], list[str]]:
        return lambda: lists(askers, side, [next(dates) for _ in range(DAYS // len(askers) + 40)], more)

    def everybodys(side: str) -> list[str]:
        return lists(managers, side, [next(dates) for _ in range(MANAGER_DAYS)])

    def details(side: str) -> list[str]:
        keys = {one: own_tasks(one) for one in askers}
        return [request("GET", f"/api/tasks/{pk}/", getattr(one, side)) for one in askers for pk in keys[one]]

    def patches() -> list[str]:
        return [
            request("PATCH", f"/api/tasks/{pk}/", one.ours, {"title": f"Water it again ({next(numbers)})"})
            for one in askers
            for pk in own_tasks(one)
        ]

    warm = days(WARM_DAYS)
    return {
        "list, plain": Side(plain, unasked("plain")),
        "list": Side(ours, unasked("ours")),
        "list by cursor": Side(ours, unasked("ours", "&cursor=")),
        "list, cached": Side(ours, lambda: lists(askers, "ours", warm)),
        "list, 304": Side(ours, lambda: _known(ours, askers, warm), 304),
        "deep page, plain": Side(plain, lambda: _deep(busy, busy.plain), connections=FEW),
        "deep page": Side(ours, lambda: _deep(busy, busy.ours), connections=FEW),
        "everybody's tasks, plain": Side(plain, lambda: everybodys("plain")),
        "everybody's tasks": Side(ours, lambda: everybodys("ours")),
        "one task, plain": Side(plain, lambda: details("plain")),
        "one task": Side(ours, lambda: details("ours")),
        "new task, plain": Side(
            plain, lambda: [request("POST", "/api/tasks/", one.plain, BODY) for one in askers], 201
        ),
        "new task": Side(ours, lambda: [request("POST", "/api/tasks/", one.ours, FULL) for one in askers], 201),
        "new tasks, a hundred at once": Side(
            ours,
            lambda: [request("POST", "/api/tasks/bulk/", one.ours, {"create": [FULL] * BULK}) for one in askers],
            each=BULK,
            connections=FEW,
        ),
        "change of a task": Side(ours, patches),
        "sign-in, plain": Side(plain, lambda: _signing_in(askers), connections=FEW),
        "sign-in": Side(ours, lambda: _signing_in(askers), connections=FEW),
        "small answer, plain": Side(plain, lambda: [request("GET", SMALL, first.plain)]),
        "small answer": Side(ours, lambda: [request("GET", SMALL, first.ours)]),
        "small answer to everybody": Side(ours, lambda: [request("GET", SMALL_FOR_ALL)]),
        "bare server": Side(ports[BARE], lambda: [request("GET", "/")]),
    }


def own_tasks(one: Asker) -> list[int]:
    """Some tasks that the person has created."""
    mine = Task.objects.filter(created_by=one.pk, deleted_at=None).values_list("pk", flat=True)
    return Random(one.pk).sample(list(mine), min(20, len(mine)))  # noqa: S311 - to be the same every time


def _signing_in(askers: list[Asker]) -> list[str]:
    """People with their names and passwords."""
    names = User.objects.filter(pk__in=[one.pk for one in askers[:SIGNING_IN]]).values_list("username", flat=True)
    return [request("POST", "/api/token/", body={"username": name, "password": PASSWORD}) for name in names]


def _deep(one: Asker, token: str) -> list[str]:
    """Pages far down a long list, each of another size."""
    count = Task.objects.visible_to(User.objects.get(pk=one.pk)).count()
    return [
        request("GET", f"/api/tasks/?page_size={size}&page={max(1, count * 9 // 10 // size - back)}", token)
        for size in range(50, 60)
        for back in range(100)
        if count > 200 * size or back == 0
    ]


def _known(port: int, askers: list[Asker], dates: list[str]) -> list[str]:
    """Lists that the client has already."""
    return [
        request("GET", path, one.ours, If_None_Match=fetched(port, path, one.ours)[1])
        for one in askers
        for path in (f"/api/tasks/?{NARROWED}&due_date_gte={date}" for date in dates)
    ]


def _check_equal(ports: dict[str, int], askers: list[Asker]) -> None:
    """Raises RuntimeError unless both sides say the same, to the last field."""
    for one in askers:
        for path in ("/api/tasks/", f"/api/tasks/?{NARROWED}", "/api/tasks/?page_size=3&completed=false"):
            theirs, ours = fetched(ports[PLAIN], path, one.plain)[0], fetched(ports[OURS], path, one.ours)[0]
            for answer in (theirs, ours):
                answer.pop("next"), answer.pop("previous")  # they name their own ports
            if meaning(theirs) != meaning(ours) or not ours["count"]:
                raise RuntimeError(f"{path} of person {one.pk}: the answers differ.")


def _alone(askers: list[Asker], sizes: Sizes) -> dict[str, Rate]:
    if connection.vendor != "postgresql":
        return {}
    asked = {"address": os.environ["DATABASE_URL"], "people": [one.pk for one in askers], "days": days(DAYS)}

    def rate() -> float:
        said = _process("alone", asked | {"seconds": sizes.seconds})
        return float(said["count"] / said["seconds"])

    return {"the query alone": rate}


def _process(name: str, asked: dict[str, Any]) -> Any:
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    return json.loads(done.stdout)


COMPARED: list[tuple[str, str, float | None]] = [
    ("list", "list, plain", 3),
    ("list by cursor", "list, plain", 4),
    ("list", "the query alone", 0.3),
    ("list", "list by cursor", 0.8),
    ("list, cached", "list, plain", 10),
    ("list, 304", "list, plain", 15),
    ("deep page", "deep page, plain", None),
    ("everybody's tasks", "everybody's tasks, plain", 20),
    ("everybody's tasks", "list", 0.5),
    ("one task", "one task, plain", None),
    ("new task", "new task, plain", 0.7),
    ("new tasks, a hundred at once", "new task, plain", 0.7),
    ("change of a task", "new task, plain", 0.7),
    ("sign-in", "sign-in, plain", None),
    ("small answer", "small answer, plain", None),
    ("small answer", "small answer to everybody", 0.5),
    ("small answer to everybody", "bare server", None),
]


def _rows(rates: dict[str, list[float]]) -> list[Row]:
    return [
        Row(what, rates[what], rates[beside], beside, Goal("speed", least) if least else None, unit="/s")
        for what, beside, least in COMPARED
        if beside in rates
    ]

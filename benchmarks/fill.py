"""Fills a database in a process of its own, since Django knows one database a process; writes a line of what to ask."""

import json
import sys
from itertools import chain, cycle, islice

from benchmarks.http import PEOPLE, own_tasks
from benchmarks.measure import Row, Sizes
from benchmarks.requests import asker, days, lists, request
from benchmarks.seed import seed
from taskbell.accounts.models import User
from taskbell.common.clock import utc_now

READS = 9  # for each change
BODY = {"title": "Water the plants", "due_date": "2030-03-31", "reminders": [{"before_due": "PT24H"}]}


def run(sizes: Sizes) -> list[Row]:
    """A tenth of the tasks; lists that nobody has asked for yet, new tasks, single tasks, and a mixed load."""
    now = utc_now()
    seed(max(sizes.tasks // 10, 100), people=sizes.people, now=now)
    askers = [asker(person, now=now) for person in User.objects.filter(role="MEMBER", pk__in=PEOPLE)]
    writes = [request("POST", "/api/tasks/", one.ours, BODY) for one in askers]
    narrowed = lists(askers, "ours", days(700))
    mine = [(one, pk) for one in askers for pk in own_tasks(one)]
    details = [request("GET", f"/api/tasks/{pk}/", one.ours) for one, pk in mine]
    changes = [request("PATCH", f"/api/tasks/{pk}/", one.ours, {"title": f"Water it {pk}"}) for one, pk in mine]
    reads = chain.from_iterable(zip(narrowed, cycle(details), strict=False))
    mixed = [each for change in changes for each in (*islice(reads, READS), change)]
    asked = {"list": narrowed, "new task": writes, "one task": details, "a mixed load": mixed}
    sys.stdout.write(json.dumps(asked) + "\n")
    return []

"""Fills a database in a process of its own, since Django knows one database a process; writes a line of what to ask."""

import json
import sys

from benchmarks.http import PEOPLE
from benchmarks.measure import Row, Sizes
from benchmarks.requests import asker, days, lists, request
from benchmarks.seed import seed
from taskbell.accounts.models import User
from taskbell.common.clock import utc_now

BODY = {"title": "Water the plants", "due_date": "2030-03-31", "reminders": [{"before_due": "PT24H"}]}


def run(sizes: Sizes) -> list[Row]:
    """A tenth of the tasks; lists that nobody has asked for yet, and new tasks."""
    now = utc_now()
    seed(max(sizes.tasks // 10, 100), people=sizes.people, now=now)
    askers = [asker(person, now=now) for person in User.objects.filter(role="MEMBER", pk__in=PEOPLE)]
    writes = [request("POST", "/api/tasks/", one.ours, BODY) for one in askers]
    sys.stdout.write(json.dumps({"list": lists(askers, "ours", days(700)), "new task": writes}) + "\n")
    return []

"""What does it cost to refuse the link that would close a long chain into a cycle?"""

from django.db import transaction

from benchmarks import shape
from benchmarks.measure import Goal, Row, Sizes, rounds_of
from benchmarks.seed import link_chain, load_tasks, seed_people, settle
from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.common.errors import Invalid
from taskbell.tasks.models import Task
from taskbell.tasks.prerequisites import Effort, replace_prerequisites

GOAL = Goal("median", 100)


def run(sizes: Sizes) -> list[Row]:
    """The refusal as the action produces it: reads the links, and finds and reports the cycle."""
    now = utc_now()
    seed_people(sizes.people, now=now)
    load_tasks(shape.tasks(sizes.chain + 1, people=sizes.people, now=now), total=sizes.chain + 1)
    Task.objects.update(deleted_at=None)
    link_chain(sizes.chain)
    settle()
    manager = User.objects.get(pk=shape.MANAGER)
    last = Task.objects.with_access(manager).get(pk=sizes.chain + 1)
    (times,) = rounds_of([lambda: _close(last, manager)], rounds=sizes.rounds)
    return [Row(f"link that closes a cycle of {sizes.chain + 1:,}", times, goal=GOAL)]


def _close(last: Task, by: User) -> None:
    try:
        with transaction.atomic():
            replace_prerequisites(last, [1], effort=Effort(), by=by)
    except Invalid:
        return
    raise RuntimeError("The cycle was not refused.")

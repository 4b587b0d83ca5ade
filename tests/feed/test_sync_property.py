"""Five people keep copies while they edit tasks and share projects; at the end, each has just what they see."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import transaction

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.comments.actions import add_comment, delete_comment
from taskbell.comments.models import Comment
from taskbell.common.errors import Refusal
from taskbell.common.folding import sort_key
from taskbell.payloads.tasks import tasks_as_json
from taskbell.people.editing import update_person
from taskbell.people.leaving import deactivate_person
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, delete_task, restore_task, skip_task, update_task
from taskbell.tasks.bulk import Batch, change_many
from taskbell.tasks.categories import create_category, delete_category, rename_category
from taskbell.tasks.label_actions import delete_label, rename_label
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import snooze_task
from taskbell.tasks.scheduled import mark_overdue, purge_deleted
from tests.conftest import NOW, Program
from tests.feed.sharing import Sharing, visible_projects
from tests.reminders.patches import before
from tests.services import IS_POSTGRES

EDITS, POLLS = (4_000 if IS_POSTGRES else 10_000), 100  # fewer of the same edits on PostgreSQL: each takes longer
MANY = 25  # edits in one request
AT_ONCE = 60  # steps between two commits, at most
Somebody = Callable[[User], Program]


class Copy:
    """What one client knows, from the answers of `/api/changes/` alone."""

    def __init__(self, person: User, program: Program) -> None:
        self.person, self.program = person, program
        self.tasks: dict[int, Any] = {}
        self.projects: dict[int, Any] = {}
        self.cursor: str | None = None
        self.resyncs = 0

    def poll(self, limit: int) -> None:
        more = True
        while more:
            since = f"&since={self.cursor}" if self.cursor else ""
            answer = self.program.get(f"/api/changes/?limit={limit}{since}").json()
            news = {change["event"].partition(".")[0] for change in answer["changes"]}
            if answer["resync"] or self.cursor is None or news & {"project", "member"}:
                self.projects = visible_projects(self.now)
            if answer["resync"]:
                self.tasks, self.resyncs = {}, self.resyncs + 1
            for change in answer["changes"]:
                self.take(change)
            self.cursor, more = answer["cursor"], answer["more"]

    def take(self, change: dict[str, Any]) -> None:
        match change:
            case {"event": "task.updated", "task": task}:
                self.tasks[task["id"]] = task
            case {"event": "task.deleted", "task_id": pk}:
                self.tasks.pop(pk, None)
            case {"event": "category.updated", "category_id": pk, "name": name} if name is not None:
                for task in self.tasks.values():
                    task["category_name"] = name if task["category"] == pk else task["category_name"]
            case {"event": "label.updated", "label_id": pk, "name": name} if name is not None:
                for task in self.tasks.values():
                    pairs = dict(zip(task["label_ids"], task["labels"], strict=True))
                    if pk in pairs:
                        pairs[pk] = name
                        task["label_ids"] = sorted(pairs, key=lambda label: sort_key(pairs[label]))
                        task["labels"] = [pairs[label] for label in task["label_ids"]]

    @property
    def now(self) -> User:
        """The person, with the role that they have now."""
        return User.objects.get(pk=self.person.pk)

    def compare(self) -> None:
        """Fails unless it is what the person sees."""
        assert self.tasks == self.truth(), f"{self.person} has something else"
        assert self.projects == visible_projects(self.now), f"{self.person} has other projects"

    def truth(self) -> dict[int, Any]:
        """What the list would show."""
        shown = tasks_as_json(list(Task.objects.values_list("pk", flat=True)), self.now)
        plain = orjson.loads(orjson.dumps(shown, default=str, option=orjson.OPT_UTC_Z))
        return {task["id"]: task for task in plain}


class World:
    """People who do things at random, always the same."""

    def __init__(self, people: list[User]) -> None:
        self.chance, self.now = random.Random(2026), NOW
        self.people = list(User.objects.select_related("profile").filter(pk__in=[person.pk for person in people]))
        self.sharing = Sharing(self.people, self.chance)
        self.labels: list[int] = []
        self.tasks: list[int] = []
        self.seen: dict[int, list[int]] = {}  # by person
        self.edits = 0
        self.steps: list[tuple[Callable[[User], int], int]] = [
            (self.create, 16),
            (self.edit, 30),
            (self.edit_many, 10),
            (self.assign, 14),
            (self.stage, 18),
            (self.delete, 9),
            (self.restore, 5),
            (self.link, 12),
            (self.remind, 6),
            (self.snooze, 3),
            (self.skip, 2),
            (self.comment, 6),
            (self.label, 3),
            (self.rename_tag, 3),
            (self.tick, 3),
            (self.move, 16),
            *((self.share(step), weight) for step, weight in self.sharing.steps),
            (self.change_role, 1),
        ]

    def step(self) -> None:
        """One thing that somebody does. What is refused has not happened, and something else is tried."""
        self.now += timedelta(minutes=20)
        steps, weights = zip(*self.steps, strict=True)
        while True:
            with suppress(Refusal):
                self.edits += self.chance.choices(steps, weights)[0](self.chance.choice(self.people))
                return

    def look_around(self) -> None:
        """Everybody sees what they have; else most of what they try would be refused, which costs and proves little."""
        for person in self.people:
            mine = Task.objects.visible_to(person).order_by("-pk")
            self.seen[person.pk] = list(mine.values_list("pk", flat=True)[:150])

    def some(self, by: User) -> int:
        """A task that they have lately seen; now and then, any."""
        tasks = self.tasks[-150:] if self.chance.random() < 0.1 else self.seen[by.pk]
        return self.chance.choice(tasks or [0])

    def somebody(self) -> int | None:
        return self.chance.choice([None, *(person.pk for person in self.people)])

    def day(self) -> date | None:
        return self.chance.choice([None, self.now.date() + timedelta(days=self.chance.randint(-1, 5))])

    def create(self, by: User) -> int:
        rule = "FREQ=DAILY" if self.chance.random() < 0.2 else ""
        due = self.day() or (self.now.date() if rule else None)
        fields = {"title": "x", "assigned_to_id": self.somebody(), "due_date": due, "recurrence": rule}
        links = [self.some(by)] if self.seen[by.pk] and self.chance.random() < 0.4 else []
        if self.chance.random() < 0.7:
            fields["project_id"] = self.sharing.target(by)
        patch = TaskPatch(**fields, pre_tasks=links, labels=self.tags())
        self.tasks.append(create_task(patch, by=by, now=self.now).pk)
        return 1

    def change(self, by: User, patch: TaskPatch) -> int:
        update_task(self.some(by), patch, force=self.chance.random() < 0.3, by=by, now=self.now)
        return 1

    def edit(self, by: User) -> int:
        fields = {
            "title": f"Title {self.chance.random()}",
            "priority": self.chance.randint(1, 4),
            "due_date": self.day(),
            "category_id": self.chance.choice([None, *self.labels]),
            "labels": self.tags(),
        }
        return self.change(by, TaskPatch(**{name: fields[name] for name in self.chance.sample(sorted(fields), 2)}))

    def edit_many(self, by: User) -> int:
        """All or none: where one is refused, those before it are undone."""
        tasks = self.chance.sample(self.seen[by.pk], min(MANY, len(self.seen[by.pk])))
        title, priority = f"Title {self.chance.random()}", self.chance.randint(1, 4)
        patch = TaskPatch(title=title, priority=priority)
        change_many(Batch([], [(pk, patch, None) for pk in tasks], []), by=by, now=self.now)
        return len(tasks)

    def assign(self, by: User) -> int:
        return self.change(by, TaskPatch(assigned_to_id=self.somebody()))

    def move(self, by: User) -> int:
        return self.change(by, TaskPatch(project_id=self.sharing.target(by)))

    def share(self, step: Callable[[User, datetime], None]) -> Callable[[User], int]:
        """The step, which is no edit of a task."""
        return lambda by: step(by, self.now) or 0

    def stage(self, by: User) -> int:
        stages = ["PENDING", "IN_PROGRESS", "COMPLETED", "COMPLETED", "ARCHIVED"]
        return self.change(by, TaskPatch(stage=self.chance.choice(stages)))

    def delete(self, by: User) -> int:
        delete_task(self.some(by), by=by, now=self.now)
        return 1

    def restore(self, by: User) -> int:
        gone = Task.objects.concerning(by).exclude(deleted_at=None).values_list("pk", flat=True)
        restore_task(self.chance.choice([0, *gone[:20]]), by=by, now=self.now)
        return 1

    def link(self, by: User) -> int:
        return self.change(by, TaskPatch(pre_tasks=[self.some(by), self.some(by)]))

    def remind(self, by: User) -> int:
        plan = self.chance.choice(
            [
                ReminderPlan(at=self.now + timedelta(hours=2)),
                ReminderPlan(at=self.now + timedelta(hours=2), for_me=True),
                before("PT5H"),
            ]
        )
        return self.change(by, TaskPatch(reminders=[plan]))

    def snooze(self, by: User) -> int:
        snooze_task(self.some(by), self.now + timedelta(hours=1), by=by, now=self.now)
        return 1

    def comment(self, by: User) -> int:
        found = Comment.objects.filter(task=self.some(by)).first()
        if found is None or self.chance.random() < 0.5:
            add_comment(self.some(by), f"@{self.chance.choice(self.people).username}", by=by, now=self.now)
        else:
            delete_comment(found.task_id, found.pk, by=by, now=self.now)
        return 1

    def skip(self, by: User) -> int:
        skip_task(self.some(by), by=by, now=self.now)
        return 1

    def tags(self) -> list[str]:
        """Some of few names, so that one that a label has lost soon belongs to another one."""
        return [f"Tag {number}" for number in self.chance.sample(range(8), self.chance.choice([0, 0, 1, 2]))]

    def rename_tag(self, by: User) -> int:
        tag = self.chance.choice(Label.objects.order_by("pk") or [Label()])
        if self.chance.random() < 0.1:
            delete_label(tag.pk, by=by, now=self.now)
        else:
            rename_label(tag.pk, f"Tag {self.chance.randrange(12)}", by=by, now=self.now)
        return 0

    def label(self, by: User) -> int:
        name = f"Label {self.chance.random()}"
        if len(self.labels) < 5:
            self.labels.append(create_category(name, by=by, now=self.now).pk)
        elif self.chance.random() < 0.7:
            rename_category(self.chance.choice(self.labels), name, by=by, now=self.now)
        else:
            old, new = self.chance.sample(self.labels, 2)
            delete_category(old, move_to=new, by=by, now=self.now)
            self.labels.remove(old)
        return 0

    def tick(self, by: User) -> int:
        deliver_due(self.now)
        mark_overdue(self.now)
        purge_deleted(self.now)
        return 0

    def change_role(self, by: User) -> int:
        ada, *others = sorted(self.people, key=lambda person: person.pk)
        person = self.chance.choice(others)
        if self.chance.random() < 0.2:  # leaves, and comes back
            deactivate_person(person, hand_to=None, by=ada, now=self.now)
            User.objects.filter(pk=person.pk).update(is_active=True)
            person.is_active = True
        else:
            update_person(person, {"role": self.chance.choice(["MANAGER", "MEMBER", "INTERN"])}, by=ada, now=self.now)
        return 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.long
@pytest.mark.no_cover  # which would take as long again, for lines that others cover
def test_copies_that_are_brought_up_to_date_at_any_time_are_the_truth_after_thousands_of_edits(
    ada: User, mia: User, bo: User, cy: User, ivo: User, as_user: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskbell.common.locks.let_others_write", lambda: None)
    monkeypatch.setattr("taskbell.people.leaving.end_sessions", lambda *args, **kwargs: None)
    world = World([ada, mia, bo, cy, ivo])
    copies = [Copy(person, as_user(person)) for person in world.people]
    moments = sorted([(world.chance.randrange(EDITS), number) for number in range(5) for _ in range(POLLS)])
    while world.edits < EDITS:
        with transaction.atomic():
            world.look_around()
            for _ in range(world.chance.randint(1, AT_ONCE)):
                world.step()
        while moments and moments[0][0] < world.edits:
            copy = copies[moments.pop(0)[1]]
            copy.poll(limit=world.chance.choice([20, 500, 500, 500, 500]))
            if world.chance.random() < 0.1:  # a later resync would hide what is missing now
                copy.compare()
    for copy in copies:
        copy.poll(limit=100)
        copy.compare()
    assert set(world.tasks) - set(Task.objects.values_list("pk", flat=True)), "something was purged"
    assert sum(copy.resyncs for copy in copies) >= EDITS / 250
    done = Activity.objects.filter(subject_type__in=("project", "member")).values_list("subject_type", "action")
    assert {*done} == {("project", action) for action in ("created", "updated", "deleted", "restored")} | {
        ("member", action) for action in ("added", "updated", "removed")
    }
    assert Activity.objects.filter(field="archived", new_value=True).count() > EDITS / 1000
    assert Activity.objects.filter(field="project").count() > EDITS / 20, "tasks were moved"
    assert datetime.max.replace(tzinfo=NOW.tzinfo) > world.now > NOW + timedelta(days=EDITS / 170)

"""Everything that changes how many tasks there are of a kind, as deeds that chance can choose from."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

from django.db import connection, transaction

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal
from taskbell.people.leaving import deactivate_person
from taskbell.projects.models import Project
from taskbell.tasks.actions import create_task, delete_task, restore_task, skip_task, update_task
from taskbell.tasks.bulk import Batch, change_many
from taskbell.tasks.counting import fold
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import Category, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.scheduled import mark_overdue, purge_deleted
from tests.conftest import NOW


class Office:
    """People, their tasks, and a clock that only goes forward. The same number gives the same deeds."""

    def __init__(self, people: list[User], seed: int) -> None:
        self.people = people
        self.random = Random(seed)
        self.now = NOW
        self.category = Category.objects.create(name="Garden", key="garden", created_by=people[0], created_at=NOW).pk
        made = {"created_by": people[0], "created_at": NOW, "updated_at": NOW}
        self.project = Project.objects.create(name="Garden", **made)

    def act(self) -> str:
        """Does something, or is refused; says what it was."""
        deeds: list[Callable[[], Any]] = [
            *(self.create, self.change, self.assign, self.finish, self.close, self.bulk, self.delete, self.restore),
            *(
                self.skip,
                self.sweep,
                self.purge,
                self.by_hand,
                self.many_by_hand,
                self.undo,
                self.leave,
                self.move,
                self.archive,
                fold,
            ),
        ]
        deed = self.random.choice(deeds)
        self.now += timedelta(hours=self.random.choice([0, 1, 30]))
        with suppress(Refusal), transaction.atomic():
            deed()
        return deed.__name__

    def somebody(self) -> User:
        return self.random.choice(self.people)

    def somebody_or_nobody(self) -> int | None:
        return self.random.choice([None, *(person.pk for person in self.people)])

    def fields(self) -> dict[str, Any]:
        due = self.random.choice([None, self.now.date() + timedelta(days=self.random.randrange(-2, 3))])
        return {
            "title": "Water the plants",
            "priority": self.random.choice(list(Priority)),
            "stage": self.random.choice(list(Stage)),
            "assigned_to_id": self.somebody_or_nobody(),
            "due_date": due,
            "category_id": self.random.choice([None, self.category]),
            "recurrence": "FREQ=DAILY" if due and self.random.random() < 0.3 else "",
        }

    def any_task(self) -> int:
        return self.random.choice([0, *Task.objects.order_by("pk").values_list("pk", flat=True)])

    def create(self) -> None:
        create_task(TaskPatch(**self.fields()), by=self.somebody(), now=self.now)

    def _update(self, **fields: Any) -> None:
        update_task(self.any_task(), TaskPatch(**fields), force=True, by=self.people[0], now=self.now)

    def change(self) -> None:
        self._update(**self.fields())

    def assign(self) -> None:
        self._update(assigned_to_id=self.somebody_or_nobody())

    def finish(self) -> None:
        self._update(stage=self.random.choice(list(Stage)))

    def close(self) -> None:
        self._update(due_date=self.now.date() + timedelta(days=3))

    def bulk(self) -> None:
        patches = [TaskPatch(**self.fields()) for _ in range(3)]
        change = [(self.any_task(), TaskPatch(priority=Priority.URGENT), None)]
        change_many(Batch(patches, change, [self.any_task()]), force=True, by=self.people[0], now=self.now)

    def delete(self) -> None:
        delete_task(self.any_task(), by=self.people[0], now=self.now)

    def restore(self) -> None:
        restore_task(self.any_task(), by=self.people[0], now=self.now)

    def skip(self) -> None:
        skip_task(self.any_task(), by=self.people[0], now=self.now)

    def sweep(self) -> None:
        mark_overdue(self.now)

    def purge(self) -> None:
        self.now += timedelta(days=self.random.choice([0, 31]))
        purge_deleted(self.now)

    def by_hand(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tasks_task SET stage = 'ARCHIVED', is_overdue = %s WHERE id = %s", [True, 1])
            cursor.execute("DELETE FROM tasks_prerequisite")

    def many_by_hand(self) -> None:
        Task.objects.filter(pk__gt=self.any_task()).update(priority=Priority.LOW, created_by=self.somebody())
        by = self.somebody()
        moments = {"created_at": self.now, "updated_at": self.now}
        Task.objects.bulk_create([Task(title="x", created_by=by, project=by.inbox, timezone="UTC", **moments)])

    def undo(self) -> None:
        with transaction.atomic():
            self.create()
            transaction.set_rollback(True)

    def move(self) -> None:
        project = self.random.choice([self.project, self.project, self.somebody().inbox])
        Task.objects.filter(pk__gte=self.any_task()).update(project=project)

    def archive(self) -> None:
        Project.objects.filter(pk=self.project.pk).update(archived_at=self.random.choice([None, self.now]))

    def leave(self) -> None:
        person = self.somebody()
        if person != self.people[0] and self.random.random() < 0.2:
            deactivate_person(person, hand_to=None, by=self.people[0], now=self.now)

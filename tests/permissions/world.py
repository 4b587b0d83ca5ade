"""A small world in which everybody of the table of rights has their place."""

from datetime import date
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.http import HttpResponse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from taskbell.accounts import tokens
from taskbell.accounts.actions import Client, open_session
from taskbell.accounts.addresses import token_of
from taskbell.accounts.models import AddressChange, User
from taskbell.accounts.policy import Role
from taskbell.comments.actions import add_comment
from taskbell.common.clock import utc_now
from taskbell.people.invitations import make_invite
from taskbell.people.project_invites import add_by_email
from taskbell.projects.models import ProjectInvite
from taskbell.reminders.schedule import ReminderPlan
from taskbell.reports.actions import request_report
from taskbell.reports.building import make_waiting
from taskbell.sharing.deleting import delete_project
from taskbell.sharing.members import add_member
from taskbell.sharing.projects import change_project, create_project
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import add_reminder
from tests.conftest import NOW, Program, make_person
from tests.permissions.matrix import Way
from tests.undoing import undone

ROLES = {
    "admin": Role.ADMIN,
    "manager": Role.MANAGER,
    "creator": Role.MEMBER,
    "assignee": Role.MEMBER,
    "intern": Role.INTERN,
    "stranger": Role.MEMBER,
    "somebody": Role.MEMBER,
    "left": Role.MEMBER,
}


class World:
    """People, tasks, categories and invitations by name, and programs that speak for the people."""

    def __init__(self) -> None:
        self.people = {name: make_person(name, role) for name, role in ROLES.items()}
        User.objects.filter(username="left").update(is_active=False)
        self.sessions = {name: open_session(p, client=Client(), now=utc_now()) for name, p in self.people.items()}
        programs = {name: Program(tokens.pair_for(session).access) for name, session in self.sessions.items()}
        self.programs = programs | {"anonymous": Program()}
        self.numbers: dict[str, Any] = {name: person.pk for name, person in self.people.items()}
        self.numbers |= {"nowhere": 999_999, **self._tasks(), **self._categories(), **self._invites()}
        self.numbers |= dict(Label.objects.values_list("name", "pk"))
        self.numbers |= self._secrets() | self._reminders() | self._reports() | self._comments() | self._projects()
        told = self.people["assignee"].notifications.filter(task=self.numbers["task"])
        self.numbers["told"] = told.values_list("pk", flat=True)[0]

    def _tasks(self) -> dict[str, Any]:
        titles = {"task": "Water the plants", "other": "Fill the can", "blocked": "Harvest", "deleted": "Gone"}
        made = {name: self._task(title) for name, title in titles.items()}
        creator, admin = self.people["creator"], self.people["admin"]
        update_task(made["task"].pk, TaskPatch(labels=["Garden"]), by=creator, now=NOW)
        update_task(made["other"].pk, TaskPatch(labels=["Mine"]), by=creator, now=NOW)
        update_task(made["other"].pk, TaskPatch(labels=["Home"]), by=admin, now=NOW)
        made["blocked"].pre_tasks.set([made["other"]])
        made["recurring"] = self._task("Cut the grass", due_date=date(2027, 1, 1), recurrence="FREQ=DAILY")
        delete_task(made["deleted"].pk, by=creator, now=NOW)
        return {name: task.pk for name, task in made.items()}

    def _task(self, title: str, **fields: Any) -> Task:
        given = {"title": title, "assigned_to_id": self.people["assignee"].pk} | fields
        return create_task(TaskPatch(**given), by=self.people["creator"], now=NOW)

    def _reminders(self) -> dict[str, Any]:
        plans = {"shared": ReminderPlan(at=NOW), "private": ReminderPlan(at=NOW, for_me=True)}
        creator, task = self.people["creator"], self.numbers["task"]
        return {name: add_reminder(task, plan, by=creator, now=NOW).pk for name, plan in plans.items()}

    def _comments(self) -> dict[str, Any]:
        names = {"creator": "comment", "assignee": "comment_of_assignee"}
        task, people = self.numbers["task"], self.people
        return {name: add_comment(task, "Done?", by=people[author], now=NOW).pk for author, name in names.items()}

    def _reports(self) -> dict[str, Any]:
        creator = self.people["creator"]
        made = request_report(creator, "insights", "json", {}, now=NOW)
        make_waiting(clock=utc_now)
        return {"report": made.pk, "waiting_report": request_report(creator, "export", "csv", {}, now=NOW).pk}

    def _projects(self) -> dict[str, Any]:
        owner, made = self.people["creator"], {}
        for name in ("project", "deleted_project"):
            made[name] = create_project({"name": name}, by=owner, now=NOW).pk
            for person, role in (("assignee", "EDITOR"), ("intern", "VIEWER")):
                add_member(made[name], self.people[person].pk, role, by=owner, now=NOW)
        add_by_email(made["project"], "new@example.org", "VIEWER", by=owner, now=utc_now())
        made["project_invite"] = ProjectInvite.objects.get().pk
        for name in ("viewed", "archived"):
            made[f"{name}_project"] = create_project({"name": name}, by=owner, now=NOW).pk
        add_member(made["viewed_project"], self.people["stranger"].pk, "VIEWER", by=owner, now=NOW)
        for name in ("project", "viewed_project", "archived_project"):
            task = create_task(TaskPatch(title="Dig", project_id=made[name]), by=owner, now=NOW)
            made["task_of_" + name.removesuffix("_project")] = task.pk
        change_project(made["archived_project"], {"archived": True}, by=owner, now=NOW)
        delete_project(made["deleted_project"], move_to=None, by=owner, now=NOW)
        return made | {"inbox_of_somebody": self.people["somebody"].inbox.pk}

    def _categories(self) -> dict[str, Any]:
        create_category("Home", by=self.people["admin"], now=NOW)
        mine = create_category("Docs", by=self.people["creator"], now=NOW)
        interns = Category.objects.create(name="Before", key="before", created_by=self.people["intern"], created_at=NOW)
        return {"category": mine.pk, "interns": interns.pk}

    def _invites(self) -> dict[str, Any]:
        return {
            f"invite_of_{name}": make_invite(f"{name}s@example.org", Role.INTERN, by=self.people[name], now=NOW).pk
            for name in ("admin", "manager")
        }

    def _secrets(self) -> dict[str, Any]:
        somebody = self.people["somebody"]
        change = AddressChange.objects.create(
            user=somebody, new="anew@example.org", old=somebody.email, requested_at=utc_now(), made_at=utc_now()
        )
        return {
            "confirm_token": token_of(change.pk, "confirm"),
            "undo_token": token_of(change.pk, "undo"),
            "refresh": tokens.pair_for(self.sessions["somebody"]).refresh,
            "reset_uid": urlsafe_base64_encode(force_bytes(somebody.pk)),
            "reset_token": default_token_generator.make_token(somebody),
            "session_of_somebody": str(self.sessions["somebody"].pk),
        }

    def ask(self, way: Way, name: str) -> HttpResponse:
        """The answer that this person gets. Nothing of what it changed stays."""
        session = self.sessions.get(name, self.sessions["somebody"])
        numbers = self.numbers | {"self": self.numbers.get(name, 1), "session": str(session.pk)}
        method, path = way.operation.split(" ")
        ids = _filled({"id": way.at, "rid": way.rid, "person": way.rid, "invite": way.rid, "cid": way.cid}, numbers)
        place = path.format(**ids) + way.query
        with undone():
            if name == "intern":
                Task.objects.filter(assigned_to=self.people["assignee"]).update(assigned_to=self.people["intern"])
            return self.programs[name](method, place, _filled(way.body, numbers), **way.headers)


def _filled(value: Any, numbers: dict[str, Any]) -> Any:
    """The value with the numbers in the place of their names."""
    match value:
        case str() if value.startswith("@"):
            return numbers[value.removeprefix("@")]
        case dict():
            return {key: _filled(inner, numbers) for key, inner in value.items()}
        case list():
            return [_filled(inner, numbers) for inner in value]
        case _:
            return value

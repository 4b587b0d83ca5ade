"""A whole Taskbell under attack, with people of every role."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import PASSWORD, Household, running_household

ROLES = ("admin", "manager", "member", "intern")
TABLES = (
    *("tasks_task", "tasks_category", "tasks_prerequisite", "reminders_reminder", "activity_activity"),
    *("accounts_user", "notifications_notification", "notifications_delivery", "reports_report"),
)
MIB = 1024 * 1024
MAX_MEMORY = 600 * MIB


@dataclass
class Target:
    """The installation, its people, and what attacks can name."""

    household: Household
    tokens: dict[str, str]
    places: Mapping[str, str]

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.household.tree.port

    def sign_in(self, role: str) -> None:
        """A new session of this person."""
        form = {"email": f"{role}@example.org", "password": PASSWORD}
        answer = self.household.stranger().post("token/", json=form)
        self.tokens[role] = answer.raise_for_status().json()["access"]

    def rows(self) -> dict[str, int]:
        """How many rows the tables have."""
        counts = ", ".join(f"(SELECT COUNT(*) FROM {table})" for table in TABLES)
        return dict(zip(TABLES, self.household.rows(f"SELECT {counts}")[0], strict=True))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running_household(tmp_path_factory.mktemp("target"), TASKBELL_ACCESS_MINUTES="15") as household:
        admin = household.newcomer("admin")
        people = {"admin": admin, **{name: household.newcomer(name) for name in ROLES[1:]}}
        ids = {name: program.get("profile/").json()["id"] for name, program in people.items()}
        for name in ROLES[1:]:
            changed = admin.patch(f"users/{ids[name]}/", json={"role": name.upper()})
            assert changed.status_code == 200, changed.text
        found = Target(household, {}, _places(people, ids))
        for name in ROLES:
            found.sign_in(name)
        yield found


def _places(people: Mapping[str, httpx.Client], ids: Mapping[str, Any]) -> dict[str, str]:
    """What `$task` and the like stand for: the member's task, one that only the admin sees, ids of people."""
    task = people["member"].post("tasks/", json={"title": "Water the plants", "assigned_to": ids["intern"]}).json()
    secret = people["admin"].post("tasks/", json={"title": "Secret of the admin"}).json()
    category = people["member"].post("categories/", json={"name": "Garden"}).json()
    found = {"task": task["id"], "secret": secret["id"], "category": category["id"], **ids}
    return {name: str(value) for name, value in found.items()}

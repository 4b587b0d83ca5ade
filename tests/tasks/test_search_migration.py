"""Tasks, categories and people of the previous version are found and sorted after the migration."""

from collections.abc import Iterator
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.search.tasks import page_of_tasks
from taskbell.tasks.counting import recount
from taskbell.tasks.models import Category, SearchText, Task
from tests.conftest import NOW, make_person
from tests.migrating import migrate

BEFORE = [("tasks", "0004_source"), ("accounts", "0004_installation_key")]
TITLES = ["Zebra", "Äpfel 10", "apfel 9", "Café"]


@pytest.fixture
def old(transactional_db: None) -> Iterator[Any]:
    """The models as they were; afterwards everything is as it is."""
    make_person("bo", Role.MEMBER)
    User.objects.update(first_name="Émile")
    yield migrate(*BEFORE)
    migrate()


def test_rows_of_the_previous_version_are_found_and_sorted(old: Any) -> None:
    bo = old.get_model("accounts", "User").objects.get()
    of_bo = {"created_by_id": bo.pk, "created_at": NOW}
    for name in ("Zoo", "Äcker"):
        old.get_model("tasks", "Category").objects.create(name=name, key=name.casefold(), **of_bo)
    for title in TITLES:
        task = old.get_model("tasks", "Task")(title=title, description="Straße", updated_at=NOW, **of_bo)
        task.timezone = "UTC"
        task.save()
    migrate()
    person = User.objects.get()
    assert (person.name_folded, [row.name for row in Category.objects.all()]) == ("emile bo", ["Äcker", "Zoo"])
    by_title = page_of_tasks({"ordering": "title"}, person).rows
    assert [Task.objects.get(pk=pk).title for pk in by_title] == ["apfel 9", "Äpfel 10", "Café", "Zebra"]
    assert page_of_tasks({"q": "strasse cafe"}, person).count == 1
    assert page_of_tasks({"q": "strasse"}, person).count == SearchText.objects.count() == len(TITLES)
    moments = {"created_at": NOW, "updated_at": NOW}
    Task.objects.create(title="New", timezone="UTC", created_by=person, project=person.inbox, **moments)
    assert not recount(), "the triggers that count tasks are still there"

"""The same file is imported by several requests at once: each task is created once."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from taskbell.accounts.models import User
from taskbell.tasks.models import Task
from taskbell.transfer.importing import Options, import_tasks
from taskbell.transfer.table import csv_rows
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 300
TABLE = "title,source,source_id\n" + "".join(f"Sow {n},trello,{n}\n" for n in range(ROWS))


@pytest.mark.parametrize("on_existing", ["skip", "update"])
def test_parallel_imports_of_one_file_double_nothing(bo: User, mia: User, on_existing: str) -> None:
    User.objects.filter(pk=bo.pk).update(role="MANAGER")

    def bring(person: User) -> int:
        person = User.objects.select_related("profile").get(pk=person.pk)
        try:
            return import_tasks(
                csv_rows(io.BytesIO(TABLE.encode())), Options(on_existing=on_existing), by=person, now=NOW
            ).created
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        created = sorted(pool.map(bring, [bo, mia, bo, mia]))
    assert created == [0, 0, 0, ROWS]
    assert Task.objects.count() == ROWS

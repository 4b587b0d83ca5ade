"""Migrations let the version before go on: people work while the new one is installed."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations import AddField, RemoveField, RenameField
from django.db.migrations.loader import MigrationLoader
from django.db.models import CharField, Index, IntegerField
from django_migration_linter.sql_analyser import analyse_sql_statements, get_sql_analyser_class

from taskbell.common.add_column import AddColumn
from taskbell.common.online import AddIndexOnline
from tests.processes import ROOT

# From before the first release, when no version before could go on. Nothing is ever added here.
BEFORE_THE_FIRST_RELEASE = {
    *("accounts.0003_digest_overdue", "accounts.0004_installation_key", "accounts.0005_names_sort"),
    *("accounts.0006_unused_pair", "accounts.0007_session_network", "accounts.0009_quotas"),
    *("activity.0006_of_project", "notifications.0003_fewer_indexes", "notifications.0004_steps_in_place"),
    *("notifications.0006_deliveries", "notifications.0008_caused_by_another_person", "reminders.0002_wall_time"),
    *("reminders.0004_written_durations", "reports.0004_of_everything", "reports.0007_no_counts", "reports.0008_keys"),
    *("tasks.0002_covering_indexes", "tasks.0003_due_by_instant", "tasks.0004_source", "tasks.0005_search_text"),
    *("tasks.0007_search_index", "tasks.0014_in_project", "tasks.0015_counting"),
}


@pytest.fixture(autouse=True)
def _on_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the linter reads the SQL of PostgreSQL")


@pytest.fixture
def loader() -> MigrationLoader:
    return MigrationLoader(connection)


def what_stops_the_version_before(sql: list[str]) -> list[str]:
    errors, _, _ = analyse_sql_statements(get_sql_analyser_class("postgresql"), sql, [])
    return [one.code for one in errors]


def sql_of(operation: Any, state: Any, app: str = "tasks") -> list[str]:
    after = state.clone()
    operation.state_forwards(app, after)
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        operation.database_forwards(app, editor, state, after)
    return list(editor.collected_sql)


def test_no_migration_stops_the_version_before_it(loader: MigrationLoader) -> None:
    stopping = set()
    for (app, name), migration in loader.disk_migrations.items():
        if migration.__module__.startswith("taskbell."):
            sql = loader.collect_sql([(migration, False)])
            if what_stops_the_version_before(sql):
                stopping.add(f"{app}.{name}")
    assert (ROOT / "docs/howto/change-the-schema.md").exists(), "the page that says what to do instead"
    assert stopping - BEFORE_THE_FIRST_RELEASE == set()


@pytest.mark.parametrize(
    ("operation", "stops"),
    [
        (AddField("task", "estimate", IntegerField(default=0)), True),
        (AddField("task", "estimate", IntegerField(null=True)), False),
        (AddField("task", "estimate", IntegerField(db_default=0)), False),
        (AddColumn("task", "place", CharField(max_length=10, default="")), True),
        (RemoveField("task", "description"), True),
        (RenameField("task", "title", "name"), True),
        (AddIndexOnline("task", Index(fields=["title"], name="by_title")), False),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, bool) else str(value),
)
def test_the_check_knows_what_the_version_before_can_not_bear(
    loader: MigrationLoader, operation: Any, stops: bool
) -> None:
    state = loader.project_state(loader.graph.leaf_nodes("tasks"))
    assert bool(what_stops_the_version_before(sql_of(operation, state))) is stops

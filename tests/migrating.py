"""Moves the test database to earlier migrations and back."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrate(*to: tuple[str, str]) -> Any:
    """The models after these migrations; by default after all."""
    executor = MigrationExecutor(connection)
    targets = list(to) or executor.loader.graph.leaf_nodes()
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps

"""The trigram index of the search texts, and how the database keeps it."""

import logging
from typing import Any

from django.db import DatabaseError, transaction

log = logging.getLogger(__name__)

# FTS5 reads the texts from their own table, and only keeps its index.
ON_SQLITE = [
    "CREATE VIRTUAL TABLE tasks_searchtext_fts USING fts5(text, content='tasks_searchtext', content_rowid='task_id', "
    "tokenize='trigram case_sensitive 1')",
    "INSERT INTO tasks_searchtext_fts (tasks_searchtext_fts) VALUES ('rebuild')",
    "CREATE TRIGGER searchtext_added AFTER INSERT ON tasks_searchtext BEGIN {add}; END",
    "CREATE TRIGGER searchtext_removed AFTER DELETE ON tasks_searchtext BEGIN {remove}; END",
    "CREATE TRIGGER searchtext_changed AFTER UPDATE ON tasks_searchtext WHEN OLD.text <> NEW.text "
    "BEGIN {remove}; {add}; END",
]
ADD = "INSERT INTO tasks_searchtext_fts (rowid, text) VALUES (NEW.task_id, NEW.text)"
REMOVE = "INSERT INTO tasks_searchtext_fts (tasks_searchtext_fts, rowid, text) VALUES ('delete', OLD.task_id, OLD.text)"
ON_POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX IF NOT EXISTS search_trigrams ON tasks_searchtext USING gin (text gin_trgm_ops)",
]
DROP = {
    "sqlite": [
        *(f"DROP TRIGGER searchtext_{event}" for event in ("added", "removed", "changed")),
        "DROP TABLE tasks_searchtext_fts",
    ],
    "postgresql": ["DROP INDEX IF EXISTS search_trigrams"],
}
WITHOUT_EXTENSION = (
    "Can't create the PostgreSQL extension pg_trgm, so text search reads the texts of all tasks. "
    "Have a database administrator run: CREATE EXTENSION pg_trgm; then: %s. Reason: %s"
)


def create_index(connection: Any) -> None:
    """Creates the index, and on SQLite what keeps it up to date. Without pg_trgm there is none, and search is slow."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for statement in ON_SQLITE:
                cursor.execute(statement.format(add=ADD, remove=REMOVE))
        return
    extension, index = ON_POSTGRESQL
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(extension)
    except DatabaseError as error:
        log.warning(WITHOUT_EXTENSION, index, error)
        return
    with connection.cursor() as cursor:
        cursor.execute(index)


def drop_index(connection: Any) -> None:
    """Removes the index."""
    with connection.cursor() as cursor:
        for statement in DROP[connection.vendor]:
            cursor.execute(statement)

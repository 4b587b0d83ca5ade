"""Finding tasks by words: a folded copy of title and description, with an index of its trigrams (docs/decisions/0032).

The index is maintained by the database: pg_trgm on PostgreSQL, FTS5 on SQLite.
"""

from typing import Any

from django.db import connection
from django.db.models import BooleanField, Func, Q, Value

from taskbell.common.folding import fold
from taskbell.tasks.models import Task

MIN_INDEXED = 3  # characters: shorter words are in no trigram
KEEP = """
    INSERT INTO tasks_searchtext (task_id, text) VALUES (%s, %s)
    ON CONFLICT (task_id) DO UPDATE SET text = excluded.text
"""


def search_text_of(title: str, description: str) -> str:
    """What the search compares."""
    return fold(f"{title}\n{description}")


def keep_search_text(task: Task) -> None:
    """Call it whenever title or description have been saved."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [task.pk, search_text_of(task.title, task.description)])


def has_words(text: str) -> Q:
    """The condition that a task has all words of the text, in any order, each in its title or description."""
    words = words_of(text)
    if not words:
        return Q()
    if connection.vendor == "postgresql":
        return Q(_Contains("pk", *(Value(f"%{_without_wildcards(word)}%") for word in words)))
    long, short = _split(words)
    condition = Q(_Contains("pk", *map(Value, short))) if short else Q()
    return condition & Q(_Matches("pk", Value(" AND ".join(map(_quoted, long))))) if long else condition


def words_of(text: str) -> list[str]:
    """The folded words, without those that are in another one anyway."""
    found: list[str] = []
    for word in sorted(fold(text).split(), key=len, reverse=True):
        if not any(word in longer for longer in found):
            found.append(word)
    return found


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    return [word for word in words if len(word) >= MIN_INDEXED], [word for word in words if len(word) < MIN_INDEXED]


def _without_wildcards(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _quoted(word: str) -> str:
    """A string of FTS5, in which nothing but a quotation mark has a meaning."""
    return '"{}"'.format(word.replace('"', '""'))


class _SearchText(Func):
    """A condition on the search text of the task with this primary key."""

    output_field = BooleanField()
    query: str
    one: str

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        parts = [compiler.compile(part) for part in self.get_source_expressions()]
        pk, *values = (sql for sql, _ in parts)
        condition = " AND ".join(self.one.format(value) for value in values)
        return f"{pk} IN ({self.query} {condition})", [value for _, found in parts for value in found]


class _Contains(_SearchText):
    """All of these are in the text: patterns of LIKE on PostgreSQL, plain texts on SQLite."""

    query = "SELECT task_id FROM tasks_searchtext WHERE"
    one = "instr(text, {}) > 0"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        liking = self.copy()
        liking.one = "text LIKE {}"
        return liking.as_sql(compiler, connection)


class _Matches(_SearchText):
    """The text matches a query of FTS5, which finds a word of three characters and more in any place."""

    query = "SELECT rowid FROM tasks_searchtext_fts WHERE"
    one = "tasks_searchtext_fts MATCH {}"

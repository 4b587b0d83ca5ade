"""Finding tasks by words: a folded copy of title and description, with an index of its trigrams (docs/decisions/0032).

The index is maintained by the database: pg_trgm on PostgreSQL, FTS5 on SQLite.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Func, Q, Value

from taskbell.common.folding import fold
from taskbell.tasks.models import Task

MATCHING = "SELECT rowid FROM tasks_searchtext_fts WHERE tasks_searchtext_fts MATCH {}"
MAX_HITS = 2000
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
    add_search_texts([task])


def add_search_texts(tasks: Iterable[Task]) -> None:
    """The same for many tasks."""
    with connection.cursor() as cursor:
        cursor.executemany(KEEP, [(task.pk, search_text_of(task.title, task.description)) for task in tasks])


def has_words(text: str, *, among_few: bool = False) -> Q:
    """The condition that a task has all words of the text, in any order, each in its title or description.

    With `among_few` it is meant for a small part of all tasks, such as those of one person.
    """
    words = words_of(text)
    if not words:
        return Q()
    if connection.vendor == "postgresql":
        return Q(_Like("pk", *(Value(f"%{_without_wildcards(word)}%") for word in words)))
    long, short = _split(words)
    condition = Q(_Contains("pk", *map(Value, short))) if short else Q()
    if not long:
        return condition
    match = Value(" AND ".join(map(_quoted, long)))
    return condition & Q(_MatchesAmongFew("pk", match, *map(Value, long)) if among_few else _Matches("pk", match))


def words_of(text: str) -> list[str]:
    """The folded words, without those that are part of another one."""
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

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        parts = [compiler.compile(part) for part in self.get_source_expressions()]
        sql, order = self.put_together(*(sql for sql, _ in parts))
        return sql, [value for place in order for value in parts[place][1]]

    def put_together(self, pk: str, *values: str) -> tuple[str, Sequence[int]]:
        """The SQL, and the places of the arguments in it."""
        raise NotImplementedError


class _Like(_SearchText):
    """On PostgreSQL: all patterns fit the text."""

    def put_together(self, pk: str, *values: str) -> tuple[str, Sequence[int]]:
        fits = " AND ".join(f"text LIKE {value}" for value in values)
        return f"{pk} IN (SELECT task_id FROM tasks_searchtext WHERE {fits})", range(1 + len(values))  # noqa: S608 - ours


class _Contains(_SearchText):
    """On SQLite: all words are in the text, which is looked up for each task."""

    def put_together(self, pk: str, *values: str) -> tuple[str, Sequence[int]]:
        found = " AND ".join(f"instr(text, {value}) > 0" for value in values)
        sql = f"EXISTS (SELECT 1 FROM tasks_searchtext WHERE task_id = {pk} AND {found})"  # noqa: S608 - our own names
        return sql, range(1 + len(values))


class _Matches(_SearchText):
    """On SQLite: the text matches a query of FTS5, which finds words of three or more characters anywhere."""

    def put_together(self, pk: str, *values: str) -> tuple[str, Sequence[int]]:
        return f"{pk} IN ({MATCHING.format(values[0])})", (0, 1)


class _MatchesAmongFew(_Contains):
    """The same by query and words: a list of very many matches would take longer than looking up a few texts."""

    def put_together(self, pk: str, *values: str) -> tuple[str, Sequence[int]]:
        match, *words = values
        hits = MATCHING.format(match)
        contains, order = super().put_together(pk, *words)
        some = f"(SELECT COUNT(*) FROM ({hits} LIMIT {MAX_HITS + 1})) <= {MAX_HITS}"  # noqa: S608 - our own names
        sql = f"CASE WHEN {some} THEN {pk} IN ({hits}) ELSE {contains} END"
        return sql, (1, 0, 1, 0, *(place + 1 for place in order[1:]))

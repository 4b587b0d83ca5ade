"""Finding tasks by the names of their labels."""

from collections.abc import Callable
from functools import reduce
from operator import and_
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Func, Q, Value
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.common.text import folded
from taskbell.common.values import BadValue
from taskbell.projects.audience import sees_everything
from taskbell.search.filters import Filter
from taskbell.tasks.labels import MAX_LABELS, MAX_NAME

NAMES = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_LABELS,
    "items": {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": r"^[^,]*[^,\s][^,]*$"},
}
WITH_LABEL = "SELECT {} FROM tasks_tasklabel WHERE label_id IN (SELECT id FROM tasks_label WHERE key IN ({}))"


class HasLabel(Func):
    """The condition that the task with this primary key has a label with one of these keys."""

    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        (pk, _), *keys = (compiler.compile(part) for part in self.get_source_expressions())
        return self.condition(pk, ", ".join(sql for sql, _ in keys)), [value for _, some in keys for value in some]

    def condition(self, pk: str, keys: str) -> str:
        return f"{pk} IN ({WITH_LABEL.format('task_id', keys)})"


class HasLabelAmongFew(HasLabel):
    """The same for SQLite, which would list all tasks with a label first, however few tasks it looks at."""

    def condition(self, pk: str, keys: str) -> str:
        return f"EXISTS ({WITH_LABEL.format('1', keys)} AND task_id = {pk})"


def labels_filter(description: str, condition: Callable[[list[str], type[HasLabel]], Q]) -> Filter:
    """A filter by names of labels, separated by commas. A name that no label has matches nothing."""

    def read(text: str, person: User) -> Q:
        keys = list(dict.fromkeys(map(folded, text.split(","))))
        if "" in keys:
            raise BadValue(_("Must be one or more names of labels, separated by commas."))
        if len(keys) > MAX_LABELS:
            raise BadValue(_("Must be at most %(labels)s names.") % {"labels": MAX_LABELS})
        among_few = connection.vendor == "sqlite" and not sees_everything(person)
        return condition(keys, HasLabelAmongFew if among_few else HasLabel)

    return Filter(f"{description} Names, separated by commas.", read, NAMES)


LABEL_FILTERS = {
    "label": labels_filter(
        "With all of these labels.", lambda keys, has: reduce(and_, (Q(has("pk", Value(key))) for key in keys))
    ),
    "label_any": labels_filter("With any of these labels.", lambda keys, has: Q(has("pk", *map(Value, keys)))),
}

"""Category, labels, project and comments of a to-do.

CATEGORIES has the category and the labels. Without our own line, which says which of them is the category, it is the
first one. COMMENT has the text of a comment; our own line has its author and moment, and counts if the text is there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from taskbell.transfer.export_related import first_that_fit
from taskbell.transfer.ical_own import PREFIX, text
from taskbell.transfer.ical_todo import Todo
from taskbell.transfer.objects import from_json

CATEGORY, PROJECT, COMMENT = (f"{PREFIX}{name}" for name in ("CATEGORY", "PROJECT", "COMMENT"))
MAX_COMMENTS = 400_000  # characters: they are written twice, and a to-do has at most 1 MiB


def related_cells(todo: Todo) -> dict[str, Any]:
    """The columns about them."""
    category, labels = _categories(todo)
    return {
        "category": category,
        "labels": labels or None,
        "project": _own(todo, PROJECT),
        "comments": list(_comments(todo)) or None,
    }


def related_lines(task: Mapping[str, Any]) -> Iterator[str]:
    """The lines about them."""
    labels = task["labels"] or []
    names = [*([task["category"]] if task["category"] else []), *labels]
    if names:
        yield f"CATEGORIES:{','.join(map(text, names))}"
    if labels:
        yield _line(CATEGORY, task["category"])
    if task["project"]:
        yield _line(PROJECT, task["project"])
    for comment in orjson.loads(first_that_fit(task["comments"] or [], MAX_COMMENTS)):
        yield f"COMMENT:{text(comment['body'])}"
        yield _line(COMMENT, comment)


def _line(name: str, value: Any) -> str:
    """A line of our own with a value in JSON."""
    return f"{name}:{text(orjson.dumps(value).decode())}"


def _categories(todo: Todo) -> tuple[str | None, list[str]]:
    names = [name for one in todo.component.take("CATEGORIES") for name in one.texts if name]
    own = todo.component.take_one(CATEGORY)
    if own is None:
        different = list(dict.fromkeys(names))
        return next(iter(different), None), different[1:]
    category = from_json(own.text)
    if category not in names:
        return None, names
    names.remove(category)
    return category, names


def _comments(todo: Todo) -> Iterator[dict[str, Any]]:
    """Ours as we wrote them, unless their text has been changed or removed; then those of others."""
    own = [from_json(one.text) for one in todo.component.take(COMMENT)]
    texts = [one.text for one in todo.component.take("COMMENT")]
    for comment in own:
        if isinstance(comment, dict) and comment.get("body") in texts:
            texts.remove(comment["body"])
            yield comment
    yield from ({"body": body} for body in texts if body.strip())


def _own(todo: Todo, name: str) -> Any:
    one = todo.component.take_one(name)
    return None if one is None else from_json(one.text)

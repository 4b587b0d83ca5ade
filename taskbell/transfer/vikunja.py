"""Projects of Vikunja: its export of a user's data, as the zip or as `data.json` from it."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.text import printable
from taskbell.common.values import BadValue
from taskbell.transfer.archives import is_zip, members, seekable
from taskbell.transfer.colours import nearest_colour
from taskbell.transfer.foreign import INBOX, MAX_FILE_CHARACTERS, project_of
from taskbell.transfer.html_text import as_markdown
from taskbell.transfer.reading import Notice, Row, Unreadable, json_values
from taskbell.transfer.vikunja_task import BLOCKS, quoted, related, row_of

MAX_DEPTH = 20  # of projects within projects
DATA, FILTERS = "data.json", "filters.json"
# Projects are within others, and before Vikunja 0.21 lists were within namespaces.
WITHIN = ("child_projects", "projects", "lists")
OF_A_PROJECT = ("tasks", *WITHIN)
FAVOURITES = -1  # the id of a project that shows tasks of others
LOST = {
    "is_favorite": gettext_noop("The project %(project)s is a favourite there, which can't be imported."),
    "parent_project_id": gettext_noop("The project %(project)s is inside another one there, which can't be imported."),
}


def vikunja_rows(stream: IO[bytes]) -> Iterator[Row | Notice]:
    """The tasks of every project. Raises Unreadable.

    The whole file is one line, so errors name the task.
    """
    with seekable(stream) as file:
        if not is_zip(file):
            yield from _data(file)
            return
        found = False
        for path, unpacked in members(file):
            if path.name == DATA:
                found = True
                with unpacked() as data:
                    yield from _data(data)
            elif path.name == FILTERS:
                with unpacked() as filters:
                    if any(value for _, value in json_values(filters)):
                        yield Notice(1, FILTERS, _("The saved filters can't be imported."))
        if not found:
            raise Unreadable(1, _("A Vikunja zip must have %(data)s.") % {"data": DATA})


def _data(file: IO[bytes]) -> Iterator[Row | Notice]:
    """Reads the file twice, since a task may name tasks before and after it that it blocks."""
    blocked_by, is_empty = defaultdict[int, list[int]](list), True
    for _line, project, _parent in _projects(file):
        is_empty = False
        for task in (project.get("tasks") or []) if _is_project(project) else []:
            for other in _blocked(task):
                blocked_by[other].append(task["id"])
    if is_empty:
        raise Unreadable(1, _("Must be a Vikunja export: a list of projects with their tasks."))
    file.seek(0)
    for line, project, parent in _projects(file):
        yield from _rows(line, project, parent, blocked_by)


def _projects(file: IO[bytes]) -> Iterator[tuple[int, Any, Any]]:
    """Each project with its line and the title of the one that it is within; also what should be a project."""
    for line, value in json_values(file, longest=MAX_FILE_CHARACTERS):
        yield from ((line, project, parent) for project, parent in _with_inner(value, None, MAX_DEPTH))


def _with_inner(value: Any, parent: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    yield value, parent
    if _is_project(value) and depth:
        for name in WITHIN:
            for inner in value.get(name) or []:
                yield from _with_inner(inner, value.get("title"), depth - 1)


def _is_project(value: Any) -> bool:
    if not isinstance(value, dict) or not any(name in value for name in OF_A_PROJECT):
        return False
    return all(isinstance(value.get(name) or [], list) for name in OF_A_PROJECT)


def _rows(line: int, project: Any, parent: Any, blocked_by: dict[int, list[int]]) -> Iterator[Row | Notice]:
    if not _is_project(project):
        yield Row.wrong(line, "tasks", "invalid", _("Must be a project as Vikunja exports it."))
        return
    for name, sentence in _lost(project, parent):
        yield Notice(line, name, sentence)
    about = _about(project)
    for task in project.get("tasks") or []:
        pk = task.get("id") if isinstance(task, dict) else None
        yield row_of(line, task, about, blocked_by.get(pk, []) if isinstance(pk, int) else [])


def _about(project: dict[str, Any]) -> dict[str, Any] | None:
    colour, is_archived = nearest_colour(project.get("hex_color")), project.get("is_archived") is True
    about: dict[str, Any] = {"colour": colour, "archived": is_archived, "description": project.get("description")}
    with suppress(BadValue, TypeError):  # as it is, then
        about["description"] = as_markdown(about["description"])
    inbox = () if is_archived else INBOX
    return project_of(project.get("title"), project.get("id"), inbox=inbox, **about)


def _lost(project: dict[str, Any], parent: Any) -> Iterator[tuple[str, str]]:
    """What a project has that ours don't: a field, and a sentence."""
    if project.get("id") == FAVOURITES:
        return
    shown = quoted(project.get("title"))
    if not any(project.get(name) for name in OF_A_PROJECT):
        yield "tasks", _("The project %(project)s isn't imported, because it has no tasks.") % {"project": shown}
        return
    is_within = parent is not None or project.get("parent_project_id")
    for name, sentence in LOST.items():
        if (project | {"parent_project_id": is_within}).get(name):
            yield name, _(sentence) % {"project": shown}
    if buckets := [one.get("title") for one in project.get("buckets") or [] if isinstance(one, dict)]:
        names = printable(", ".join(map(str, buckets)))[:200]
        yield (
            "buckets",
            _("The buckets of the project %(project)s can't be imported: %(names)s.")
            % {"project": shown, "names": names},
        )


def _blocked(task: Any) -> list[int]:
    """The ids of the tasks that it says it blocks; a task that can't be read has none."""
    try:
        found = [other["id"] for other in related(task, BLOCKS)]
    except (AttributeError, KeyError, TypeError):
        return []
    return [pk for pk in found if isinstance(pk, int)] if isinstance(task.get("id"), int) else []

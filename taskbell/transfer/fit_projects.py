"""Makes projects of other programs fit."""

from typing import Any

from taskbell.common.text import is_invisible, printable
from taskbell.projects.models import MAX_DESCRIPTION, MAX_NAME
from taskbell.transfer.fitting import Note, in_one_line, shown


def fit_project(value: Any, note: Note) -> Any:
    found = dict(value) if isinstance(value, dict) else {"name": value}
    if not isinstance(found.get("name"), str):
        return value
    name = in_one_line(found["name"])
    if is_invisible(name):
        return None
    if len(name) > MAX_NAME:
        note(f"The name of a project has at most {MAX_NAME} characters. This one is cut: {shown(name)}")
        name = f"{name[: MAX_NAME - 1]}…"
    about = found.get("description")
    if isinstance(about, str):
        found["description"] = printable(about)
        if len(about.strip()) > MAX_DESCRIPTION:
            found["description"] = found["description"].strip()[:MAX_DESCRIPTION]
            note(f"Only the first {MAX_DESCRIPTION:,} characters of the project's description can be imported.")
    return found | {"name": name}

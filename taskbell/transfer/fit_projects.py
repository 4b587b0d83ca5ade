"""Makes projects of other programs fit."""

from typing import Any

from django.utils.translation import gettext as _

from taskbell.common.text import is_invisible, printable
from taskbell.common.wording import grouped
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
        note(
            _("The name of a project has at most %(most)s characters. This one is cut: %(name)s")
            % {"most": MAX_NAME, "name": shown(name)}
        )
        name = f"{name[: MAX_NAME - 1]}…"
    about = found.get("description")
    if isinstance(about, str):
        found["description"] = printable(about)
        if len(about.strip()) > MAX_DESCRIPTION:
            found["description"] = found["description"].strip()[:MAX_DESCRIPTION]
            note(
                _("Only the first %(most)s characters of the project's description can be imported.")
                % {"most": grouped(MAX_DESCRIPTION)}
            )
    return found | {"name": name}

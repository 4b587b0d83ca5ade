"""One to-do while it is read, with its notices."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from taskbell.common.errors import invalid
from taskbell.common.text import is_invisible, printable
from taskbell.common.values import BadValue
from taskbell.common.wording import grouped
from taskbell.transfer.ical_lines import BOOKKEEPING, DEFAULTS, Block, Component, Property
from taskbell.transfer.ical_times import Moment, moment_of
from taskbell.transfer.ical_zones import Zones
from taskbell.transfer.reading import Notice

MAX_SHOWN = 50  # characters of a UID or a title


@dataclass
class Todo:
    """A to-do: the lines that are not read yet, how messages call it, and the notices so far."""

    block: Block
    component: Component
    zones: Zones
    notices: list[Notice] = field(default_factory=list)
    called: str = field(init=False)

    def __post_init__(self) -> None:
        """Before its lines are read."""
        self.called = _called(self.component)

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.block.line

    def note(self, column: str, message: str) -> None:
        """Notes something that isn't imported."""
        self.notices.append(Notice(self.line, column, message))

    def take_moment(self, name: str, *, must_be_right: bool = False) -> Moment | None:
        """The date or time of the property. One that can't be read is noted, or raises Invalid if it must be right."""
        one = self.component.take_one(name)
        if one is None:
            return None
        try:
            return moment_of(one, self.zones)
        except BadValue as error:
            if must_be_right:
                column = "timezone" if error.code == "unknown_zone" else "due_date"
                raise invalid(column, error.code, str(error)) from error
            self.note(name, _("%(name)s isn't imported. %(error)s") % {"name": name, "error": error})
            return None

    def note_rest(self) -> None:
        """Notes the lines that have not been read."""
        for one in self.component.properties:
            if one.name not in BOOKKEEPING and (one.name, one.text.upper()) not in DEFAULTS:
                self.note(one.name, _not_imported(one))
        for part in self.component.parts:
            self.note(
                part.name,
                _("%(name)s and its %(properties)s lines aren't imported.")
                % {"name": part.name, "properties": grouped(len(part.properties))},
            )


def _not_imported(one: Property) -> str:
    if one.is_broken:
        return _("A line can't be read: %(shown)s") % {"shown": one.shown}
    return _("%(name)s isn't imported: %(shown)s") % {"name": one.name, "shown": one.shown}


def _called(component: Component) -> str:
    """The UID, or else the title."""
    title = component.text_of("SUMMARY")
    title = "" if is_invisible(title) else " ".join(printable(title).split())[:MAX_SHOWN]
    uid = printable(component.text_of("UID"))
    if not uid:
        return _("To-do without a UID (%(title)s)") % {"title": title or _("no title")}
    uid = uid if len(uid) <= MAX_SHOWN else f"{uid[:MAX_SHOWN]}…"
    return f"UID {uid}" + f" ({title})" * bool(title)

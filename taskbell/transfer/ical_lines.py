"""The components of a calendar file (RFC 5545 §3.1, §3.6), read line by line and as programs write them."""

import quopri
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from django.utils.translation import gettext as _
from icalendar.parser import Contentline, Parameters
from icalendar.parser.property import split_on_unescaped_comma, unescape_backslash

from taskbell.common.text import printable
from taskbell.transfer.encodings import LOOKS_LIKE_UTF8
from taskbell.transfer.reading import MAX_ROW_CHARACTERS, Unreadable, as_text

MAX_LINE_CHARACTERS = 128 * 1024  # the rest of a line is dropped: pictures are longer, texts are not
MAX_SHOWN = 100
MAX_NESTED = 20  # components within one another
CALENDAR = "VCALENDAR"
BROKEN = "?"  # the name of a line that has none
NOT_UTF8 = re.compile("[\udc80-\udcff]")
WITHOUT_PARAMETERS = re.compile(r"([A-Za-z0-9-]+):")
NO_PARAMETERS = Parameters()
FALLBACK = re.compile(r"\s*([A-Za-z0-9-]+)\s*[;:]")
# Lines that mean nothing to people: programs need them to store, show and exchange a calendar.
OF_TODOS = """
    DTSTAMP LAST-MODIFIED SEQUENCE REQUEST-STATUS
    TRANSP ACKNOWLEDGED UID CREATED
    X-MOZ-LASTACK X-MOZ-GENERATION X-MOZ-SNOOZE-TIME X-MOZ-SEND-INVITATIONS
    X-LIC-ERROR X-MOZ-SEND-INVITATIONS-UNDISCLOSED X-MOZ-RECEIVED-SEQUENCE X-MOZ-RECEIVED-DTSTAMP
    X-APPLE-SORT-ORDER X-APPLE-DEFAULT-ALARM X-APPLE-LOCAL-DEFAULT-ALARM X-WR-ALARMUID
    X-EVOLUTION-ALARM-UID X-EVOLUTION-CALDAV-HREF X-EVOLUTION-CALDAV-ETAG X-EVOLUTION-ALARM-REPEAT
    X-OC-HIDESUBTASKS X-TASKS-ORG-ORDER X-RADICALE-NAME X-MICROSOFT-CDO-APPT-SEQUENCE
    X-MICROSOFT-CDO-OWNERAPPTID X-MICROSOFT-CDO-INSTTYPE X-MICROSOFT-DISALLOW-COUNTER X-KDE-LIBKCAL-ID
    X-KDE-TEXT X-KDE-KCALCORE-ENABLED X-MICROSOFT-CDO-BUSYSTATUS X-MICROSOFT-CDO-IMPORTANCE
    X-MICROSOFT-CDO-ALLDAYEVENT X-MICROSOFT-CDO-INTENDEDSTATUS
"""
OF_CALENDARS = """
    VERSION PRODID X-KDE-ICAL-IMPLEMENTATION-VERSION
    UID LAST-MODIFIED REFRESH-INTERVAL X-PUBLISHED-TTL
    X-WR-TIMEZONE X-WR-RELCALID X-MS-OLK-FORCEINSPECTOROPEN SOURCE
    X-LIC-LOCATION X-APPLE-CALENDAR-COLOR COLOR X-OWNER
"""
BOOKKEEPING = frozenset(OF_TODOS.split())
# The values that a to-do or a calendar has without the line.
DEFAULTS = frozenset({("CLASS", "PUBLIC"), ("CALSCALE", "GREGORIAN"), ("METHOD", "PUBLISH")})
OF_THE_CALENDAR = frozenset(OF_CALENDARS.split())


@dataclass(frozen=True)
class Property:
    """One line of a component. The value of a broken line is the line itself, and its parameters are unknown."""

    name: str
    params: Parameters
    value: str
    is_broken: bool = False

    @property
    def text(self) -> str:
        """The value without escapes."""
        if self.param("ENCODING") == "QUOTED-PRINTABLE":  # of vCalendar 1.0
            return quopri.decodestring(self.value.encode()).decode(errors="replace").strip()
        return str(unescape_backslash(self.value)).strip()

    @property
    def texts(self) -> list[str]:
        """The values of a list, without escapes and empty ones."""
        return [text.strip() for text in split_on_unescaped_comma(self.value) if text.strip()]

    @property
    def shown(self) -> str:
        """The value as a message shows it."""
        text = " ".join(printable(self.text).split())
        return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"

    def param(self, name: str, default: str = "") -> str:
        """The parameter in upper case, or the default."""
        return str(self.params.get(name, default)).upper()


@dataclass
class Component:
    """The lines between BEGIN and END. Taking a property removes it, so that what remains has not been read."""

    name: str
    properties: list[Property] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)

    def take(self, *names: str) -> list[Property]:
        """Takes out all properties with these names."""
        taken = [one for one in self.properties if one.name in names]
        self.properties = [one for one in self.properties if one.name not in names]
        return taken

    def text_of(self, name: str) -> str:
        """The text of the first property with this name, which stays; empty if there is none."""
        return next((one.text for one in self.properties if one.name == name), "")

    def take_one(self, name: str) -> Property | None:
        """Takes out the first property with this name."""
        for place, one in enumerate(self.properties):
            if one.name == name:
                return self.properties.pop(place)
        return None


@dataclass
class Block:
    """The lines of a component, unfolded, and the number of the first."""

    line: int
    name: str
    lines: list[str] = field(default_factory=list)  # while it is read; then they become one text, which is smaller
    text: str = ""
    size: int = 0
    is_cut: bool = False  # the file ends within it

    @property
    def is_too_long(self) -> bool:
        """Whether it has more characters than any task."""
        return self.size > MAX_ROW_CHARACTERS

    def add(self, line: str) -> None:
        """Adds a line, while there is room."""
        self.size += len(line)
        if not self.is_too_long:
            self.lines.append(line)

    def close(self) -> "Block":
        """Ends the component."""
        self.text, self.lines = "\n".join(self.lines), []
        return self

    def parse(self) -> Component:
        """The component with its parts. Lines without a value say nothing and are left out."""
        top = Component(self.name)
        path = [top]
        for line in self.text.split("\n"):
            edge, of = edge_of(line)
            if edge == "BEGIN":
                part = Component(of)
                path[-1].parts.append(part)
                path.append(part)
            elif edge == "END":
                if len(path) > 1:
                    path.pop()
            elif (found := property_of(line)).value.strip():
                path[-1].properties.append(found)
        return top


def edge_of(line: str) -> tuple[str, str]:
    """BEGIN or END with the name of the component; empty for any other line."""
    edge, colon, of = line[:MAX_SHOWN].strip().partition(":")
    edge = edge.strip().upper()
    return (edge, of.strip().upper()) if colon and edge in ("BEGIN", "END") else ("", "")


def property_of(line: str) -> Property:
    """The property on the line."""
    if simple := WITHOUT_PARAMETERS.match(line):
        return Property(simple[1].upper(), NO_PARAMETERS, line[simple.end() :])
    try:
        name, params, value = Contentline(line).raw_parts()  # type: ignore[no-untyped-call]
    except ValueError:
        found = FALLBACK.match(line)
        return Property(found[1].upper() if found else BROKEN, NO_PARAMETERS, line, is_broken=True)
    return Property(name.upper(), params, value)


class CalendarFile:
    """The file as a stream of blocks. Other components are counted, and properties of the calendar kept."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.others = Counter[str]()
        self.recoded = 0  # the first line that is not UTF-8
        self.properties: list[Property] = []
        self.has_begun = False

    def blocks(self, *names: str) -> Iterator[Block]:
        """The components with these names. One that has no END ends where the next one begins."""
        block: Block | None = None
        skipped: list[str] = []
        depth = 0
        for number, raw in unfolded_lines(self._stream):
            line = self._as_unicode(number, raw)
            edge, of = edge_of(line)
            self.has_begun = self.has_begun or edge == "BEGIN"
            if block is not None:
                if (edge == "BEGIN" and of in names) or (edge == "END" and of in (block.name, CALENDAR)):
                    yield block.close()
                    block, depth = Block(number, of) if edge == "BEGIN" else None, 0
                else:
                    depth = max(0, depth + (edge == "BEGIN") - (edge == "END"))
                    block.add(line)
            elif edge == "BEGIN" and of in names:
                block, skipped = Block(number, of), []
            else:
                self._pass(line, edge, of, skipped)
            if max(depth, len(skipped)) > MAX_NESTED:
                raise Unreadable(
                    number, _("Components can be nested at most %(most)s levels deep.") % {"most": MAX_NESTED}
                )
        if block is not None:
            block.is_cut = True
            yield block.close()

    def _as_unicode(self, number: int, line: str) -> str:
        """The line, from Windows-1252 if it is not UTF-8. Other bytes stay surrogates, which every column refuses."""
        if line.isascii() or not NOT_UTF8.search(line):
            return line
        data = line.encode("utf-8", "surrogateescape")
        if LOOKS_LIKE_UTF8.search(data):
            return line
        self.recoded = self.recoded or number
        return data.decode("cp1252", "surrogateescape")

    def _pass(self, line: str, edge: str, of: str, skipped: list[str]) -> None:
        """Counts another component, or keeps a property of the calendar."""
        if of == CALENDAR:
            skipped.clear()
        elif edge == "BEGIN":
            if not skipped:
                self.others[of] += 1
            skipped.append(of)
        elif edge == "END":
            if of in skipped:
                del skipped[skipped.index(of) :]
        elif not skipped and len(self.properties) < MAX_SHOWN:
            self.properties.append(property_of(line))


def unfolded_lines(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """The lines without folds (RFC 5545 §3.1), each with the number of its first part.

    A fold within a character is mended. Empty lines don't end a line that continues below them.
    """
    first, pieces, size = 1, list[str](), 0
    with as_text(stream) as text:
        for number, piece, is_rest in _pieces(text):
            if not piece and not is_rest:
                continue
            if not is_rest and piece[0] not in " \t":
                if pieces:
                    yield first, _joined(pieces)
                first, pieces, size = number, [], 0
            if size < MAX_LINE_CHARACTERS:
                pieces.append(piece if is_rest or not pieces else piece[1:])
                size += len(piece)
    if pieces:
        yield first, _joined(pieces)


def _pieces(text: IO[str]) -> Iterator[tuple[int, str, bool]]:
    """The lines in pieces of limited size, each with the number of its line, and whether it is the rest of one."""
    number, is_rest = 1, False
    while read := text.readline(MAX_LINE_CHARACTERS):
        yield number, read.rstrip("\r\n"), is_rest
        is_rest = read[-1] not in "\r\n"
        number += not is_rest


def _joined(pieces: list[str]) -> str:
    line = "".join(pieces)
    if line.isascii():
        return line
    return line.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")

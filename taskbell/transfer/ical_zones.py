"""Time zones as a calendar names and defines them (RFC 5545 §3.2.19, §3.6.5)."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from icalendar.cal.component_factory import ComponentFactory
from icalendar.parser.ical import ComponentIcalParser
from icalendar.prop import TypesFactory
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from taskbell.common.clock import time_zones
from taskbell.common.values import BadValue
from taskbell.transfer.ical_lines import Block

NOT_A_CALENDAR = (ValueError, LookupError, TypeError, AttributeError, OverflowError)  # what icalendar raises

# Each conversion walks the transitions of a zone from the first on. These bounds keep a hostile file from taking hours.
MAX_ZONES = 50
MAX_RULES = 20
# Zones are the same if they are at noon of each of these Saturdays: clocks change on Fridays or Sundays.
COMPARED = [datetime(2024, 1, 6, 12, tzinfo=UTC) + timedelta(weeks=number) for number in range(3 * 52)]
YEARLY = {"FREQ", "BYMONTH", "BYMONTHDAY", "BYDAY", "UNTIL", "COUNT", "WKST"}


class _Parser(ComponentIcalParser):
    """Leaves time zones alone: icalendar keeps those of a file for the whole process, where other files meet them."""

    datetime_names = ()

    def handle_end_component(self, vals: str) -> None:
        super().handle_end_component("")


def parse_component(block: str) -> Any:
    """The component that the block is. Raises one of NOT_A_CALENDAR."""
    (component,) = _Parser(block, ComponentFactory(), TypesFactory.instance()).parse()
    return component


class Zones:
    """The time zones that the values of one file can name."""

    def __init__(self, importers: str = "UTC") -> None:
        self.importers = ZoneInfo(importers)  # the zone of the person who imports
        self._defined: dict[str, tzinfo] = {}

    def define(self, block: Block) -> None:
        """Keeps the zone that the block defines. One that can't be read stays unknown."""
        lines = [f"BEGIN:{block.name}", *block.text.split("\n"), f"END:{block.name}"]
        with suppress(*NOT_A_CALENDAR):
            zone = parse_component("\r\n".join(lines))
            name, known = str(zone["TZID"]), _known(str(zone.get("X-LIC-LOCATION", "")))
            if len(self._defined) < MAX_ZONES and (known or _changes_yearly(zone)):
                self._defined[name] = known or zone.to_tz(lookup_tzid=False)

    def find(self, name: str) -> tzinfo:
        """The zone by its IANA or Windows name, with or without a program's prefix, or by the file's definition.

        Raises BadValue.
        """
        zone = _known(name) or self._defined.get(name)
        if zone is None:
            raise BadValue(
                _("Must be an IANA time zone or one that the file defines; %(name)s is neither.")
                % {"name": f"{name!r:.100}"},
                "unknown_zone",
            )
        return zone


def _known(name: str) -> ZoneInfo | None:
    """The zone with this name, which may have a program's prefix."""
    parts = WINDOWS_TO_OLSON.get(name, name).split("/")[-3:]
    for start in range(len(parts)):
        if found := _names().get("/".join(parts[start:]).casefold()):
            return ZoneInfo(found)
    return None


@cache
def _names() -> dict[str, str]:
    return {name.casefold(): name for name in time_zones()}


@lru_cache(maxsize=MAX_ZONES)
def twin_of(zone: tzinfo) -> tzinfo:
    """A zone that has a name and whose clocks show the same, so that repetitions keep their time; or else the zone."""
    offsets = _offsets(zone)
    return next((ZoneInfo(name) for name, same in _offsets_by_name() if same == offsets), zone)


@cache
def _offsets_by_name() -> list[tuple[str, list[timedelta | None]]]:
    return [(name, _offsets(ZoneInfo(name))) for name in dict.fromkeys(WINDOWS_TO_OLSON.values())]


def _offsets(zone: tzinfo) -> list[timedelta | None]:
    return [moment.astimezone(zone).utcoffset() for moment in COMPARED]


def _changes_yearly(zone: Any) -> bool:
    rules = [part["RRULE"] for part in zone.walk() if "RRULE" in part]
    return (
        len(rules) <= MAX_RULES
        and not any("EXRULE" in part for part in zone.walk())
        and all(
            rule["FREQ"] == ["YEARLY"]
            and rule.keys() <= YEARLY
            and len(rule["BYMONTH"]) == 1
            and len(rule.get("BYDAY", [])) <= 1
            for rule in rules
        )
    )

"""Time zones as a calendar names and defines them (RFC 5545 §3.2.19, §3.6.5)."""

from contextlib import suppress
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from icalendar.cal.component_factory import ComponentFactory
from icalendar.parser.ical import ComponentIcalParser
from icalendar.prop import TypesFactory
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from taskbell.common.clock import time_zones
from taskbell.common.values import BadValue

NOT_A_CALENDAR = (ValueError, LookupError, TypeError, AttributeError, OverflowError)  # what icalendar raises

# Each conversion walks the transitions of a zone from the first on. These bounds keep a hostile file from taking hours.
MAX_ZONES = 50
MAX_RULES = 20
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

    def __init__(self) -> None:
        self._defined: dict[str, tzinfo] = {}

    def define(self, block: str) -> None:
        """Keeps the zone that the block defines. One that can't be read stays unknown."""
        with suppress(*NOT_A_CALENDAR):
            zone = parse_component(block)
            if len(self._defined) < MAX_ZONES and _changes_yearly(zone):
                self._defined[str(zone["TZID"])] = zone.to_tz(lookup_tzid=False)

    def find(self, name: str) -> tzinfo:
        """The zone by its IANA or Windows name, with or without a program's prefix, or by the file's definition.

        Raises BadValue.
        """
        parts = WINDOWS_TO_OLSON.get(name, name).split("/")[-3:]
        for start in range(len(parts)):
            if (ending := "/".join(parts[start:])) in time_zones():
                return ZoneInfo(ending)
        if name not in self._defined:
            raise BadValue(
                f"Must be an IANA time zone or one that the file defines; {name!r:.100} is neither.", "unknown_zone"
            )
        return self._defined[name]


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

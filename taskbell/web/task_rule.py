"""The editor of a recurrence rule: a rule as plain fields, and the fields as a rule."""

import calendar
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.translation import gettext_lazy as _

from taskbell.common.recurrence import WEEKDAYS, join_rule, split_rule
from taskbell.tasks.kinds import Basis
from taskbell.web.task_forms import PartForm, date_field

NEVER, CUSTOM = "", "CUSTOM"
FREQUENCIES = [
    (NEVER, _("Does not repeat")),
    ("DAILY", _("Daily")),
    ("WEEKLY", _("Weekly")),
    ("MONTHLY", _("Monthly")),
    ("YEARLY", _("Yearly")),
    (CUSTOM, _("Custom rule")),
]
DAYS = [(day, DAY_NAMES[place]) for place, day in enumerate(WEEKDAYS)]
ON_THE_DAY, ON_A_WEEKDAY = "day", "weekday"
LAST = -1
MONTH_DAYS = [*((number, str(number)) for number in range(1, 32)), (LAST, _("last"))]
NTH = [(1, _("first")), (2, _("second")), (3, _("third")), (4, _("fourth")), (LAST, _("last"))]
ENDS = [("never", _("Never")), ("until", _("On a date")), ("count", _("After a number of times"))]
BASES = [(Basis.DUE.value, _("Its due date")), (Basis.COMPLETION.value, _("The day it is completed"))]
PLAIN = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL"}


class RepeatsForm(PartForm):
    """How the task repeats."""

    names = ("recurrence", "recurrence_from", "due_date")
    frequency = forms.ChoiceField(label=_("Repeats"), choices=FREQUENCIES, required=False)
    interval = forms.IntegerField(label=_("Every"), min_value=1, max_value=999, initial=1, required=False)
    weekdays = forms.MultipleChoiceField(
        label=_("On these days"), choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    by = forms.ChoiceField(
        label=_("On"),
        choices=[(ON_THE_DAY, _("A day of the month")), (ON_A_WEEKDAY, _("A weekday"))],
        required=False,
        widget=forms.RadioSelect,
    )
    month_day = forms.TypedChoiceField(label=_("Day"), choices=MONTH_DAYS, coerce=int, required=False)
    nth = forms.TypedChoiceField(label=_("Which"), choices=NTH, coerce=int, required=False)
    nth_day = forms.ChoiceField(label=_("Weekday"), choices=DAYS, required=False)
    rule = forms.CharField(
        label=_("Rule"),
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("RFC 5545, such as FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1"),
    )
    ends = forms.ChoiceField(label=_("Ends"), choices=ENDS, required=False)
    until = date_field(_("End date"), required=False)
    count = forms.IntegerField(label=_("Number of times"), min_value=1, max_value=10_000, required=False)
    recurrence_from = forms.ChoiceField(label=_("Counts from"), choices=BASES, required=False)
    due_date = date_field(_("First due date"), required=False)

    def prepare(self) -> None:
        self.fields["frequency"].widget.attrs["autofocus"] = True
        if self.task.due_date is not None:
            del self.fields["due_date"]

    def read(self) -> dict[str, Any]:
        return fields_of(self.task.recurrence, self.task.due_date) | {
            "recurrence_from": self.task.recurrence_from,
            "due_date": self.task.due_date,
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("ends") == "until" and not given.get("until") and "until" not in self.errors:
            self.add_error("until", _("Must have an end date. Choose one, or change “Ends” to “Never”."))
        if given.get("ends") == "count" and not given.get("count") and "count" not in self.errors:
            self.add_error("count", _("Must have a number of times. Enter one, or change “Ends” to “Never”."))
        return given

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        rule = rule_of(given, self.task.due_date or given.get("due_date"))
        values = {"recurrence": rule, "recurrence_from": given.get("recurrence_from") or self.task.recurrence_from}
        if given.get("due_date") and rule:
            values["due_date"] = given["due_date"]
        return values


def fields_of(rule: str, due: date | None) -> dict[str, Any]:
    """The rule as the fields of the form; what they can't say is shown as a rule of one's own."""
    start = due or date.today()  # noqa: DTZ011 - only which day is chosen first
    fields: dict[str, Any] = {
        "frequency": NEVER,
        "interval": 1,
        "weekdays": [WEEKDAYS[start.weekday()]],
        "by": ON_THE_DAY,
        "month_day": start.day,
        "nth": min((start.day - 1) // 7 + 1, 4),
        "nth_day": WEEKDAYS[start.weekday()],
        "ends": "never",
        "rule": rule,
    }
    if not rule:
        return fields
    read = _read(split_rule(rule))
    return fields | ({"frequency": CUSTOM} if read is None else read)


def _read(parts: Mapping[str, str]) -> dict[str, Any] | None:
    """The parts as fields; None if the fields can't say them."""
    frequency, days, month_day = parts["FREQ"], parts.get("BYDAY", ""), parts.get("BYMONTHDAY", "")
    found: dict[str, Any] = {"frequency": frequency, "interval": int(parts.get("INTERVAL", "1"))} | _end(parts)
    plain_days = [day for day in days.split(",") if day]
    if not parts.keys() <= PLAIN or "T" in parts.get("UNTIL", ""):
        return None
    if frequency == "DAILY" and days and found["interval"] == 1:
        frequency = found["frequency"] = "WEEKLY"
    if frequency == "WEEKLY" and not month_day and set(plain_days) <= set(WEEKDAYS):
        return found | ({"weekdays": plain_days} if plain_days else {})
    if frequency == "MONTHLY" and not days and (not month_day or month_day in {str(day) for day, _ in MONTH_DAYS}):
        return found | ({"month_day": int(month_day)} if month_day else {})
    if frequency == "MONTHLY" and not month_day and days[:-2] in {str(number) for number, _ in NTH}:
        return found | {"by": ON_A_WEEKDAY, "nth": int(days[:-2]), "nth_day": days[-2:]}
    return found if frequency in ("DAILY", "YEARLY") and not days and not month_day else None


def _end(parts: Mapping[str, str]) -> dict[str, Any]:
    if "COUNT" in parts:
        return {"ends": "count", "count": int(parts["COUNT"])}
    if "UNTIL" in parts:
        return {"ends": "until", "until": datetime.fromisoformat(parts["UNTIL"][:8]).date()}
    return {}


def rule_of(given: Mapping[str, Any], due: date | None) -> str:
    """The rule that the fields say; empty text if nothing repeats."""
    frequency = given.get("frequency") or NEVER
    if frequency in (NEVER, CUSTOM):
        return (given.get("rule") or "") if frequency == CUSTOM else ""
    parts = {"FREQ": frequency}
    if (given.get("interval") or 1) > 1:
        parts["INTERVAL"] = str(given["interval"])
    if frequency == "WEEKLY" and given.get("weekdays"):
        parts["BYDAY"] = ",".join(day for day in WEEKDAYS if day in given["weekdays"])
    if frequency == "MONTHLY":
        parts |= _of_month(given, due)
    if given.get("ends") == "count" and given.get("count"):
        parts["COUNT"] = str(given["count"])
    if given.get("ends") == "until" and given.get("until"):
        parts["UNTIL"] = f"{given['until']:%Y%m%d}"
    return join_rule(parts)


def _of_month(given: Mapping[str, Any], due: date | None) -> dict[str, str]:
    if given.get("by") == ON_A_WEEKDAY:
        return {"BYDAY": f"{given.get('nth') or 1}{given.get('nth_day') or WEEKDAYS[calendar.MONDAY]}"}
    day = given.get("month_day") or (due.day if due else 1)
    return {"BYMONTHDAY": str(day)}

"""The parameters of a report: the filters of the list of tasks, and the sections to add."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.common.clock import wall_time
from taskbell.common.errors import invalid
from taskbell.common.values import read_boolean, read_choice, read_date
from taskbell.projects.audience import sees_everything
from taskbell.reports.insights import Question
from taskbell.reports.models import ReportKind
from taskbell.reports.series import DEFAULT_PERIODS, GROUPS, MAX_PERIODS, Periods, default_first
from taskbell.search.filters import BOOLEAN, DAY, Schema
from taskbell.search.parameters import Parameters, read_parameter, refuse_unknown
from taskbell.search.tasks import FILTERS, matching_lists, matching_tasks

# The parameters that add sections to insights, each with its JSON Schema.
SECTIONS: Mapping[str, tuple[Schema, str]] = {
    "by_project": (BOOLEAN, "Adds `tasks_by_project`."),
    "group": ({"type": "string", "enum": list(GROUPS)}, "Adds a series for charts."),
    "from": (
        DAY,
        "With `group`: the first day of the series. By default it has {day} days, {week} weeks or {month} months."
        "".format(**DEFAULT_PERIODS),
    ),
    "to": (DAY, "With `group`: the last day of the series; by default today, in your time zone."),
}


def read_question(parameters: Parameters, person: User, *, kind: str = ReportKind.INSIGHTS, now: datetime) -> Question:
    """The request in the parameters, over the tasks that the person can see now. Raises Invalid."""
    refuse_unknown(parameters, (*FILTERS, *(SECTIONS if kind == ReportKind.INSIGHTS else {})))
    filters = {name: text for name, text in parameters.items() if name in FILTERS}
    is_of_everything = sees_everything(person) and not filters
    tasks = matching_tasks(filters, person, archived_too=kind == ReportKind.EXPORT)
    lists = matching_lists(filters, person)
    by_project = read_parameter(parameters, "by_project", read_boolean, default=False)
    return Question(person, tasks, lists, is_of_everything, by_project, _periods(parameters, person, now=now))


def _periods(parameters: Parameters, person: User, *, now: datetime) -> Periods | None:
    """The periods of the requested series. Raises Invalid."""
    if "group" not in parameters:
        for name in ("from", "to"):
            if name in parameters:
                raise invalid(name, "invalid", _("Only for a series: send `group` too."))
        return None
    group = read_parameter(parameters, "group", partial(read_choice, choices=GROUPS), "")
    zone = person.profile.timezone
    last = read_parameter(parameters, "to", read_date, wall_time(now, zone).date())
    first = read_parameter(parameters, "from", read_date, default_first(group, last))
    if first > last:
        raise invalid("from", "invalid", _("Must not be after the end of the series."))
    periods = Periods(group, first, last, zone)
    if len(periods.starts()) > MAX_PERIODS:
        raise invalid(
            "from",
            "invalid",
            _("A series can't have more than %(periods)s points. Choose a later start or a larger `group`.")
            % {"periods": MAX_PERIODS},
        )
    return periods

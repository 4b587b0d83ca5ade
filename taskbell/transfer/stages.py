"""The stage of a row, and when it was completed."""

from typing import Any

from django.utils.translation import gettext as _

from taskbell.common.errors import invalid
from taskbell.tasks.kinds import OVERDUE, Stage
from taskbell.transfer.reading import Notice, Row

Values = dict[str, Any]


def stage_of(found: Values) -> str:
    """The stage; if the file has none, the status."""
    stage = named_stage(found)
    if stage == OVERDUE:
        raise invalid(
            "status", "invalid_choice", _("Can't be OVERDUE, because only the clock sets it. Send the stage.")
        )
    return stage


def named_stage(found: Values) -> str:
    """The stage or the status, whichever the file has, as it is named there."""
    return str(found.get("stage") or found.get("status", Stage.PENDING.value))


def note_completion(row: Row, found: Values, notices: list[Notice]) -> None:
    """A notice if the file says when a task was completed that is not."""
    stage = named_stage(found)
    if "completed_at" in found and stage != Stage.COMPLETED:
        lost = _("Can't be imported, because the task is %(stage)s: %(completed_at)s.") % {
            "stage": stage,
            "completed_at": f"{found['completed_at']:%Y-%m-%d %H:%M}",
        }
        notice = Notice(row.line, "completed_at", lost)
        notices.extend([notice] if notice not in notices else [])

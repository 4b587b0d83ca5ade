"""Makes labels of other programs fit."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from taskbell.common.values import BadValue
from taskbell.tasks.labels import MAX_LABELS, MAX_NAME, read_label_name
from taskbell.transfer.fitting import Note, in_one_line, shown
from taskbell.transfer.label_cells import read_labels


def fit_labels(value: Any, note: Note) -> Any:
    if not isinstance(value, list):
        return value
    try:
        return read_labels(value)
    except BadValue:
        fitting = list(_each_label(value, note))
    try:
        return read_labels(fitting)
    except BadValue:
        note(
            _("A task has at most %(most)s labels. Left out: %(fitting)s")
            % {"most": MAX_LABELS, "fitting": shown(fitting[MAX_LABELS:])}
        )
        return fitting[:MAX_LABELS]


def _each_label(names: list[Any], note: Note) -> Iterator[str]:
    for one in names:
        name = in_one_line(one) if isinstance(one, str) else one
        if isinstance(name, str) and len(name) > MAX_NAME:
            note(
                _("A label has at most %(most)s characters. This one is cut: %(name)s")
                % {"most": MAX_NAME, "name": shown(name)}
            )
            name = f"{name[: MAX_NAME - 1]}…"
        try:
            yield read_label_name(name.replace(",", " ") if isinstance(name, str) else name)
        except BadValue as error:
            note(_("The label %(one)s can't be imported. %(error)s") % {"one": shown(one), "error": error})

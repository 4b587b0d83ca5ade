"""The labels that a row names."""

from typing import Any

from django.utils.translation import gettext as _

from taskbell.common.text import folded
from taskbell.common.values import BadValue
from taskbell.tasks.labels import MAX_LABELS, read_label_name


def read_labels(value: Any) -> list[str]:
    """The names, each once; in text, with commas between them. Raises BadValue."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list):
        raise BadValue(_("Must be a list of names."))
    found: dict[str, str] = {}
    for one in names:
        if isinstance(value, str) and not one.strip():
            continue
        name = read_label_name(one.replace(",", " ") if isinstance(one, str) else one)
        found.setdefault(folded(name), name)
        if len(found) > MAX_LABELS:
            raise BadValue(_("Must have at most %(most)s labels.") % {"most": MAX_LABELS}, "max_length")
    return list(found.values())

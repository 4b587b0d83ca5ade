"""The labels of tasks, which are written by their names. Each verb checks its own rules.

Labels are created and renamed one at a time, and created before their task is locked, so that no two writers of the
same names deadlock.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.activity.actions import Change, record_entries
from taskbell.common.errors import FieldError, NotAllowed, refuse
from taskbell.common.locks import one_at_a_time
from taskbell.common.text import folded
from taskbell.common.values import BadValue
from taskbell.tasks.label_models import Label, TaskLabel
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.policy import check_may_edit
from taskbell.tasks.quotas import check_room_for
from taskbell.tasks.shared_names import name_entry, read_unique_name

MAX_NAME = 50  # characters
MAX_LABELS = 20  # of a task
UNKNOWN = gettext_noop(
    "There is no label “{}”, and your role does not let you create one. Use an existing label, or ask a manager to "
    "create it."
)


def read_label_name(value: object) -> str:
    """The name as it is stored. Raises BadValue."""
    name = read_unique_name(value, most=MAX_NAME)
    if "," in name:
        raise BadValue(_("Must not contain a comma: commas separate labels."), "comma")
    return name


def lock_labels() -> None:
    """Until the transaction ends, nobody else creates or renames a label. Call it before any task is locked."""
    one_at_a_time("labels")


def labels_of(patches: Iterable[TaskPatch], *, by: User, now: datetime) -> dict[str, Label]:
    """The labels that the patches name, by key. Missing ones are created, if the person may. Raises QuotaReached.

    Call it before any task is locked. Names that break a rule are left out; `replace_labels` refuses them.
    """
    names: dict[str, str] = {}
    for patch in patches:
        wanted, errors = _read(patch.labels)
        names |= {} if errors else {key: names.get(key, name) for key, name in wanted.items()}
    known = _labels_by_key(names)
    if len(known) == len(names) or not by.can(Capability.CREATE_CATEGORIES):
        return known
    lock_labels()
    known = _labels_by_key(names)
    missing = [key for key in names if key not in known]
    check_room_for("labels", by, more=len(missing))
    new = Label.objects.bulk_create(Label(name=names[key], key=key, created_by=by, created_at=now) for key in missing)
    record_entries(name_entry(label, "created", by=by, at=now) for label in new)
    return known | {label.key: label for label in new}


def replace_labels(
    task: Task, names: Sequence[str], known: Mapping[str, Label], *, is_new: bool = False, by: User
) -> dict[str, Change]:
    """Replaces the labels of the task, which the caller has locked. Returns the change for the history, if any.

    `known` are those that `labels_of` has found. The labels that the task already has are always accepted. Raises
    NotAllowed, or Invalid naming every name that breaks a rule.
    """
    wanted, errors = _read(names)
    present = {} if is_new else _labels_on(task.pk)
    if not errors and wanted.keys() == present.keys():
        return {}
    check_may_edit(by, task)
    refuse(errors)
    if unknown := [name for key, name in wanted.items() if key not in known]:
        raise NotAllowed(_(UNKNOWN).format(unknown[0]))
    return _replace(task.pk, present, {key: known[key] for key in wanted})


def copy_labels(old: Task, new: Task, *, is_new: bool = False) -> dict[str, Change]:
    """Gives the new task, which the caller has locked or created, the labels of the old one. Returns the change."""
    return _replace(new.pk, {} if is_new else _labels_on(new.pk), _labels_on(old.pk))


def names_of_labels(labels: Iterable[Label]) -> list[str]:
    """Their names, as people sort."""
    return [label.name for label in sorted(labels, key=lambda label: (label.name_sort, label.pk))]


def _read(names: object) -> tuple[dict[str, str], list[FieldError]]:
    """The names by key, each once, and what is wrong with which. No names where the patch has none."""
    wanted: dict[str, str] = {}
    errors = []
    if not isinstance(names, Sequence) or isinstance(names, str):
        return {}, [FieldError("labels", "invalid", _("Must be a list."))]
    for place, value in enumerate(names):
        try:
            name = read_label_name(value)
            wanted.setdefault(folded(name), name)
        except BadValue as error:
            errors.append(FieldError(f"labels.{place}", error.code, str(error)))
    if len(wanted) > MAX_LABELS:
        errors.append(
            FieldError("labels", "max_length", _("Must have at most %(labels)s labels.") % {"labels": MAX_LABELS})
        )
    return wanted, errors


def _labels_by_key(keys: Iterable[str]) -> dict[str, Label]:
    wanted = list(keys)
    return {label.key: label for label in Label.objects.filter(key__in=wanted)} if wanted else {}


def labels_by_task(tasks: Collection[int]) -> dict[int, dict[str, Label]]:
    """The labels of each of these tasks, by key."""
    found: dict[int, dict[str, Label]] = {task: {} for task in tasks}
    for link in TaskLabel.objects.filter(task__in=tasks).select_related("label"):
        found[link.task_id][link.label.key] = link.label
    return found


def _labels_on(task_id: int) -> dict[str, Label]:
    return labels_by_task([task_id])[task_id]


def _replace(task_id: int, present: Mapping[str, Label], wanted: Mapping[str, Label]) -> dict[str, Change]:
    if present.keys() == wanted.keys():
        return {}
    if gone := [label for key, label in present.items() if key not in wanted]:
        TaskLabel.objects.filter(task=task_id, label__in=gone).delete()
    new = (label for key, label in wanted.items() if key not in present)
    TaskLabel.objects.bulk_create(TaskLabel(task_id=task_id, label=label) for label in new)
    return {"labels": (names_of_labels(present.values()), names_of_labels(wanted.values()))}

"""Writes a large import in batches where the database has one writer, so that others can write between them.

The whole file is checked before the first batch; nothing can be refused afterwards. After a kill, another worker reads
and checks the file again. From the reserved ids and the number of written rows, it knows which tasks exist.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from taskbell.common.locks import let_others_write
from taskbell.transfer import findings, staging
from taskbell.transfer.cycles import in_order
from taskbell.transfer.importing import CheckedFile, ImportResult
from taskbell.transfer.known import mark_known
from taskbell.transfer.updating import update_known
from taskbell.transfer.writing import write_turns

ROWS, LINKED_ROWS, UPDATED_ROWS = 1000, 100, 50  # of a batch


@dataclass
class ImportProgress:
    """How far an import is. Each transaction calls `note` with the share and what changes, the last one `finish`."""

    note: Callable[..., None] = lambda share, **changed: None
    finish: Callable[[ImportResult], None] = lambda result: None
    first_id: int | None = None
    written: int = 0


def write_in_batches(checked: CheckedFile, progress: ImportProgress) -> ImportResult:
    """Writes what `CheckedFile.write` writes. Raises ImportRefused, Conflict; then nothing is written."""
    if not staging.HAS_ONE_WRITER:
        with transaction.atomic():
            progress.note(0.0)  # locks the import until the end
            result = checked.write()
            progress.finish(result)
        return result
    _begin(checked, progress)
    _create(checked, progress)
    if checked.is_update:
        _update(checked, progress)
    with transaction.atomic():
        progress.note(1.0)
        result = checked.end()
        progress.finish(result)
    return result


def _begin(checked: CheckedFile, progress: ImportProgress) -> None:
    """Finds known tasks and refusals, and takes the ids."""
    rows, first = checked.result.rows, progress.first_id
    links = findings.has_links()
    staging.give_turns(in_order(findings.links_in_order(), rows) if links else None)
    checked.mark_known(_not_ours(first, rows) if first is not None else "")
    if first is None and checked.is_update and not checked.options.partial:
        rehearsal = update_known(checked.checker, now=checked.checker.now, rows=UPDATED_ROWS, rehearse=True)
        for _ in rehearsal:
            let_others_write()
        checked.count_failed()
    with transaction.atomic():
        if first is None:
            checked.check_room()
            checked.create_names()
            first = staging.reserve_ids(rows)
            progress.note(0.0, first_id=first)
        else:
            checked.create_names()
            progress.note(progress.written / max(rows, 1))
    progress.first_id = first
    staging.give_ids(first)


def _create(checked: CheckedFile, progress: ImportProgress) -> None:
    checker, rows, first = checked.checker, checked.result.rows, progress.first_id
    assert first is not None  # noqa: S101 - it has begun
    size = LINKED_ROWS if findings.has_links() else ROWS
    for after in range(progress.written, rows, size):
        upto = min(after + size, rows)
        with transaction.atomic():
            progress.note(after / rows, written=upto)
            # What another import has created meanwhile is known as well.
            mark_known(checker.by, f"{_not_ours(first, rows)} AND staged.turn > {after} AND staged.turn <= {upto}")
            write_turns(checker, after, upto)
        let_others_write()


def _update(checked: CheckedFile, progress: ImportProgress) -> None:
    checker, result = checked.checker, checked.result
    with transaction.atomic():
        progress.note(1.0)
        staging.load_categories(checker.categories, "task.is_known", by=checker.by, now=checker.now)
    updates = update_known(checker, now=checker.now, rows=UPDATED_ROWS)
    while True:
        with transaction.atomic():
            progress.note(1.0)
            updated = next(updates, None)
        if updated is None:
            break
        result.updated += updated
        let_others_write()
    checked.count_failed(may_refuse=False)


def _not_ours(first: int, rows: int) -> str:
    return f"AND NOT (task.id > {first} AND task.id <= {first + rows})"

"""Compares the copy with its source."""

import hashlib
import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from taskbell.common.loading import all_rows
from taskbell.common.sql import fetch
from taskbell.config.language import gettext as _
from taskbell.runtime.growing.source import Source
from taskbell.runtime.refusals import CannotStart
from taskbell.tasks.counting import recount

HISTORY, KEPT = "activity_activity", "tasks_taskcount"
AS_TEXT = {
    "uuid": "replace({}::text, '-', '')",
    "jsonb": "{}::text",
    "timestamp with time zone": "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
}
Form = Callable[[str], str]


def _json_in_one_form(text: str) -> str:
    """PostgreSQL orders the members of an object, and writes numbers in its own way."""
    value = json.loads(text, parse_int=Decimal, parse_float=Decimal)
    return json.dumps(value, sort_keys=True, default=lambda number: str(number.normalize()))


def _with_microseconds(text: str) -> str:
    return text if "." in text else f"{text}.000000"


IN_ONE_FORM: dict[str, Form] = {"jsonb": _json_in_one_form, "timestamp with time zone": _with_microseconds}
TYPES = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = %s
"""


def check_counts(source: Source, tables: list[str]) -> None:
    """Raises CannotStart unless each table has as many rows. The kept counts are counted again."""
    for table in set(tables) - {KEPT}:
        if fetch(f'SELECT count(*) FROM "{table}"')[0][0] != source.count(table):  # noqa: S608
            raise _Differs(table)
    recount()


def check_history(source: Source) -> str:
    """The checksum of the history, which is that of the source's. Raises CannotStart if they differ."""
    columns = source.columns(HISTORY)
    types = dict(fetch(TYPES, [HISTORY]))
    forms = [IN_ONE_FORM.get(types[name]) for name in columns]
    selected = ", ".join(AS_TEXT.get(types[name], "{}").format(f'"{name}"') for name in columns)
    theirs = _checksum((row[1:] for row in source.rows(HISTORY, columns, after=0)), forms)
    ours = _checksum(all_rows(f"SELECT {selected} FROM {HISTORY} ORDER BY id"), forms)  # noqa: S608
    if ours != theirs:
        raise _Differs(HISTORY)
    return ours


class _Differs(CannotStart):
    def __init__(self, table: str) -> None:
        said = _("the copy of %(table)s differs from its source. Empty the target and run the command again.")
        super().__init__(said % {"table": table})


def _checksum(rows: Iterable[tuple[Any, ...]], forms: list[Form | None]) -> str:
    checksum = hashlib.sha256()
    for row in rows:
        values = [form(value) if form and value else value for value, form in zip(row, forms, strict=True)]
        checksum.update(repr(values).encode(errors="surrogatepass"))
    return checksum.hexdigest()

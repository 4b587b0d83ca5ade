"""Files of other programs with something wrong in them: each is refused in words, or imported; nothing else happens."""

import io
import json
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal
from taskbell.transfer.formats import FileOptions
from taskbell.transfer.importing import Options, import_tasks
from taskbell.transfer.opening import OpenedFile
from tests.conftest import NOW
from tests.undoing import undone

SAMPLES = Path(__file__).parent / "samples"
JUNK = [
    *(None, True, 0, -1, 1.5, 10**30, "", "x", "\ud800", "a\0b", "x" * 30_000, [], {}, [None], [[]], {"a": 1}),
    *({"id": {}}, ["x"], "2027-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "FREQ=SECONDLY"),
]
JSON_FILES = ["trello.json", "google-tasks.json", "microsoft-todo.json", "taskwarrior.json", "vikunja.json"]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each container in the value, with a key or index in it."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    found = [(value, key) for key in keys]
    return found + [place for key in keys for place in places(value[key])]


def bring(content: bytes, by: User, **options: Any) -> list[Any]:
    """Every message about the file; it may be refused."""
    with undone():
        try:
            file = OpenedFile(io.BytesIO(content), FileOptions(NOW, "Europe/Berlin"))
            report = import_tasks(file.rows(), Options(**options), by=by, now=NOW)
        except Refusal as refusal:
            return [refusal.detail]
        return [*(vars(one) for one in report.errors), *(vars(one) for one in report.notices)]


@pytest.mark.parametrize("name", JSON_FILES)
def test_a_value_that_no_program_would_write_is_an_error_or_a_notice(bo: User, name: str) -> None:
    chance = random.Random(name)
    whole = (SAMPLES / name).read_text()
    for _ in range(60):
        file = json.loads(whole)
        for container, key in chance.sample(places(file), 2):
            container[key] = chance.choice(JUNK)
        messages = bring(json.dumps(file).encode(), bo, partial=True)
        said = orjson.dumps(messages).decode()  # which refuses lone surrogates
        assert not any(python in said for python in ("None", "True", "{'", "['", "NoneType", "Traceback")), said


def test_a_backup_of_ticktick_with_odd_cells(bo: User) -> None:
    chance = random.Random(1)
    whole = (SAMPLES / "ticktick.csv").read_text()
    parts = whole.split('","')
    for _ in range(60):
        some = list(parts)
        some[chance.randrange(len(some))] = chance.choice(
            ["", "x", "-1", "\ufffd", "99999999999", "TRIGGER:P1X", "P9T"]
        )
        orjson.dumps(bring('","'.join(some).encode(), bo, partial=True))


@pytest.mark.parametrize("name", [*JSON_FILES, "ticktick.csv"])
def test_a_file_that_was_cut_off_imports_nothing(bo: User, name: str) -> None:
    whole = (SAMPLES / name).read_bytes()
    for share in (0.1, 0.5, 0.9):
        (message,) = bring(whole[: int(len(whole) * share)], bo, strict=True)
        assert isinstance(message, str)

"""Moments out of PostgreSQL are what Django would have read, only sooner."""

from datetime import UTC, datetime

import pytest
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from hypothesis import given
from hypothesis import strategies as st
from psycopg import DataError
from psycopg.postgres import types

from taskbell.common.postgresql.base import TimestampLoader

OID = types["timestamptz"].oid


class Ours(TimestampLoader):
    timezone = UTC


class Djangos(BaseTzLoader):  # type: ignore[misc]
    timezone = UTC


def as_postgresql_writes(moment: datetime) -> str:
    """Without the zeros at the end of the fraction of a second, and with the hour of the offset alone."""
    text = str(moment)
    return (text.rstrip("0") if moment.microsecond else text) + "+00"


@given(st.datetimes())
def test_every_moment_is_read_as_django_reads_it(moment: datetime) -> None:
    data = as_postgresql_writes(moment).encode()
    read = Ours(OID).load(data)
    assert read == Djangos(OID).load(data) == moment.replace(tzinfo=UTC)
    assert read is not None
    assert read.tzinfo is UTC


@pytest.mark.parametrize("data", [b"infinity", b"10000-01-01 00:00:00+00", b"0044-03-15 12:00:00+00 BC"])
def test_what_is_no_moment_for_python_is_refused_as_before(data: bytes) -> None:
    for loader in (Ours, Djangos):
        with pytest.raises(DataError):
            loader(OID).load(data)

"""What `taskbell doctor` examines on this machine and in the database."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from taskbell.common.clock import time_zones, utc_now
from taskbell.common.sql import execute, fetch
from taskbell.config.env import environment
from taskbell.config.language import gettext as _
from taskbell.runtime.doctor import Finding
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import check_database, first_line

MIB = 1024 * 1024
MIN_FREE_BYTES, MIN_FREE_SHARE = 500 * MIB, 0.02
MAX_SECONDS_APART = 2.0
ENOUGH_ZONES = 400
CHANGES_ITS_CLOCK = "Europe/Berlin"


def time_zone_data() -> Iterator[Finding]:
    """Reminders by local time need the data."""
    what = _("Time zones")
    fix = _("Install the package tzdata: pip install --upgrade tzdata")
    try:
        zone = ZoneInfo(CHANGES_ITS_CLOCK)
    except ZoneInfoNotFoundError:
        yield Finding(what, problem=_("There is no time zone data."), fix=fix)
        return
    offsets = {datetime(2026, month, 1, tzinfo=UTC).astimezone(zone).utcoffset() for month in (1, 7)}
    number = len(time_zones())
    if number < ENOUGH_ZONES or len(offsets) < 2:
        yield Finding(what, problem=_("The time zone data is incomplete."), fix=fix)
    else:
        yield Finding(what, _("%(number)d known") % {"number": number})


def data_folder() -> Iterator[Finding]:
    """The folder is writable and has room."""
    what, data = _("Data folder"), environment().data
    try:
        with tempfile.TemporaryFile(dir=data) as file:
            file.write(b"x" * MIB)
            file.flush()
    except OSError as error:
        problem = _("Can't write to %(data)s (%(error)s).") % {"data": data, "error": error.strerror}
        yield Finding(what, problem=problem, fix=_("Free some space, or make the folder writable for this user."))
        return
    usage = shutil.disk_usage(data)
    free = _("%(free)d MiB free in %(data)s") % {"free": usage.free // MIB, "data": data}
    if usage.free < MIN_FREE_BYTES or usage.free < usage.total * MIN_FREE_SHARE:
        yield Finding(what, problem=free, fix=_("Free some space, or move the folder to a larger disk."))
    else:
        yield Finding(what, free)


def database() -> Iterator[Finding]:
    """It answers, takes what is written, and has all migrations."""
    what = _("Database")
    try:
        check_database()
    except CannotStart as reason:
        yield Finding(what, problem=str(reason), fix=_("Start the database, or correct the setting."))
        return
    has, needs = connection.get_database_version(), connection.features.minimum_database_version
    version = f"{connection.display_name} {'.'.join(map(str, has))}"
    if needs and has < needs:
        fix = _("Upgrade the database to %(version)s or newer.") % {"version": ".".join(map(str, needs))}
        yield Finding(what, problem=version, fix=fix)
    else:
        yield Finding(what, version)
    yield from _migrations()
    if MigrationRecorder(connection).has_table():
        yield from _writable()
    if connection.vendor == "postgresql":
        [(at,)] = fetch("SELECT clock_timestamp()")
        yield clock_finding(_("Clock of the database"), (at - utc_now()).total_seconds())


def _migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if pending:
        problem = _("%(number)d are not applied.") % {"number": pending}
        yield Finding(_("Migrations"), problem=problem, fix=_("Run 'taskbell migrate'."))
    else:
        yield Finding(_("Migrations"), _("all applied"))


def _writable() -> Iterator[Finding]:
    what = _("Writing to the database")
    try:
        with transaction.atomic():
            execute("UPDATE django_migrations SET name = name WHERE id = (SELECT min(id) FROM django_migrations)")
            transaction.set_rollback(True)
    except DatabaseError as error:
        yield Finding(what, problem=first_line(error), fix=_("Make the database writable, and check its disk."))
    else:
        yield Finding(what, _("works"))


def clock_finding(what: str, seconds: float) -> Finding:
    """Whether another clock shows the same time as ours."""
    apart = _("%(seconds).1f s from the clock of this machine") % {"seconds": seconds}
    if abs(seconds) <= MAX_SECONDS_APART:
        return Finding(what, apart)
    return Finding(what, problem=apart, fix=_("Turn on time synchronisation (NTP) on both machines."))

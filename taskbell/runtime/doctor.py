"""`taskbell doctor`: examines an installation, and says how to fix what is wrong."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from taskbell.common.redaction import redact, summary, traceback_of
from taskbell.config.language import gettext as _


@dataclass(frozen=True)
class Finding:
    """One line of the report. Without a problem, all is well."""

    what: str
    seen: str = ""
    problem: str = ""
    fix: str = ""


Check = Callable[[], Iterator[Finding]]


def report(checks: dict[str, Check]) -> None:
    """Prints what each check finds. Exits with 1 if something is wrong."""
    is_well = True
    for what, check in checks.items():
        for finding in _findings(what, check):
            is_well = is_well and not finding.problem
            print(_line(finding), flush=True)
    sys.exit(0 if is_well else 1)


def _findings(what: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # whatever it is, the next check has its turn
        fix = _(
            "Fix what the message names. If it is a bug in Taskbell, report it with this line and what is above it."
        )
        problem = summary(error)
        if problem == type(error).__qualname__:  # its message may quote secrets, so only its place can help
            print(traceback_of(error), file=sys.stderr, flush=True)
        yield Finding(what, problem=problem, fix=fix)


def _line(finding: Finding) -> str:
    if not finding.problem:
        return f"{_('ok'):8}{finding.what}: {redact(finding.seen)}"
    return f"{_('NOT OK'):8}{finding.what}: {redact(finding.problem)}\n{'':8}{finding.fix}"

"""The page about security states the limits that the code has."""

import re
from datetime import timedelta
from inspect import signature

import pytest
from uvicorn import Config

from taskbell.accounts import hashing, invites, lockout, throttle
from taskbell.accounts.addresses import CONFIRM_LIFETIME
from taskbell.accounts.models import UNDO_LIFETIME
from taskbell.accounts.throttle import Limit
from taskbell.api import transfer
from taskbell.comments import rendering
from taskbell.comments.mentions import MAX_MENTIONS
from taskbell.comments.models import MAX_BODY
from taskbell.comments.quotas import MAX_ON_A_TASK
from taskbell.common import deadline, fair_reads, strict_json
from taskbell.config import asgi, bodies, crowd, places, port, settings
from taskbell.config.env import Environment
from taskbell.config.quotas import QUOTAS
from taskbell.notifications import links
from taskbell.notifications.policy import MAX_A_DAY_UNCONFIRMED
from taskbell.projects.models import MAX_NAME
from taskbell.realtime import handshake
from taskbell.reports import imports
from taskbell.sharing.members import MAX_MEMBERS
from taskbell.tasks import bulk, labels, prerequisites
from taskbell.transfer import reading_apart
from tests.processes import ROOT

PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (.+?) \| (.+?) \|$", re.MULTILINE)
NAMES_WITH_DIGITS = re.compile(r"\]\([^)]*\)|`[^`]*`|IPv6|Argon2id|HTTP/\d(?:\.\d)?")
MIB, KIB = 1024 * 1024, 1024
UNITS = {timedelta(minutes=15): "15 minutes", timedelta(hours=1): "an hour", timedelta(days=1): "a day"}


def default(name: str) -> object:
    return Environment.model_fields[name].default


def in_words(*limits: Limit) -> str:
    return ", ".join(f"{each.max_attempts} in {UNITS[each.within]}" for each in limits)


def each_and_all(places: object) -> str:
    return f"{places.each}; {places.total} in all"  # type: ignore[attr-defined]


def limits() -> dict[str, str]:
    """What the table must say, from the code."""
    hasher = hashing.ScarceArgon2
    return {
        "wrong passwords for a person, by strangers": in_words(lockout.STRANGERS),
        "the same, from a known browser; from a known network": f"{lockout.KNOWN_BROWSER.max_attempts}; "
        f"{lockout.KNOWN_NETWORK.max_attempts}",
        "attempts to sign in from an address or /64": in_words(throttle.SIGN_IN_PER_ADDRESS),
        "wrong current passwords": in_words(throttle.CURRENT_PASSWORD),
        "accounts registered from an address": in_words(throttle.REGISTER_PER_ADDRESS),
        "password links for an account": in_words(throttle.RESET_PER_ACCOUNT, throttle.RESET_PER_ACCOUNT_A_DAY),
        "password links requested from an address": in_words(throttle.RESET_PER_ADDRESS),
        "confirmation emails to an address": in_words(throttle.CONFIRM_PER_ADDRESS, throttle.CONFIRM_PER_ADDRESS_A_DAY),
        "invitations to an email address; by a person": f"{in_words(throttle.INVITE_PER_ADDRESS)}; "
        f"{in_words(throttle.INVITE_PER_PERSON)}",
        "a password hash": f"{hasher.memory_cost // KIB} MiB, {hasher.time_cost} passes; "
        f"{hashing.MAX_AT_ONCE} at a time",
        "an access token (`TASKBELL_ACCESS_MINUTES`)": f"{default('TASKBELL_ACCESS_MINUTES')} minutes",
        "a session without use (`TASKBELL_SESSION_DAYS`)": f"{default('TASKBELL_SESSION_DAYS')} days",
        "links: password; address; undo; invitation; others": f"{settings.PASSWORD_RESET_TIMEOUT // 60} minutes; "
        + "; ".join(
            f"{each.days} days" for each in (CONFIRM_LIFETIME, UNDO_LIFETIME, invites.INVITE_LIFETIME, links.LIFETIME)
        ),
        "emails one person causes another (`TASKBELL_MAILS_BY_ONE_PERSON`)": ""
        f"{default('TASKBELL_MAILS_BY_ONE_PERSON')} in an hour",
        "emails to an unconfirmed address": f"{MAX_A_DAY_UNCONFIRMED} in a day",
        "head of a request": f"{port.MAX_HEAD_BYTES // KIB} KiB, {port.MAX_HEADERS} headers, "
        f"{crowd.HEAD_SECONDS:.0f} seconds",
        "body of a stranger": f"{port.SMALL_BYTES // KIB} KiB",
        "body of a person": f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE // MIB} MiB",
        "body of an import (`TASKBELL_IMPORT_MEGABYTES`)": f"{default('TASKBELL_IMPORT_MEGABYTES')} MiB",
        "speed of a body": f"{bodies.MIN_BYTES_PER_SECOND:,.0f} bytes a second "
        f"after {bodies.GRACE_SECONDS:.0f} seconds; no pause over {bodies.STALLED_SECONDS:.0f} seconds",
        "the same, and of a download, while somebody waits for the place": ""
        f"{places.MIN_BYTES_PER_SECOND_WHILE_WANTED:,.0f} bytes a second",
        "a client that reads nothing of its answer": f"{crowd.UNREAD_SECONDS:.0f} seconds",
        "answers that wait for slow readers": f"{crowd.MAX_UNREAD_BYTES // MIB} MiB",
        "connections": f"{crowd.MAX_CONNECTIONS:,}, or the limit of open files minus {crowd.RESERVED_FILES}",
        "an idle connection": f"{signature(Config).parameters['timeout_keep_alive'].default} seconds",
        "idle connections of an address, without a proxy": f"{crowd.MAX_IDLE_PER_ADDRESS}",
        "requests in threads, of a person, browser or address": each_and_all(asgi.requests),
        "imports that are worked on, of a person": each_and_all(asgi.imports),
        "large bodies that are arriving, of a person; larger imports": ""
        f"{each_and_all(asgi.uploads)}; {each_and_all(asgi.large_files)}",
        "exports and downloads, of a person": each_and_all(asgi.streams),
        "other large bodies that are worked on, of a person": each_and_all(asgi.large_bodies),
        "live connections of a person (`TASKBELL_LIVE_CONNECTIONS`)": f"{default('TASKBELL_LIVE_CONNECTIONS')}",
        "live connections of an address that have not signed in": f"{handshake.MAX_UNFINISHED}",
        "duration of a request": f"{deadline.MAX_SECONDS:.0f} seconds",
        "slow reads of a person": f"{fair_reads.MAX_READS} at a time",
        "keys and values of a JSON body; its depth": f"{strict_json.MAX_PARTS:,}; {strict_json.MAX_DEPTH}",
        "rows of a bulk request": f"{bulk.MAX_ROWS:,}",
        "prerequisites of a task; tasks that it blocks": f"{prerequisites.MAX_PREREQUISITES}; "
        f"{prerequisites.MAX_DEPENDENTS:,}",
        "a file imported within the request": f"{transfer.MAX_BYTES_AT_ONCE // MIB} MiB, "
        f"{transfer.MAX_ROWS_AT_ONCE:,} rows",
        "reading a file: within the request; by a worker": f"{transfer.MAX_SECONDS} seconds; "
        f"{imports.MAX_SECONDS} seconds; {reading_apart.MAX_MEMORY_MIB} MiB of memory",
        "labels of a task; characters of a label": f"{labels.MAX_LABELS}; {labels.MAX_NAME}",
        "tasks; text; categories; labels; projects of a person (`TASKBELL_QUOTAS`)": f"{QUOTAS['tasks']:,}; "
        f"{QUOTAS['text']} MiB; {QUOTAS['categories']}; {QUOTAS['labels']}; {QUOTAS['projects']}",
        "members of a project; characters of its name": f"{MAX_MEMBERS:,}; {MAX_NAME}",
        "comments of a person; their text and HTML (`TASKBELL_QUOTAS`)": f"{QUOTAS['comments']:,}; "
        f"{QUOTAS['comment_megabytes']} MiB",
        "comments on a task; people that one mentions": f"{MAX_ON_A_TASK:,}; {MAX_MENTIONS}",
        "a comment; marks and bare links that are rendered; nesting": f"{MAX_BODY:,} characters; "
        f"{rendering.MAX_MARKS:,}; {rendering.MAX_LINKS}; {rendering.MAX_NESTING}",
        "imports; open invitations; sessions of a person (`TASKBELL_QUOTAS`)": f"{QUOTAS['imports']} in an hour; "
        f"{QUOTAS['invitations']}; {QUOTAS['sessions']}",
        "answers kept for an `Idempotency-Key` (`TASKBELL_QUOTAS`)": f"{QUOTAS['answers']:,} in a day; "
        f"{QUOTAS['answer_megabytes']} MiB",
    }


def rows() -> list[tuple[str, str]]:
    return ROW.findall(PAGE.read_text())[1:]


def test_the_table_has_the_limits_of_the_code_and_no_others() -> None:
    assert rows() == list(limits().items())


def test_all_numbers_are_in_the_table() -> None:
    prose = NAMES_WITH_DIGITS.sub("", ROW.sub("", PAGE.read_text()))
    assert re.findall(r".*\d.*", prose) == []


@pytest.mark.parametrize("page", ["README.md", "docs/deployment.md", "SECURITY.md"])
def test_readers_find_the_page(page: str) -> None:
    assert re.search(r"\]\((?:docs/)?security\.md[#)]", (ROOT / page).read_text())

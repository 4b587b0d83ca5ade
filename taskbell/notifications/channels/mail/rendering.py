"""Rendering: a notification becomes the bytes of an email. A kind of email is a folder of three templates."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import override

from taskbell.accounts.models import User
from taskbell.accounts.preferences import MAIL_SWITCHES
from taskbell.common.quoting import greeted, name_in_quotes, quoted_lines, set_apart, short_name, without_links
from taskbell.common.text import in_ascii
from taskbell.common.wording import DATE, DAY_AND_TIME, TIME, in_words
from taskbell.notifications.channels.mail import mime
from taskbell.notifications.channels.mail.templates import fill_in
from taskbell.notifications.kinds import Kind, find_kind
from taskbell.notifications.links import LinkAction, link_for
from taskbell.notifications.models import Delivery, Notification

LATE_AFTER = timedelta(minutes=2)
MAX_SUBJECT_LENGTH = 150


@dataclass(frozen=True)
class Letter:
    """What a person reads, and the link that unsubscribes them."""

    subject: str
    text: str
    html: str
    unsubscribe: str | None


def message_id_for(dedupe_key: str) -> str:
    """The Message-ID of this message: always the same, and nobody can guess it."""
    digest = salted_hmac("taskbell.notifications.message_id", dedupe_key, algorithm="sha256").hexdigest()[:40]
    return f"<{digest}@{sender_address().rpartition('@')[2] or 'localhost'}>"


def sender_address() -> str:
    """The bare address that emails come from."""
    return _sender(settings.MAIL["sender"])[1]


@lru_cache
def _sender(configured: str) -> tuple[str, str]:
    """The sender as a header has it, and the bare address."""
    name, address = parseaddr(configured)
    return str(Address(name, addr_spec=address)), address


def recipient_address(notification: Notification) -> str:
    """The address as headers and SMTP take it. Raises ValueError if there is no such form."""
    person = notification.recipient
    return in_ascii(notification.address or (person.email if person else ""))


def compose(mail: Delivery, *, now: datetime) -> Letter:
    """The email in words, for the recipient and in their time zone. Raises LookupError for a kind that is gone."""
    notification = mail.notification
    kind = find_kind(notification.kind)
    if kind is None:
        raise LookupError(f"There is no kind of email called {notification.kind}.")
    is_late = now - mail.due_at > LATE_AFTER
    unsubscribe = _unsubscribe_link(notification)
    with override(language_of(notification)):
        given = _context(mail, kind) | {"is_late": is_late, "unsubscribe": unsubscribe}
        subject, text, html = fill_in(kind, given)
    return Letter(_cut(" ".join(subject.split())), text.strip() + "\n", html, unsubscribe)


def language_of(notification: Notification) -> str:
    """The recipient's language; for an address without an account, that of the person who wrote to it."""
    person, languages = notification.recipient, dict(settings.LANGUAGES)
    language = str(person.profile.language if person else notification.data.get("language", ""))
    return language if language in languages else settings.LANGUAGE_CODE


def _cut(subject: str) -> str:
    """The subject, not too long; a quotation keeps its end."""
    end = f"…{subject[-1]}" if subject.endswith(('"', "“")) else "…"
    return subject if len(subject) <= MAX_SUBJECT_LENGTH else subject[: MAX_SUBJECT_LENGTH - len(end)] + end


def render(mail: Delivery, *, now: datetime) -> bytes:
    """The email as bytes. Call it once and keep the result: a second attempt must send the same bytes."""
    letter = compose(mail, now=now)
    headers = {
        "From": _sender(settings.MAIL["sender"])[0],
        "To": recipient_address(mail.notification),
        "Subject": letter.subject,
        "Date": format_datetime(now),
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",
        **_further_headers(mail, letter.unsubscribe),
    }
    return mime.letter(headers.items(), text=letter.text, html=letter.html)


def _further_headers(mail: Delivery, unsubscribe: str | None) -> dict[str, str]:
    """One-click unsubscribe (RFC 8058), and the header by which some relays recognize an email."""
    headers = {}
    if unsubscribe:
        headers = {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if settings.TASKBELL_IDEMPOTENCY_HEADER:
        headers[settings.TASKBELL_IDEMPOTENCY_HEADER] = mail.message_id.strip("<>").split("@")[0]
    return headers


def _unsubscribe_link(notification: Notification) -> str | None:
    kind = notification.data.get("unsubscribe", notification.kind)
    if notification.recipient_id is None or kind not in MAIL_SWITCHES:
        return None
    return link_for(LinkAction(notification.recipient_id, "unsubscribe", kind))


def _context(mail: Delivery, kind: Kind) -> dict[str, Any]:
    notification = mail.notification
    person, task = notification.recipient, notification.task
    zone = ZoneInfo(person.profile.timezone if person else settings.TASKBELL_TIME_ZONE)
    due_at = notification.due_at.astimezone(zone)
    return {
        "person": person,
        "name": greeted(person.first_name or person.name) if person else "",
        "task": task,
        "site": settings.URL,
        "link": f"{settings.URL}/tasks/{task.pk}/" if task else f"{settings.URL}/",
        "zone": zone.key,
        "due_at": due_at,
        "due_words": in_words(due_at, DAY_AND_TIME),
        "due_day": in_words(due_at, DATE),
        "due_time": in_words(due_at, TIME),
        **(_task_words(mail, task, person, zone) if task and person else {}),
        **notification.data,
        "by": name_in_quotes(notification.data.get("by", "")),
        **(_button_links(notification) if kind.has_buttons else {}),
        **kind.context(notification),
    }


def is_own_text(mail: Delivery) -> bool:
    """True if nobody but its reader had a hand in the task, and in the email: such text stays as it was typed."""
    task, reader = mail.notification.task, mail.notification.recipient_id
    return task is not None and reader is not None and task.people == {reader} and mail.caused_by_id is None


def _task_words(mail: Delivery, task: Any, reader: User, zone: ZoneInfo) -> dict[str, str]:
    """What the email says about the task. Others may have chosen the names of its project and category."""
    facts: dict[str, str] = task.facts(zone, reader)
    title, description = facts["title"], facts["description"]
    names = {
        "project": short_name(facts["project"]),
        "category": short_name(facts["category"]),
        # A creator who also acted is named already.
        "creator": name_in_quotes(facts["creator"] if facts["creator"] != mail.notification.data.get("by") else ""),
        "assignee": name_in_quotes(facts["assignee"]),
    }
    if is_own_text(mail):
        return facts | names | {"quoted_description": description}
    harmless = {"title": set_apart(title), "description": without_links(description)}
    return facts | names | harmless | {"quoted_description": quoted_lines(description) if description else ""}


def _button_links(notification: Notification) -> dict[str, str]:
    """Links to what can be done about the task right from the email."""
    person, task = notification.recipient_id, notification.task_id
    if person is None or task is None:
        return {}
    return {do: link_for(LinkAction(person, do, task)) for do in ("done", "snooze", "tomorrow")}

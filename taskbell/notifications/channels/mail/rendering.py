"""Rendering: a notification becomes the bytes of a mail. A kind of mail is a folder of three templates."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.utils.dateformat import format as date_format
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.text import Truncator

from taskbell.accounts.invites import token_of
from taskbell.accounts.models import User
from taskbell.accounts.profile import SWITCHABLE
from taskbell.common.addresses import in_ascii
from taskbell.notifications.channels.mail import mime
from taskbell.notifications.channels.mail.templates import filled_in
from taskbell.notifications.links import LinkAction, link_for, mac
from taskbell.notifications.models import Kind, Notification
from taskbell.notifications.policy import gathered, still_to_do

WITH_BUTTONS = {Kind.REMINDER, Kind.OVERDUE}
LATE_AFTER = timedelta(minutes=2)
LONGEST_SUBJECT, LONGEST_DESCRIPTION = 150, 1000


@dataclass(frozen=True)
class Letter:
    """What a person reads."""

    subject: str
    text: str
    html: str


def message_id_for(dedupe_key: str) -> str:
    """The one Message-ID of this message: always the same, and nobody can guess it."""
    digest = mac("taskbell.notifications.message_id", settings.SECRET_KEY, dedupe_key.encode()).hexdigest()[:40]
    return f"<{digest}@{sender_address().rpartition('@')[2] or 'localhost'}>"


def sender_address() -> str:
    """The bare address that mails come from."""
    return _sender(settings.MAIL["sender"])[1]


@lru_cache
def _sender(configured: str) -> tuple[str, str]:
    """The sender as a header has it, and the bare address."""
    name, address = parseaddr(configured)
    return str(Address(name, addr_spec=address)), address


def recipient_address(notification: Notification) -> str:
    """The address as headers and SMTP take it. Raises ValueError where there is no such form."""
    return in_ascii(notification.recipient.email if notification.recipient else notification.address)


def compose(notification: Notification, *, now: datetime) -> Letter:
    """The letter in words, for the recipient and in their time zone."""
    context = _context(notification, unsubscribe=_unsubscribe_link(notification), now=now)
    return _composed(notification, context)


def _composed(notification: Notification, context: dict[str, Any]) -> Letter:
    subject, text, html = filled_in(notification.kind, context)
    subject = " ".join(subject.split())
    return Letter(
        subject=subject if len(subject) <= LONGEST_SUBJECT else subject[: LONGEST_SUBJECT - 1] + "…",
        text=text.strip() + "\n",
        html=html,
    )


def render(notification: Notification, *, now: datetime) -> bytes:
    """The mail as bytes. Call it once and keep the result: a second mail must be byte-identical."""
    unsubscribe = _unsubscribe_link(notification)
    letter = _composed(notification, _context(notification, unsubscribe=unsubscribe, now=now))
    headers = {
        "From": _sender(settings.MAIL["sender"])[0],
        "To": recipient_address(notification),
        "Subject": letter.subject,
        "Date": _as_date(now.replace(microsecond=0)),
        "Message-ID": notification.message_id,
        "Auto-Submitted": "auto-generated",
        **_further_headers(notification, unsubscribe),
    }
    return mime.letter(headers.items(), text=letter.text, html=letter.html)


@lru_cache
def _as_date(moment: datetime) -> str:
    return format_datetime(moment)


def _further_headers(notification: Notification, unsubscribe: str | None) -> dict[str, str]:
    """One-click unsubscribe (RFC 8058), and the header by which some relays know a mail again."""
    headers = {}
    if unsubscribe:
        headers = {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if settings.TASKBELL_IDEMPOTENCY_HEADER:
        headers[settings.TASKBELL_IDEMPOTENCY_HEADER] = notification.message_id.strip("<>").split("@")[0]
    return headers


def _unsubscribe_link(notification: Notification) -> str | None:
    if notification.recipient_id is None or notification.kind not in SWITCHABLE:
        return None
    return link_for(LinkAction(notification.recipient_id, "unsubscribe", notification.kind))


def _buttons(notification: Notification) -> dict[str, str]:
    """Links to what can be done about the task right from the mail."""
    if notification.recipient_id is None or notification.task_id is None or notification.kind not in WITH_BUTTONS:
        return {}
    person, task = notification.recipient_id, notification.task_id
    return {do: link_for(LinkAction(person, do, task)) for do in ("done", "snooze", "tomorrow")}


def _context(notification: Notification, *, unsubscribe: str | None, now: datetime) -> dict[str, Any]:
    person, task = notification.recipient, notification.task
    zone_name = person.profile.timezone if person else settings.TASKBELL_TIME_ZONE
    zone = ZoneInfo(zone_name)
    due_at = notification.moment.astimezone(zone)
    return {
        "person": person,
        "task": task,
        "title": task.title if task else "",
        "priority": str(task.get_priority_display()) if task else "",
        "description": _shortened(task.description) if task else "",
        "site": settings.URL,
        "zone": zone_name,
        "due_at": due_at,
        "due_words": _in_words(due_at, "l, j F Y, H:i"),
        "due_day": _in_words(due_at, "j F Y"),
        "due_time": _in_words(due_at, "H:i"),
        "is_late": now - notification.due_at > LATE_AFTER,
        "due": _due_in_words(task, zone) if task else "",
        "unsubscribe": unsubscribe,
        **notification.data,
        **_buttons(notification),
        **_of_its_kind(notification),
    }


# Ten thousand mails of one second have few days between them.
@lru_cache(maxsize=10_000)
def _in_words(day: date, form: str) -> str:
    return date_format(day, form)


def _shortened(description: str) -> str:
    too_long = len(description) > LONGEST_DESCRIPTION
    return Truncator(description).chars(LONGEST_DESCRIPTION) if too_long else description


def _due_in_words(task: Any, zone: ZoneInfo) -> str:
    """The day, or the moment in the reader's time zone; nothing where the task is not due."""
    if task.due_at is None:
        return ""
    if task.due_time is None:
        return _in_words(task.due_date, "l, j F Y")
    return f"{_in_words(task.due_at.astimezone(zone), 'l, j F Y, H:i')} ({zone.key})"


def _of_its_kind(notification: Notification) -> dict[str, Any]:
    """What only the letters of this kind need, made when it is rendered."""
    person = notification.recipient
    match notification.kind:
        case Kind.PASSWORD_RESET if person:
            return {"link": _reset_link(person)}
        case Kind.INVITE:
            return {"link": f"{settings.URL}/invite/{token_of(notification.data['invite'])}/"}
        case Kind.TASK_UPDATED:
            return {"changes": gathered(notification)}
        case Kind.DUE_DIGEST:
            return {"tasks": still_to_do(notification)}
        case _:
            return {}


def _reset_link(person: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return f"{settings.URL}/password/reset/{uid}/{default_token_generator.make_token(person)}/"

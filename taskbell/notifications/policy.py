"""Whether a mail that was to be sent still should be: asked again right before it is."""

from taskbell.notifications.models import Kind, Notification


def reason_not_to_send(notification: Notification) -> str | None:
    """Why the mail must not go out any more, or None when it should."""
    person, task = notification.recipient, notification.task
    if person is None:
        return None
    if not person.is_active:
        return "The account is not active."
    if not person.email:
        return "The person has no e-mail address."
    if task is not None and not task.is_visible_to(person):
        return "The person may not see the task any more."
    if notification.kind == Kind.REMINDER and task is not None and not task.is_open:
        return "The task is finished."
    return None

"""Why an email was not sent, as it is stored; pages translate it where they show it."""

from django.utils.translation import gettext_noop

UNANSWERED = gettext_noop(
    "The mail server never answered. It may have the email; whether to send it again is up to you."
)
REFUSED = gettext_noop("The mail server refused it.")
GIVEN_UP = gettext_noop("No attempt succeeded within three days.")
RESTORED = gettext_noop("Cancelled because it was sent before the backup was restored.")

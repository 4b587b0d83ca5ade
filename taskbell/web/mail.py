"""Where the links in mails lead: looking shows a page, only pressing the button does something."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound, Refusal
from taskbell.notifications.links import LinkAction, read_link
from taskbell.tasks.mail_buttons import BUTTONS, press, subject_of
from taskbell.web.door import page


# The word in the address is the permission; a mail client that unsubscribes (RFC 8058) has no cookie to check.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def mail_button(request: HttpRequest, word: str) -> HttpResponse:
    """What one link in a mail is for."""
    deed = read_link(word)
    try:
        if deed is None:
            raise NotFound
        return _answer(request, deed)
    except Refusal as refusal:
        return page(request, "mail_button_over.html", {"refusal": refusal}, status=refusal.status)


def _answer(request: HttpRequest, deed: LinkAction) -> HttpResponse:
    _, subject = subject_of(deed)
    if request.method == "POST":
        press(deed, now=utc_now())
    context = {"button": BUTTONS[deed.do], "subject": subject, "is_done": request.method == "POST"}
    return page(request, "mail_button.html", context)

"""The pages behind the links in emails: GET shows a page, and only the button (POST) changes anything."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound, Refusal
from taskbell.notifications.links import read_link
from taskbell.tasks.mail_buttons import BUTTONS, press, subject_of
from taskbell.web.door import page


# The token in the URL is the permission; a mail client that unsubscribes (RFC 8058) has no cookie to check.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def mail_button(request: HttpRequest, token: str) -> HttpResponse:
    """The page of one link in an email."""
    action = read_link(token)
    try:
        if action is None:
            raise NotFound
        subject = subject_of(action)[1]
        if request.method == "POST":
            press(action, now=utc_now())
    except Refusal as refusal:
        return page(request, "mail_button_over.html", {"refusal": refusal}, status=refusal.status)
    button = BUTTONS[action.do]
    context = {
        "question": _(button.question),
        "done": _(button.done),
        "subject": subject,
        "is_done": request.method == "POST",
    }
    return page(request, "mail_button.html", context)

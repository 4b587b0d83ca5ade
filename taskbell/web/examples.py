"""The examples of a new account, by buttons: add them, and remove them."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from taskbell.common.clock import utc_now
from taskbell.people.examples import add_examples, remove_examples
from taskbell.web.door import HOME, done, person_of, signed_in


@signed_in
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Adds the examples."""
    add_examples(by=person_of(request), now=utc_now())
    return done(request, _("Three examples added. Complete, change or remove them."), to=HOME)


@signed_in
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Puts the project with the examples in the trash."""
    remove_examples(by=person_of(request), now=utc_now())
    return done(request, _("Examples moved to the trash."), to=HOME)

"""The filters of the directory."""

from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.search.filters import Filter, contains
from taskbell.search.keyset import Key
from taskbell.search.pages import ResultPage, page_of_rows
from taskbell.search.parameters import Parameters


def _text(text: str, person: User) -> Q:
    names = contains("username", text) | contains("first_name", text) | contains("last_name", text)
    return names | contains("email", text) if person.can(Capability.MANAGE_PEOPLE) else names


FILTERS = {"q": Filter("Text in the names; for admins, also in the email address.", _text)}


def page_of_people(parameters: Parameters, person: User) -> ResultPage[User]:
    """The active people, by id. Raises Invalid."""
    return page_of_rows(User.objects.filter(is_active=True), parameters, person, keys=[Key("id")], filters=FILTERS)

"""The filters and orders of the directory."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.errors import invalid
from taskbell.common.folding import fold
from taskbell.common.text import folded
from taskbell.search.filters import Filter
from taskbell.search.keyset import Key
from taskbell.search.pages import PAGE_PARAMETERS, ResultPage, page_of_rows
from taskbell.search.parameters import Parameters, refuse_unknown


def _words(text: str, person: User) -> Q:
    condition = Q()
    for word in text.split():
        found = Q(name_folded__contains=fold(word))
        condition &= found | Q(email__contains=folded(word)) if person.can(Capability.MANAGE_PEOPLE) else found
    return condition


FILTERS = {"q": Filter("Words, all of them in the names; for admins, also in the email address.", _words)}
ORDERS = {"name": Key("name_sort"), "id": Key("id")}


def page_of_people(parameters: Parameters, person: User) -> ResultPage[User]:
    """The active people, by name unless `ordering` says otherwise. Raises Invalid."""
    refuse_unknown(parameters, (*FILTERS, "ordering", *PAGE_PARAMETERS))
    rest = {name: text for name, text in parameters.items() if name != "ordering"}
    keys = _order_of(parameters.get("ordering", "name"))
    return page_of_rows(User.objects.filter(is_active=True), rest, person, keys=keys, filters=FILTERS)


def _order_of(text: str) -> Sequence[Key]:
    name = text.removeprefix("-")
    if name not in ORDERS:
        raise invalid(
            "ordering", "invalid", _("Must be one of %(orders)s, with or without a -.") % {"orders": ", ".join(ORDERS)}
        )
    first = Key(ORDERS[name].name, descending=text.startswith("-"))
    return [first] if name == "id" else [first, Key("id", first.descending)]

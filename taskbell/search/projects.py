"""The filters of projects."""

from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.common.values import read_boolean
from taskbell.projects.audience import is_visible_project
from taskbell.projects.models import Project
from taskbell.projects.policy import managed_by
from taskbell.search.keyset import BY_NAME
from taskbell.search.pages import ResultPage, page_of_rows
from taskbell.search.parameters import Parameters, read_parameter

FLAGS = {
    "all": "Also projects that you can see without being a member, except other people's Inboxes.",
    "archived": "The archived projects instead of the others.",
    "deleted": "The projects in the trash that you can restore.",
}


def page_of_projects(parameters: Parameters, person: User) -> ResultPage[Project]:
    """The person's projects with their role, by name. Raises Invalid."""
    flags = {name: read_parameter(parameters, name, read_boolean, False) for name in FLAGS}
    rest = {name: text for name, text in parameters.items() if name not in FLAGS}
    if flags["deleted"]:
        condition = managed_by(person) & Q(deleted_at__isnull=False)
    else:
        condition = Q(deleted_at=None, archived_at__isnull=not flags["archived"])
    if flags["all"]:
        projects = Project.objects.filter(is_visible_project(person), Q(inbox_of=None) | Q(inbox_of=person))
    else:
        projects = Project.objects.filter(memberships__person=person)
    return page_of_rows(projects.filter(condition).with_role(person), rest, person, keys=BY_NAME)

"""Projects and their members. Every task is in exactly one project."""

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.models import User
from taskbell.common.folding import SortKeyField

MAX_NAME, MAX_DESCRIPTION = 100, 20_000  # characters
ACCESS = "viewer_role"


class ProjectRole(models.TextChoices):
    """What a member may do: an OWNER manages the project, an EDITOR its tasks, a VIEWER reads and comments."""

    OWNER = "OWNER", _("Owner")
    EDITOR = "EDITOR", _("Editor")
    VIEWER = "VIEWER", _("Viewer")


EDITORS = (ProjectRole.OWNER, ProjectRole.EDITOR)


class Colour(models.TextChoices):
    """The colours of projects."""

    GREY = "grey"
    RED = "red"
    ORANGE = "orange"
    AMBER = "amber"
    YELLOW = "yellow"
    LIME = "lime"
    GREEN = "green"
    TEAL = "teal"
    CYAN = "cyan"
    BLUE = "blue"
    VIOLET = "violet"
    PINK = "pink"


class ProjectQuerySet(models.QuerySet["Project"]):
    """Named reads of projects."""

    def with_role(self, person: User) -> "ProjectQuerySet":
        """With the person's role, which `projects/policy.py` asks for."""
        role = Membership.objects.filter(project=OuterRef("pk"), person=person).values("role")
        return self.annotate(**{ACCESS: Subquery(role)})

    def in_use(self) -> "ProjectQuerySet":
        """Projects that are not in the trash."""
        return self.filter(deleted_at=None)

    def archived(self) -> "ProjectQuerySet":
        """Archived projects: their tasks leave the usual lists, can't be changed, and remind nobody."""
        return self.filter(archived_at__isnull=False)


class Project(models.Model):
    """A list of tasks that its members share, or a person's private Inbox."""

    name = models.CharField(max_length=MAX_NAME)
    name_sort = SortKeyField("name")
    description = models.TextField(blank=True, max_length=MAX_DESCRIPTION)
    colour = models.CharField(max_length=10, choices=Colour.choices, default=Colour.GREY)
    inbox_of = models.OneToOneField(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="inbox", help_text=_("Empty: not an Inbox.")
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    # Read by `with_role`.
    viewer_role: str | None

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("project"), _("projects")
        ordering = ["name_sort", "id"]
        indexes = [
            models.Index(fields=["id"], name="archived_projects", condition=models.Q(archived_at__isnull=False)),
            models.Index(fields=["deleted_at"], name="deleted_projects", condition=models.Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person belongs to a project. The Inbox has one member, its person, as OWNER."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    role = models.CharField(max_length=6, choices=ProjectRole.choices)
    added_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("member"), _("members")
        constraints = [models.UniqueConstraint(fields=["project", "person"], name="one_membership")]
        indexes = [models.Index(fields=["person", "project"], name="projects_of_person")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.project_id}: {self.role}"


class ProjectInvite(models.Model):
    """An invitation by email to join a project with a role. Deleted when it is accepted or withdrawn."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    email = models.CharField(max_length=254)
    role = models.CharField(max_length=6, choices=ProjectRole.choices)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    # Annotated by sharing/joining.py.
    inviter_role: str | None

    class Meta:
        constraints = [models.UniqueConstraint(fields=["email", "project"], name="one_project_invite")]

    def __str__(self) -> str:
        return f"invitation of {self.email} to {self.project_id}"

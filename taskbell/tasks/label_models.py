"""Labels, and which tasks have them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.models import User
from taskbell.common.folding import SortKeyField


class SharedName(models.Model):
    """A name that everybody shares. It is unique, ignoring case and surrounding whitespace."""

    name = models.CharField(max_length=100)
    key = models.CharField(max_length=400, unique=True, editable=False)
    name_sort = SortKeyField("name")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["name_sort", "id"]

    def __str__(self) -> str:
        return self.name


class Label(SharedName):
    """A label. A task can have several."""

    name = models.CharField(max_length=50)

    class Meta(SharedName.Meta):
        verbose_name, verbose_name_plural = _("label"), _("labels")


class TaskLabel(models.Model):
    """The task has the label."""

    task = models.ForeignKey("tasks.Task", on_delete=models.CASCADE, db_index=False, related_name="+")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, db_index=False, related_name="links")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "label"], name="label_once")]
        indexes = [models.Index(fields=["label", "task"], name="tasks_of_label")]

    def __str__(self) -> str:
        return f"{self.task_id} has label {self.label_id}"

"""What the clock still has to look at after a task was finished that very many others waited for."""

from django.db import models

from taskbell.accounts.models import User


class Finished(models.Model):
    """A task that very many others waited for has been finished: the clock tells their people, some at a time."""

    task = models.ForeignKey("tasks.Task", on_delete=models.CASCADE, related_name="+")
    finished_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    finished_at = models.DateTimeField()
    last_link = models.BigIntegerField(help_text="Later links did not exist when the task was finished.")
    done_up_to = models.BigIntegerField(default=0, help_text="The last link that the clock has looked at.")

    def __str__(self) -> str:
        return f"{self.task_id} was finished"

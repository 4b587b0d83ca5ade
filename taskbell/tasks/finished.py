"""Finished tasks that blocked very many others: the clock notifies the people of those, some at a time."""

from django.db import models

from taskbell.accounts.models import User


class Finished(models.Model):
    """A finished task, and how far the clock is with the tasks that it blocked."""

    task = models.ForeignKey("tasks.Task", on_delete=models.CASCADE, related_name="+")
    finished_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    finished_at = models.DateTimeField()
    last_link = models.BigIntegerField(help_text="Later links did not exist when the task was finished.")
    done_up_to = models.BigIntegerField(default=0, help_text="The last link that the clock has looked at.")

    def __str__(self) -> str:
        return f"{self.task_id} was finished"

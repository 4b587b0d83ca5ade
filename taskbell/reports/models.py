"""What is kept so that questions over everything need not read everything."""

from django.db import models


class TaskCount(models.Model):
    """A difference to the number of tasks of one kind; the sum of all rows of a key is the count.

    Written by triggers alone (`counting.py`). Tasks in the trash are not counted.
    """

    section = models.CharField(max_length=10, help_text="status, priority, assigned or created")
    key = models.CharField(max_length=20, help_text="The status, the rank of the priority, or the id of the person.")
    n = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.section} {self.key}: {self.n:+}"

"""What happened to a sample task: created, begun, discussed, finished, in this order and at working hours."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from taskbell.tasks.kinds import Stage

FINISHED = (Stage.COMPLETED, Stage.ARCHIVED)
MAX_AGE = timedelta(weeks=3)


@dataclass(frozen=True)
class SampleStory:
    """When each thing happened; every moment is later than those before it."""

    created: datetime
    stages: Sequence[tuple[Stage, datetime]]
    comments: Sequence[datetime]

    @property
    def changed(self) -> datetime:
        """The last change of the task itself."""
        return self.stages[-1][1] if self.stages else self.created


def story_of(stage: Stage, comments: int, *, chance: random.Random, since: datetime, until: datetime) -> SampleStory:
    """How a task came to this stage, at some time between the two."""
    begin = since + chance.random() * (until - since)
    end = min(begin + MAX_AGE, until)
    is_begun, is_finished = stage in (Stage.IN_PROGRESS, Stage.COMPLETED), stage in FINISHED
    steps = sorted(_at_work(begin, end, chance) for _ in range(1 + is_begun + comments + is_finished))
    stages = [(Stage.IN_PROGRESS, steps[1])] if is_begun else []
    stages += [(stage, steps[-1])] if is_finished else []
    return SampleStory(steps[0], stages, steps[1 + is_begun :][:comments])


def _at_work(since: datetime, until: datetime, chance: random.Random) -> datetime:
    day = since + chance.random() * (until - since)
    day -= timedelta(days=max(0, day.weekday() - 4))  # Saturdays and Sundays become Fridays
    hour, minute, second = chance.randint(8, 16), chance.randint(0, 59), chance.randint(0, 59)
    return day.replace(hour=hour, minute=minute, second=second, microsecond=chance.randint(0, 999_999))

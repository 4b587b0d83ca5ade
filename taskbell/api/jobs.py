"""Queue entry points."""

from taskbell.api import idempotency
from taskbell.common.clock_jobs import clock_job

forget_answers = clock_job("taskbell.api.forget_answers", idempotency.forget_answers)

"""Queue entry points."""

from taskbell.activity.months import keep_months as _keep_months
from taskbell.activity.undo import forget_undo as _forget_undo
from taskbell.common.clock_jobs import clock_job

forget_undo = clock_job("taskbell.activity.forget_undo", _forget_undo)
keep_months = clock_job("taskbell.activity.keep_months", _keep_months)

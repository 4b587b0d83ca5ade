"""What processes measure. Labels have few values: patterns of paths, names of jobs and kinds, never what was sent."""

from taskbell.common.metrics import Counter, Gauge, Histogram

UNKNOWN = "unknown"  # one value for all that has no name
OF_REQUESTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OF_JOBS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0, 3600.0)
LATENESS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0, 86400.0)

REQUESTS = Counter(
    "taskbell_http_requests", "Requests by method, pattern of the path, and status.", ("method", "route", "status")
)
REQUEST_SECONDS = Histogram(
    "taskbell_http_request_seconds", "Seconds until the answer was ready.", ("route",), OF_REQUESTS
)
JOBS = Counter("taskbell_jobs", "Jobs by their outcome.", ("job", "outcome"))
JOB_SECONDS = Histogram("taskbell_job_seconds", "Seconds that a job took.", ("job",), OF_JOBS)
MAILS = Counter("taskbell_mails", "Emails that a sender is done with.", ("kind", "outcome"))
MAILS_AMBIGUOUS = Counter("taskbell_mails_ambiguous", "Emails whose final dot was never acknowledged.")
MAIL_LATENESS = Histogram(
    "taskbell_mail_lateness_seconds",
    "Seconds from the due time of an email until the mail server accepted it.",
    ("kind",),
    LATENESS,
)
REMINDER_LATENESS = Histogram(
    "taskbell_reminder_lateness_seconds", "Seconds from the due time of a reminder until it fired.", (), LATENESS
)
COUNTERS = (REQUESTS, JOBS, MAILS, MAILS_AMBIGUOUS)
HISTOGRAMS = (REQUEST_SECONDS, JOB_SECONDS, MAIL_LATENESS, REMINDER_LATENESS)

RUNNING_REQUESTS = Gauge("taskbell_http_requests_running", "Requests that are being handled.")
LIVE_CONNECTIONS = Gauge("taskbell_live_connections", "Live connections that are signed in.")
PASSWORDS_WAITING = Gauge("taskbell_passwords_waiting", "Requests that wait until a password can be hashed (Argon2).")
GAUGES = (RUNNING_REQUESTS, LIVE_CONNECTIONS, PASSWORDS_WAITING)

"""The checks of `taskbell doctor`, in their order."""

from functools import partial

from taskbell.config.language import gettext as _
from taskbell.runtime import checks_local, checks_network
from taskbell.runtime.checks_mail import mail
from taskbell.runtime.doctor import report


def examine(mail_to: str) -> None:
    """Prints a line for each finding. Exits with 1 if something is wrong."""
    report(
        {
            _("Time zones"): checks_local.time_zone_data,
            _("Data folder"): checks_local.data_folder,
            _("Database"): checks_local.database,
            _("Broker"): checks_network.broker,
            "TASKBELL_URL": checks_network.address,
            _("Email"): partial(mail, mail_to),
        }
    )

"""Texts of typer, and of argparse for Django's commands: the command line shows them among its own."""

from taskbell.config.language import gettext_noop

OF_TYPER = (
    *(gettext_noop("Arguments"), gettext_noop("Options"), gettext_noop("Commands"), gettext_noop("Error")),
    *(gettext_noop("[default: {}]"), gettext_noop("[required]"), gettext_noop("Aborted.")),
    *(gettext_noop("Missing command."), gettext_noop("No such command {name!r}.")),
    gettext_noop("Try [blue]'{command_path} {help_option}'[/] for help."),
)
OF_ARGPARSE = (
    *(gettext_noop("usage: "), gettext_noop("positional arguments"), gettext_noop("options")),
    gettext_noop("show this help message and exit"),
    gettext_noop("%(prog)s: error: %(message)s\n"),
    gettext_noop("argument %(argument_name)s: %(message)s"),
    gettext_noop("the following arguments are required: %s"),
    gettext_noop("unrecognized arguments: %s"),
    gettext_noop("invalid choice: %(value)r (choose from %(choices)s)"),
    gettext_noop("invalid %(type)s value: %(value)r"),
)

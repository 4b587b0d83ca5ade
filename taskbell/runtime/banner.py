"""The first words to the person who has started Taskbell."""

from taskbell.config.env import Environment
from taskbell.config.mail import mail_settings
from taskbell.runtime.files import setup_link_file


def banner(env: Environment) -> str:
    """Where everything is, and what to do next."""
    mail = mail_settings(env)
    lines = [
        "",
        f"  Taskbell is ready at {env.url}",
        "",
        f"  Data    {env.data}",
        f"  Mail    {'by ' + mail['host'] if mail['host'] else 'written to files in ' + mail['folder']}",
        *_first_steps(env),
        "",
        "  Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)


def _first_steps(env: Environment) -> list[str]:
    file = setup_link_file(env.data)
    if not file.exists():
        return []
    return [
        "",
        "  Nobody is here yet: the first person who registers becomes ADMIN. Your link, good for once:",
        f"  {file.read_text()}",
    ]

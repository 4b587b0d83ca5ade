"""The message printed once Taskbell has started."""

from taskbell.config.env import Environment
from taskbell.config.mail import mail_settings
from taskbell.runtime.files import setup_link_file


def banner(env: Environment) -> str:
    """The address, the location of the data, and the next step."""
    mail = mail_settings(env)
    lines = [
        "",
        f"  Taskbell is ready at {env.url}",
        "",
        f"  Data    {env.data}",
        f"  Email   {'through ' + mail['host'] if mail['host'] else 'written to files in ' + mail['folder']}",
        *_first_steps(env),
        "",
        "  Press Ctrl-C to stop.",
        "",
    ]
    return "\n".join(lines)


def _first_steps(env: Environment) -> list[str]:
    file = setup_link_file(env.data)
    if not file.exists():
        return []
    return [
        "",
        "  There are no accounts yet. Create the first one, which becomes the admin, with this one-time link:",
        f"  {file.read_text()}",
    ]

"""How email is sent: by SMTP if a mail server is set, otherwise to files in the data folder."""

from typing import TypedDict
from urllib.parse import parse_qs, unquote, urlsplit

from taskbell.config.env import Environment, UnusableEnvironment
from taskbell.config.language import gettext as _


class MailSettings(TypedDict):
    """The settings of the mail channel's transports."""

    sender: str
    folder: str
    host: str | None
    port: int
    username: str
    password: str
    use_tls: bool
    use_ssl: bool
    connections: int


def mail_settings(env: Environment) -> MailSettings:
    """The settings from EMAIL_URL, or from EMAIL_HOST and the others. Raises UnusableEnvironment."""
    tls, ssl, port, user = env.EMAIL_USE_TLS, env.EMAIL_USE_SSL, env.EMAIL_PORT, env.EMAIL_HOST_USER
    password = env.EMAIL_HOST_PASSWORD.get_secret_value() if env.EMAIL_HOST_PASSWORD else ""
    host = env.EMAIL_HOST if env.EMAIL_BACKEND is None or "smtp" in env.EMAIL_BACKEND else None
    if env.EMAIL_URL:
        parts = urlsplit(env.EMAIL_URL.get_secret_value())
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise UnusableEnvironment(_("EMAIL_URL: must have the form smtp://user:password@host:port/?tls=true."))
        host, port = parts.hostname, parts.port
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        ssl = parts.scheme == "smtps"
        tls = not ssl and parse_qs(parts.query).get("tls", ["false"])[0].lower() in ("1", "true", "yes")
    return MailSettings(
        sender=env.MAIL_FROM,
        folder=str(env.data / "mail"),
        host=host,
        port=port or (465 if ssl else 587 if tls else 25),
        username=user or "",
        password=password,
        use_tls=tls,
        use_ssl=ssl,
        connections=env.EMAIL_CONNECTIONS,
    )

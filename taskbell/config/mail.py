"""How email is sent: by SMTP if a mail server is set, otherwise to files in the data folder."""

from typing import TypedDict
from urllib.parse import parse_qs, unquote, urlsplit

from taskbell.config.env import Environment, UnusableEnvironment


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
    folder = str(env.data / "mail")
    if env.EMAIL_URL:
        return _from_url(env.EMAIL_URL.get_secret_value(), env, folder=folder)
    smtp = env.EMAIL_BACKEND is None or "smtp" in env.EMAIL_BACKEND
    return MailSettings(
        sender=env.MAIL_FROM,
        folder=folder,
        host=env.EMAIL_HOST if smtp else None,
        port=env.EMAIL_PORT or _default_port(tls=env.EMAIL_USE_TLS, ssl=env.EMAIL_USE_SSL),
        username=env.EMAIL_HOST_USER or "",
        password=env.EMAIL_HOST_PASSWORD.get_secret_value() if env.EMAIL_HOST_PASSWORD else "",
        use_tls=env.EMAIL_USE_TLS,
        use_ssl=env.EMAIL_USE_SSL,
        connections=env.EMAIL_CONNECTIONS,
    )


def _default_port(*, tls: bool, ssl: bool) -> int:
    return 465 if ssl else 587 if tls else 25


def _from_url(url: str, env: Environment, *, folder: str) -> MailSettings:
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise UnusableEnvironment("EMAIL_URL: must have the form smtp://user:password@host:port/?tls=true.")
    ssl = parts.scheme == "smtps"
    tls = parse_qs(parts.query).get("tls", ["false"])[0].lower() in ("1", "true", "yes")
    return MailSettings(
        sender=env.MAIL_FROM,
        folder=folder,
        host=parts.hostname,
        port=parts.port or _default_port(tls=tls, ssl=ssl),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=tls and not ssl,
        use_ssl=ssl,
        connections=env.EMAIL_CONNECTIONS,
    )

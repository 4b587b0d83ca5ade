"""Refuses unsafe combinations of settings, each with a sentence that names the setting."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from taskbell.config.env import Environment, UnusableEnvironment
from taskbell.config.language import gettext as _

MIN_KEY_LENGTH, MIN_DISTINCT_CHARACTERS = 32, 5
EXAMPLES = ("django-insecure-", "change-me", "changeme", "change_me", "your-secret-key")


def refuse_unsafe(env: Environment) -> None:
    """Raises UnusableEnvironment for settings that would expose data or secrets."""
    https, open_ = env.url.startswith("https://"), not is_of_this_machine(env.TASKBELL_BIND)
    if env.DEBUG and (https or open_):
        cause = (
            _("DEBUG: must be false if TASKBELL_URL is https, because its pages show code and settings.")
            if https
            else _("DEBUG: must be false if the server listens on %(bind)s, because its pages show code and settings.")
        )
        raise UnusableEnvironment(cause % {"bind": env.TASKBELL_BIND})
    if https and "*" in env.ALLOWED_HOSTS:
        raise UnusableEnvironment(
            _("ALLOWED_HOSTS: must name the hosts if TASKBELL_URL is https, because * allows any host.")
        )
    keys = {"SECRET_KEY_FALLBACKS": env.former_keys}
    if env.SECRET_KEY:
        keys["SECRET_KEY"] = [env.SECRET_KEY.get_secret_value()]
    for name, values in keys.items():
        if not env.DEBUG and any(is_guessable(value) for value in values):
            said = _(
                "%(name)s: must not be guessable, because it signs every token. Make one with: openssl rand -base64 48"
            )
            raise UnusableEnvironment(said % {"name": name})


def is_guessable(key: str) -> bool:
    """True for keys from examples, and for keys that are too short or have few distinct characters."""
    is_example = any(example in key.lower() for example in EXAMPLES)
    return is_example or len(key) < MIN_KEY_LENGTH or len(set(key)) < MIN_DISTINCT_CHARACTERS


def is_of_this_machine(bind: str) -> bool:
    """True if only programs on this machine can connect."""
    try:
        return ip_address(bind).is_loopback
    except ValueError:
        return bind == "localhost" or bind.startswith("unix:")


def host_of(url: str) -> str:
    """The host of a URL in the form of ALLOWED_HOSTS: IPv6 addresses have brackets."""
    host = str(urlsplit(url).hostname)
    return f"[{host}]" if ":" in host else host

"""Filling in the templates of mails: for kinds that come by the thousand, the template is worked through once.

Such a template becomes a form with a place for each word. It may put words in and ask whether they are there, and
what `FLAGS` says; a template of an administrator may do anything, and is worked through for every mail.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any, cast

import css_inline
from django.template import engines
from django.template.backends.django import DjangoTemplates
from django.template.defaultfilters import linebreaksbr

from taskbell.notifications.models import Kind

BY_THE_THOUSAND = {Kind.REMINDER, Kind.OVERDUE, Kind.TASK_ASSIGNED, Kind.UNBLOCKED}
WORDS = (
    *("title", "description", "priority", "by", "due", "due_words", "due_day", "due_time", "zone", "site"),
    *("done", "snooze", "tomorrow", "unsubscribe"),
)
FLAGS = ("is_late", "missed")

_inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, keep_style_tags=True)


def filled_in(kind: str, name: str, context: dict[str, Any]) -> str:
    """The template in words: the one in TASKBELL_MAIL_TEMPLATES where there is one, or ours."""
    engine = cast(DjangoTemplates, engines["mail"])
    is_ours = len(engine.engine.dirs) == 1
    if is_ours and kind in BY_THE_THOUSAND:
        given = tuple(word for word in WORDS if context.get(word))
        words = {word: context[word] for word in given}
        return form(kind, name, given, *(context.get(flag, 0) for flag in FLAGS)) % (
            _in_html(words) if name.endswith(".html") else words
        )
    text = str(engine.get_template(f"{kind}/{name}").render(context))
    # Ours have the rules of the style sheet at their elements already.
    return text if is_ours or not name.endswith(".html") else _inliner.inline(text)


@lru_cache(maxsize=1000)
def form(kind: str, name: str, given: tuple[str, ...], *flags: Any) -> str:
    """Our template with a place for each of the given words, to be filled in by `%`."""
    places = {word: f"\x02{word}\x03" for word in given} | dict(zip(FLAGS, flags, strict=True))
    text = str(engines["mail"].get_template(f"{kind}/{name}").render(places))
    return re.sub("\x02(\\w+)\x03", r"%(\1)s", text.replace("%", "%%"))


def _in_html(words: Mapping[str, str]) -> Mapping[str, str]:
    paragraphs = {"description": linebreaksbr(words["description"])} if "description" in words else {}
    return {word: escape(text) for word, text in words.items()} | paragraphs

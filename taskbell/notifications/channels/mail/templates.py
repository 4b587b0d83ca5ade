"""Filling in the templates of emails. For kinds that come by the thousand, each template is rendered once.

Such a template becomes a form with a place for each word, which takes a third of the time. It may insert `WORDS`, ask
whether they are given, and use `FLAGS`. A template of an administrator may do anything, and is rendered for each email.
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
from django.utils.translation import get_language

from taskbell.notifications.kinds import Kind

WORDS = (
    *("name", "title", "description", "quoted_description", "priority", "by"),
    *("project", "category", "creator", "assignee"),
    *("due", "due_words", "due_day", "due_time", "zone"),
    *("site", "link", "done", "snooze", "tomorrow", "unsubscribe"),
)
FLAGS = ("is_late", "missed", "is_own")
NAMES = ("subject.txt", "body.txt", "body.html")

_inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, keep_style_tags=True)


def fill_in(kind: Kind, context: dict[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML: by the templates in TASKBELL_MAIL_TEMPLATES if there are some, or by ours."""
    engine = cast(DjangoTemplates, engines["mail"])
    is_ours = len(engine.engine.dirs) == 1
    if is_ours and kind.compiled:
        words = {word: context[word] for word in WORDS if context.get(word)}
        subject, text, html = form(kind.name, get_language(), tuple(words), *(context.get(flag, 0) for flag in FLAGS))
        return subject % words, text % words, html % _in_html(words)
    given = {**context, "is_ours": is_ours}
    subject, text, html = (str(engine.get_template(f"{kind.name}/{name}").render(given)) for name in NAMES)
    # Ours have the rules of the style sheet at their elements already.
    return subject, text, html if is_ours else _inliner.inline(html)


@lru_cache(maxsize=1000)
def form(kind: str, _language: str, given: tuple[str, ...], *flags: Any) -> tuple[str, ...]:
    """Our templates, in the language that is active, with a place for each of the given words, filled in by `%`."""
    places = {word: f"\x02{word}\x03" for word in given} | dict(zip(FLAGS, flags, strict=True)) | {"is_ours": True}
    texts = (str(engines["mail"].get_template(f"{kind}/{name}").render(places)) for name in NAMES)
    return tuple(re.sub("\x02(\\w+)\x03", r"%(\1)s", text.replace("%", "%%")) for text in texts)


def _in_html(words: Mapping[str, str]) -> Mapping[str, str]:
    paragraphs = {"description": linebreaksbr(words["description"])} if "description" in words else {}
    return {word: escape(text) for word, text in words.items()} | paragraphs

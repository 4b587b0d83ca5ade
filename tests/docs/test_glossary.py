"""The glossary has each term once, and each stands for something in the code."""

import re

from tests.docs.test_pages import NAMED_CODE
from tests.processes import ROOT

ROW = re.compile(r"^\| \*\*([a-z -]+)\*\* \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "glossary.md").read_text())
MODULE = re.compile(r"`(\w+(?:/\w+)+\.py)`")


def test_each_term_is_there_once() -> None:
    terms = [term for term, _, _ in ROWS]
    assert len(terms) == len(set(terms)) > 40


def test_each_term_is_a_class_a_function_a_field_or_a_module() -> None:
    """That those of the form module:name exist is looked at on every page."""
    for term, _, place in ROWS:
        module = MODULE.fullmatch(place)
        assert NAMED_CODE.fullmatch(place) or (module and (ROOT / "taskbell" / module[1]).exists()), term

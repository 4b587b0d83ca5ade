"""No regular expression of the product can be made to work longer than its text is."""

import pytest

from tests.architecture.patterns import grows, patterns


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        r"\s+\S*\s*",
        ".*.*",
        r"\s*,? *x",
        "x(?:a|b*)*",
        r"\w+\d+",
        "a.*b.*c",
        r"(.*?),? at (.*)",
        r"\s*\(\d+\)$",
        r'"(?:[^"\\]|\\.)*"',
        r"^[a-z]*(?:[a-f]*)x",
    ],
)
def test_two_quantifiers_that_compete_are_found(pattern: str) -> None:
    assert grows(pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"\d+", r"\d+(?:\.\d+)?", r"#[^#]+#?", "[a-f]{3,9}[a-z]{2}x", r'"[^"]*"', "a*b|c*d"[:2], r"^\s*x"],
)
def test_a_pattern_that_reads_its_text_once_is_not(pattern: str) -> None:
    assert not grows(pattern)


def test_a_pattern_that_is_only_matched_at_the_start_may_begin_with_a_quantifier() -> None:
    assert not grows(r"\s*,x", searched=False)


def test_no_pattern_of_the_product_grows() -> None:
    found = list(patterns())
    assert len(found) > 40
    assert [f"{one.place} {one.text!r}" for one in found if grows(one.text, one.flags, searched=one.searched)] == []

"""docs/reference/parameters.md is what template.yaml says."""

from itertools import chain

import pytest

from tests.template.parameters_page import PAGE, allowed, default_of, groups, page
from tests.template.stack import template


def test_the_page_is_current() -> None:
    """`make reference` writes it again."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_parameter_is_in_a_group_once_and_says_what_it_is_for() -> None:
    """The console asks in groups, and what is in none stands at the end without a word."""
    grouped = list(chain.from_iterable(names for _, names in groups()))
    assert sorted(grouped) == sorted(template()["Parameters"])
    described = [name for name, one in template()["Parameters"].items() if one.get("Description")]
    assert sorted(described) == sorted(grouped)


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ({"Type": "String"}, ("*needed*", "text")),
        ({"Type": "String", "Default": ""}, ("none", "text")),
        (
            {"Type": "String", "Default": "a", "AllowedPattern": "a|b"},
            ("`a`", "text like `a\\|b`"),
        ),
        (
            {"Type": "String", "AllowedPattern": "a" * 41, "ConstraintDescription": "a|b"},
            ("*needed*", "a\\|b"),
        ),
        ({"Type": "Number", "Default": 0, "MinValue": 0}, ("`0`", "a number from 0")),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 9}, ("*needed*", "a number from 1 to 9")),
        ({"Type": "Number", "AllowedValues": [1, 2]}, ("*needed*", "`1`, `2`")),
        ({"Type": "CommaDelimitedList", "Default": ""}, ("none", "a list, with commas")),
    ],
)
def test_a_row_says_what_may_be_given(parameter: dict[str, object], said: tuple[str, str]) -> None:
    """The default, and the values or their bounds."""
    assert (default_of(parameter), allowed(parameter)) == said

"""Preflight refuses the values that the template refuses, in the template's words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.operator.preflight.allowed_values import (
    RULES,
    Choice,
    Number,
    Pattern,
    check_values,
)
from tests.template.stack import template

PARAMETERS = template()["Parameters"]
LIMITS = {"AllowedPattern", "AllowedValues", "MinValue", "MaxValue"}


def test_every_limit_of_the_template_has_its_rule() -> None:
    """And no rule is of a parameter without one."""
    assert set(RULES) == {name for name, one in PARAMETERS.items() if LIMITS & one.keys()}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_the_templates(name: str) -> None:
    """What it takes, and how it says it."""
    declared, rule = PARAMETERS[name], RULES[name]
    match rule:
        case Pattern():
            assert rule.pattern == declared["AllowedPattern"]
            assert rule.words == declared["ConstraintDescription"]
        case Choice():
            assert rule.values == tuple(map(str, declared["AllowedValues"]))
        case Number():
            assert (rule.least, rule.most) == (declared["MinValue"], declared.get("MaxValue"))
    default = declared.get("Default")
    assert default is None or rule.takes(str(default))


@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        ("AforoTenantId", "my tenant", "give the tenant as Aforo names it"),
        ("RedisUrl", "redis://me:secret@redis", "without a user or a password"),
        ("HoldSeconds", "1h", "give a number, at least 5 and at most 1123200"),
        ("DedupWindowSeconds", "60", "give a number, at least 3600"),
        ("LogSource", "json", "give one of access, execution"),
    ],
)
def test_what_the_template_would_refuse_is_said(name: str, value: str, cure: str) -> None:
    """With what to give."""
    (found,) = check_values({name: value})
    assert (found.level, found.check) == ("error", name)
    assert cure in found.cure


@given(st.sampled_from(sorted(RULES)), st.text(max_size=12))
def test_any_text_is_taken_or_refused(name: str, text: str) -> None:
    """None raises, and a pattern is one of a whole text."""
    rule = RULES[name]
    if isinstance(rule, Pattern):
        assert rule.takes(text) == bool(re.fullmatch(rule.pattern, text))
    else:
        assert rule.takes(text) in {True, False}

"""What preflight says of parameters alone, before it asks AWS anything."""

import pytest

from functions.operator.preflight.consistency import check_parameters
from functions.operator.preflight.intended import LOOKED_AT, Intended, read_parameters
from functions.operator.preflight.permission_checks import principal_of
from functions.operator.preflight.template_parameters import PARAMETERS
from functions.usage.errors import Permanent
from tests.template.stack import template

GOOD = {"AforoTenantId": "tenant_1", "RedisUrl": "redis://redis:6379/0"}


def found(**parameters: str) -> dict[str, tuple[str, str]]:
    """Level and cure by check."""
    intended = Intended("aforo-metering", {**GOOD, **parameters})
    return {one.check: (one.level, one.cure) for one in check_parameters(intended)}


def test_what_fits_has_no_fault() -> None:
    """The least that one gives."""
    assert {level for level, _ in found().values()} == {"ok"}


@pytest.mark.parametrize(
    ("parameters", "check", "level", "cure"),
    [
        ({"AforoTenantId": ""}, "AforoTenantId", "error", "AforoTenantId="),
        ({"RedisUrl": ""}, "RedisUrl", "error", "VpcId=vpc-..."),
        ({"VpcId": "vpc-1"}, "SubnetIds", "error", "SubnetIds="),
        ({"SubnetIds": "subnet-1"}, "VpcId", "error", "VpcId="),
        ({"HoldSeconds": "80000"}, "HoldSeconds", "warning", "HoldSeconds=72000"),
        (
            {"AforoPricingUrl": "https://pricing.aforo.ai"},
            "AforoPricingUrl",
            "error",
            "AforoAllowedHosts=ingest-sandbox.aforo.ai,ingest.aforo.ai,pricing.aforo.ai",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_cure(
    parameters: dict[str, str], check: str, level: str, cure: str
) -> None:
    """The parameter, and what to write instead."""
    said_level, said_cure = found(**parameters)[check]
    assert said_level == level
    assert cure in said_cure


def test_the_parameters_are_the_templates() -> None:
    """Its names, and its defaults where preflight looks at them."""
    declared = template()["Parameters"]
    assert list(PARAMETERS) == list(declared)
    defaults = {name: str(declared[name].get("Default", "")) for name in LOOKED_AT}
    assert dict(LOOKED_AT) == defaults


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("RestApiID=abc", "did you mean RestApiId?"),
        ("RestApiId", "write a parameter as NAME=VALUE"),
        ("Anything=1", "template.yaml lists them"),
    ],
)
def test_a_word_that_is_no_parameter_is_refused(word: str, said: str) -> None:
    """A misspelled one would be looked over."""
    with pytest.raises(Permanent) as refused:
        read_parameters([word], PARAMETERS)
    assert said in str(refused.value)


def test_a_session_is_asked_about_as_its_role() -> None:
    """IAM's simulator takes a user or a role."""
    session = "arn:aws-us-gov:sts::123456789012:assumed-role/deployer/ci-7"
    assert principal_of(session) == "arn:aws-us-gov:iam::123456789012:role/deployer"
    user = "arn:aws:iam::123456789012:user/ann"
    assert principal_of(user) == user

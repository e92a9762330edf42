"""What SAM sees in the local cloud."""

import pytest

from tests.local.deploy import DeployError, with_defaults

BUILT = """Parameters:
  AforoTenantId:
    Type: String
  AuthorizerDeployment:
    Type: String
    Default: Canary10Percent5Minutes
    AllowedValues:
    - Canary10Percent5Minutes
    - AllAtOnce
  Architecture:
    Type: String
    Default: arm64
"""


def test_a_default_is_what_is_deployed() -> None:
    """Of the parameter that SAM reads; the others are CloudFormation's, which has their values."""
    given = {"AuthorizerDeployment": "AllAtOnce", "Architecture": "x86_64"}
    found = with_defaults(BUILT, given)
    assert found == BUILT.replace("Default: Canary10Percent5Minutes", "Default: AllAtOnce")
    assert with_defaults(BUILT, {"Architecture": "x86_64"}) == BUILT


def test_a_parameter_without_a_default_is_not_passed_over() -> None:
    """Else the deploy would fail far from its cause."""
    with pytest.raises(DeployError, match="AuthorizerDeployment"):
        with_defaults("Parameters: {}\n", {"AuthorizerDeployment": "AllAtOnce"})

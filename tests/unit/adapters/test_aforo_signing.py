"""What a deployment must say to have posts signed."""

import pytest

from functions.adapters.aforo_signing import AforoSignature, SignedSettings
from functions.adapters.settings import read_settings
from functions.usage.errors import SettingsError

SIGNED = {"AFORO_SIGV4_SERVICE": "execute-api", "AFORO_KEY_HEADER": "X-API-Key"}


def test_nothing_is_signed_unless_a_service_is_named() -> None:
    """As before there were signatures, in either header."""
    for environment in ({}, {"AFORO_SIGV4_SERVICE": "", "AFORO_KEY_HEADER": "Authorization"}):
        assert read_settings(SignedSettings, environment).signing() is None


def test_the_region_is_the_one_that_is_given_or_the_function_s() -> None:
    """Aforo's API may stand in another."""
    own = read_settings(SignedSettings, SIGNED | {"AWS_REGION": "eu-west-1"})
    assert own.signing_region == "eu-west-1"
    assert isinstance(own.signing(), AforoSignature)
    given = {"AWS_REGION": "eu-west-1", "AFORO_SIGV4_REGION": "us-east-2"}
    assert read_settings(SignedSettings, SIGNED | given).signing_region == "us-east-2"


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"AFORO_SIGV4_SERVICE": "execute-api", "AWS_REGION": "a"}, "AFORO_KEY_HEADER: must be"),
        (SIGNED, "AFORO_SIGV4_REGION: is not set"),
    ],
)
def test_a_deployment_that_cannot_sign_says_so(environment: dict[str, str], fault: str) -> None:
    """The signature stands where the key would; and it is good for one Region."""
    with pytest.raises(SettingsError, match=fault):
        read_settings(SignedSettings, environment)

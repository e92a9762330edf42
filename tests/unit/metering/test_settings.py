"""What metering reads from its environment."""

import pytest

from functions.adapters.settings import read_settings
from functions.metering.settings import MeteringSettings
from functions.usage.errors import SettingsError

ENVIRONMENT = {
    "USAGE_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/usage",
    "QUARANTINE_BUCKET": "quarantine",
    "CONFIGURATION_BUCKET": "configuration",
    "AWS_REGION": "eu-west-1",
}


def test_the_rest_has_defaults() -> None:
    """The configuration's usual place, and no source beside it."""
    settings = read_settings(MeteringSettings, ENVIRONMENT)
    assert settings.configuration_key == "configuration/metering.json"
    assert settings.deployed_sources == ""


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_what_is_missing_is_named(name: str) -> None:
    """Nothing has a default that decides where usage goes or what its keys are."""
    without = {key: value for key, value in ENVIRONMENT.items() if key != name}
    with pytest.raises(SettingsError, match=name):
        read_settings(MeteringSettings, without)


def test_an_unknown_meaning_of_the_tenant_header_is_refused() -> None:
    """By its name, with those that there are."""
    with pytest.raises(SettingsError, match=r"TENANT_HEADER: is none of tenant, customer"):
        read_settings(MeteringSettings, {**ENVIRONMENT, "TENANT_HEADER": "client"})

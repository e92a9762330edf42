"""What may stand in REDIS_URL, and that everybody who reads it agrees."""

import re

import pytest

from functions.adapters.redis_url import fault_of
from functions.adapters.settings import read_settings
from functions.authorizer.redis_address import RedisAddress
from functions.reconciliation.settings import ReconciliationSettings
from functions.usage.errors import SettingsError
from tests.template.stack import template

USABLE = [
    "redis://127.0.0.1:6379/0",
    "redis://cache",
    "rediss://cache-1.abc.serverless.euc1.cache.amazonaws.com:6379",
    "rediss://my_redis:6380/",
    "redis://[fd00::1]:6379/15",
]
REFUSED = [
    ("rediss://app:secret@host:6379", "a user or a password"),
    ("rediss://app@host:6379", "a user or a password"),
    ("redis://:secret@host", "a user or a password"),
    ("redis://@host", "a user or a password"),
    ("redis://host:6379?password=secret", "redis://host:port/0"),
    ("rediss://host:6379/0?ssl_cert_reqs=none", "redis://host:port/0"),
    ("redis://host:6379#secret", "redis://host:port/0"),
    ("redis://host/first", "a database number"),
    ("redis://host:port", "redis://host:port/0"),
    ("http://host:6379", "rediss://"),
    ("redis://", "redis://host:port/0"),
    ("redis://host:6379 ,redis://other", "redis://host:port/0"),
]


def by_reconciliation(url: str) -> str:
    environment = {"REDIS_URL": url, "AFORO_TENANT_ID": "acme"}
    return read_settings(ReconciliationSettings, environment).redis_url


def is_deployable(url: str) -> bool:
    # CloudFormation wants the whole value to match.
    pattern = template()["Parameters"]["RedisUrl"]["AllowedPattern"]
    return re.fullmatch(pattern, url) is not None


@pytest.mark.parametrize("url", USABLE)
def test_an_endpoint_is_usable_by_everybody(url: str) -> None:
    """The template lets it pass, and both functions connect to it."""
    assert fault_of(url) == ""
    assert is_deployable(url)
    assert RedisAddress.parse(url).host
    assert by_reconciliation(url) == url


@pytest.mark.parametrize(("url", "fault"), REFUSED)
def test_what_the_authorizer_refuses_nobody_takes(url: str, fault: str) -> None:
    """A deploy that only reconciliation can use would refuse every caller. The fault quotes
    nothing: it may be a secret.
    """
    assert fault in fault_of(url)
    assert "secret" not in fault_of(url)
    assert not is_deployable(url)
    with pytest.raises(ValueError, match=re.escape(fault)):
        RedisAddress.parse(url)
    with pytest.raises(SettingsError, match=re.escape(fault)) as raised:
        by_reconciliation(url)
    assert "secret" not in str(raised.value)


def test_no_url_asks_for_counters_of_our_own() -> None:
    """An empty RedisUrl makes ElastiCache."""
    assert is_deployable("")

"""The authorizer's environment."""

import pytest

from functions.authorizer.settings import read_settings
from functions.usage.errors import SettingsError

GOOD = {
    "REDIS_URL": "rediss://cache.example.amazonaws.com:6379/0",
    "AFORO_TENANT_ID": "acme",
    "AFORO_ENVIRONMENT": "live",
    "QUOTA_METER": "api_calls",
    "UNKNOWN_POLICY": "deny",
    "NO_GRANT_POLICY": "deny",
    "RESULT_TTL_SECONDS": "0",
    "HEADROOM_CAP_PERCENT": "5",
    "TENANT_HEADER": "tenant",
}


def test_reads_what_is_there() -> None:
    """What may be empty may be absent."""
    settings = read_settings(GOOD | {"PATH": "/bin"})
    assert settings.aforo_tenant_id == "acme"
    assert settings.result_ttl_seconds == 0
    assert settings.token_issuer == ""
    assert read_settings(GOOD | {"HEADROOM_CAP_PERCENT": "2.5"}).headroom_cap_percent == 2.5


def test_a_kept_answer_and_a_header_that_names_the_customer_do_not_go_together() -> None:
    """API Gateway keeps answers by credential: another header would get the same answer."""
    header = GOOD | {"TENANT_HEADER": "customer"}
    assert read_settings(header).tenant_header == "customer"
    with pytest.raises(SettingsError, match="RESULT_TTL_SECONDS: must be 0"):
        read_settings(header | {"RESULT_TTL_SECONDS": "5"})


def test_a_kept_answer_and_two_credential_headers_do_not_go_together() -> None:
    """API Gateway keeps answers by headers that must all be there."""
    either = GOOD | {"CREDENTIAL_HEADER": "either"}
    assert read_settings(either).credential_header == "either"
    with pytest.raises(SettingsError, match="RESULT_TTL_SECONDS: must be 0"):
        read_settings(either | {"RESULT_TTL_SECONDS": "5"})
    one = GOOD | {"CREDENTIAL_HEADER": "x-api-key", "RESULT_TTL_SECONDS": "5"}
    assert read_settings(one).credential_header == "x-api-key"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("REDIS_URL", "", "is not set"),
        ("REDIS_URL", "http://cache:6379", "rediss://"),
        ("REDIS_URL", "redis://user:secret@cache:6379", "must not hold"),
        ("REDIS_URL", "redis://cache:port", ""),
        ("REDIS_URL", "redis://cache/first", "a database number"),
        ("AFORO_TENANT_ID", "a}b", "characters"),
        ("AFORO_ENVIRONMENT", "production", "sandbox, live"),
        ("QUOTA_METER", "", "is not set"),
        ("UNKNOWN_POLICY", "maybe", "allow, deny"),
        ("NO_GRANT_POLICY", "ALLOW", "allow, deny"),
        ("RESULT_TTL_SECONDS", "-1", "whole seconds"),
        ("RESULT_TTL_SECONDS", "3601", "whole seconds"),
        ("RESULT_TTL_SECONDS", "0.5", "whole seconds"),
        ("HEADROOM_CAP_PERCENT", "", "is not set"),
        ("HEADROOM_CAP_PERCENT", "-1", "from 0 to 100"),
        ("HEADROOM_CAP_PERCENT", "100.5", "from 0 to 100"),
        ("HEADROOM_CAP_PERCENT", "nan", "from 0 to 100"),
        ("HEADROOM_CAP_PERCENT", "5 %", "from 0 to 100"),
        ("TENANT_HEADER", "both", "tenant, customer"),
        ("AUTHORIZER_MODE", "Shadow", "enforce, shadow"),
        ("CREDENTIAL_HEADER", "X-API-Key", "authorization, x-api-key, either"),
    ],
)
def test_a_fault_names_its_variable(name: str, value: str, fault: str) -> None:
    """And says what is wrong, without the value: it may be a secret."""
    with pytest.raises(SettingsError) as caught:
        read_settings(GOOD | {name: value})
    assert name in str(caught.value)
    assert fault in str(caught.value)
    assert "secret" not in str(caught.value)


def test_all_faults_are_named_at_once() -> None:
    """A person mends the environment in one go."""
    with pytest.raises(SettingsError) as caught:
        read_settings({})
    assert all(name in str(caught.value) for name in GOOD)

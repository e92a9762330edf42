"""What the configuration may say of a foreign access log, and how a mistake is named."""

import json
from typing import Any

import pytest

from functions.metering.configuration.version import ConfigurationError, read_configuration


def document(declaration: dict[str, Any], log_group: str = "/aws/apigateway/orders/prod") -> bytes:
    version = {
        "effectiveFrom": "2020-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "accessLogs": {log_group: declaration},
    }
    return json.dumps({"versions": [version]}).encode()


def test_a_declaration_belongs_to_its_log_group() -> None:
    """Of every version; another group has none."""
    configuration = read_configuration(
        document({"fields": {"customerId": "authorizer.customer"}, "stage": "$default"})
    )
    assert configuration.declares("/aws/apigateway/orders/prod")
    assert not configuration.declares("/aws/apigateway/orders/prod2")


@pytest.mark.parametrize(
    ("declaration", "named"),
    [
        ({"fields": {"customer": "x"}}, "fields.customer"),
        ({"fields": {"customerId": ""}}, "fields.customerId"),
        ({"fields": {"customerId": 7}}, "fields.customerId"),
        ({"field": {}}, "field"),
        ({"accountId": "12"}, "accountId"),
        ({"stage": "a/b"}, "stage"),
    ],
)
def test_a_mistake_is_refused_by_its_name(declaration: dict[str, Any], named: str) -> None:
    """A misspelt field would silently read nothing."""
    with pytest.raises(ConfigurationError) as refusal:
        read_configuration(document(declaration))
    assert named in str(refusal.value)

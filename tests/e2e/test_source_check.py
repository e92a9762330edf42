"""The source check as deployed: it may ask what it asks, and finds the demo's sources in order."""

import json
from typing import Any

import boto3
import pytest

from tests.local.deploy import physical_ids
from tests.local.endpoints import Endpoints


@pytest.mark.parametrize("look", ["stages", "served"])
def test_a_stack_that_is_in_order_is_told_to_be(endpoints: Endpoints, look: str) -> None:
    """By its own role, with the list that metering itself answers."""
    function = physical_ids(endpoints.stack_name)["AuditSourceCheckFunction"]
    payload = json.dumps({"look": look}).encode()
    answer = boto3.client("lambda").invoke(FunctionName=function, Payload=payload)
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    assert answer.get("FunctionError") is None, found
    assert found["sources"] >= 2
    assert found.get("changed", found.get("silent")) == []

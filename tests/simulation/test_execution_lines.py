"""The lines of an execution log: the real metering reads of them what the simulation has served."""

from dataclasses import replace

import pytest

from functions.metering.execution.requests import ExecutionRequest, read_execution_requests
from tests.simulation.execution_lines import execution_lines
from tests.simulation.gateway_request import (
    ACCOUNT,
    EXECUTION_API,
    EXECUTION_STAGE,
    HEALTH,
    REGION,
    GatewayRequest,
)
from tests.simulation.usage_road.road_places import EXECUTION_LOG_GROUP

BY_TOKEN = GatewayRequest(7, 1_791_000_000_123, customer="cus_01", is_execution=True)
BY_KEY = replace(BY_TOKEN, customer="", key_id="key01")


@pytest.mark.parametrize(
    "served", [BY_TOKEN, BY_KEY, replace(BY_TOKEN, status=502), replace(BY_TOKEN, path=HEALTH)]
)
def test_a_request_is_read_as_it_was_served(served: GatewayRequest) -> None:
    found = _read(served)
    read = found.request
    assert (found.complete, found.fault, found.excluded) == (True, None, None)
    assert (read.api_id, read.stage) == (EXECUTION_API, EXECUTION_STAGE)
    assert (read.time_ms, read.status) == (served.at_ms, served.status)
    assert (read.customer_id or "", read.api_key_id or "") == (served.customer, served.key_id)
    assert (read.request_id, read.extended_request_id) == (served.request_id, served.extended_id)
    assert (read.path, read.route) == (served.path, served.path)


def test_what_the_authorizer_refused_is_no_usage() -> None:
    found = _read(replace(BY_TOKEN, status=429, is_from_backend=False))
    assert found.excluded is not None
    assert found.excluded.reason == "unauthorized"


def _read(served: GatewayRequest) -> ExecutionRequest:
    """By all of its lines, the only request."""
    lines = enumerate(execution_lines(served))
    (found,) = read_execution_requests(
        [{"id": f"{n:056}", "timestamp": at_ms, "message": text} for n, (at_ms, text) in lines],
        log_group=EXECUTION_LOG_GROUP,
        log_stream="stream-0",
        account_id=ACCOUNT,
        region=REGION,
        tenant_header=None,
    )
    return found

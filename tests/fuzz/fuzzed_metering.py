"""Metering as it is deployed, with stand-ins for its neighbours: log events come in, and everything
that became of them leaves.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from functions.metering.configuration.version import Configuration
from functions.metering.declared_source import DeclaredSource
from functions.metering.intake import Intake
from functions.metering.metered_again import MeteredDelivery
from tests.fakes.access_log_lines import LOG_GROUP, REGION, REQUEST_TIME_MS, packed_payload
from tests.fakes.execution_log_lines import GROUP as EXECUTION_GROUP
from tests.fakes.metering import FakeKeeper, FakeQueue, FixedTerms
from tests.fuzz.silent_telemetry import SilentTelemetry

NOW_MS = REQUEST_TIME_MS + 20_000
OWN_LOG_GROUP = "/aws/lambda/metering"
OWNER = "123456789012"
NESTED, KEYED, FOREIGN = "/declared/nested", "/declared/keyed", "/foreign"
# The key that a declaration names as the payer's, and the fact that it holds.
PAYING_KEYS = {NESTED: ("auth.customer", "customerId"), KEYED: ("key", "apiKeyId")}
LOG_GROUPS = (LOG_GROUP, NESTED, KEYED, FOREIGN)
CUSTOMERS = {"k1l2m3n4o5": "cus_by_key", "AIDAEXAMPLE": "cus_by_user"}
PLAIN = [{"id": "api_calls", "metricName": "API Calls"}]
RICH = [
    *PLAIN,
    {"id": "egress", "metricName": "Egress", "quantity": "response_bytes"},
    {"id": "units", "metricName": "Units", "quantity": "context:units", "metadata": {"m": "model"}},
    {
        "id": "tool_calls",
        "metricName": "MCP Tool Calls",
        "productType": "MCP_SERVER",
        "forEach": "tools",
        "fields": {"agentId": "agent", "sessionId": "session"},
    },
]
_DECLARED = {
    NESTED: {
        "fields": {
            "customerId": "auth.customer",
            "extendedRequestId": "ids.extended",
            "status": "code",
        },
        "apiId": "a1b2c3d4e5",
        "stage": "prod",
        "context": {"units": "usage.units"},
    },
    KEYED: {"fields": {"apiKeyId": "key"}, "accountId": OWNER, "apiId": "a1b2c3d4e5"},
}
_DEPLOYED = (
    f"ours=access:{LOG_GROUP},nested=access:{NESTED},keyed=access:{KEYED},foreign=access:{FOREIGN},"
    f"execution=execution:{EXECUTION_GROUP}"
)


class Metered(NamedTuple):
    """`taken` is metering's own word, `bodies` and `objects` are what it sent and kept."""

    taken: MeteredDelivery
    bodies: list[str]
    objects: dict[str, bytes]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for body in self.bodies for event in json.loads(body).get("events", ())]


@cache
def configuration(*, rich: bool = False) -> Configuration:
    """One version; of one meter, or of one of each kind."""
    version = {
        "effectiveFrom": "2020-01-01T00:00:00Z",
        "meters": RICH if rich else PLAIN,
        "customers": CUSTOMERS,
        "tenantId": "tenant_1",
        "accessLogs": _DECLARED,
    }
    reader = ConfigurationReader(read_deployed(_DEPLOYED))
    return reader.read(json.dumps({"versions": [version]}).encode())


def meter(
    log_events: Sequence[object],
    log_group: str,
    terms: Configuration,
    *,
    tenant_header: str | None = None,
) -> Metered:
    """What becomes of log events of one delivery."""
    envelope = {
        "messageType": "DATA_MESSAGE",
        "owner": OWNER,
        "logGroup": log_group,
        "logStream": "e369853df766fa44e1ed0ff613f563bd",
        "logEvents": log_events,
    }
    payload = packed_payload(json.dumps(envelope).encode())
    return take(payload, terms, tenant_header=tenant_header)


def take(payload: object, terms: Configuration, *, tenant_header: str | None = None) -> Metered:
    """What becomes of a whole Lambda event."""
    queue, keeper = FakeQueue(), FakeKeeper()
    intake = Intake(
        source=DeclaredSource(REGION, tenant_header=tenant_header),
        terms=FixedTerms(terms),
        keeper=keeper,
        queue=queue,
        telemetry=_telemetry(),
        now_ms=lambda: NOW_MS,
    )
    taken = intake.take(payload, OWN_LOG_GROUP)
    return Metered(taken, queue.bodies, keeper.objects)


@cache  # to make one takes as long as to meter a line
def _telemetry() -> SilentTelemetry:
    return SilentTelemetry()

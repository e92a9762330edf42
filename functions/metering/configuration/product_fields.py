"""What Aforo wants to know of an event beyond its quantity, by product type, and where in the event
it stands (aforo-contract.md 1.7).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

type ProductType = Literal["API", "AGENTIC_API", "AI_AGENT", "MCP_SERVER"]
type ProductField = Literal[
    "traceId", "sessionId", "toolName", "agentId", "executionStatus", "executionDurationMs"
]

TOOL_NAME: ProductField = "toolName"
EXECUTION_STATUS: ProductField = "executionStatus"
EXECUTION_DURATION: ProductField = "executionDurationMs"


@dataclass(frozen=True)
class Product:
    """`needed`: no event without them. `top`: where they stand at the top of the event;
    `metadata`: their names there. What stands in neither is not taken.
    """

    needed: frozenset[ProductField]
    top: frozenset[ProductField]
    metadata: Mapping[ProductField, str]
    tells_execution: bool = False  # status and duration are the request's where nothing says them

    @cached_property
    def taken(self) -> tuple[ProductField, ...]:
        """Every field that such an event can hold, in one order."""
        return tuple(sorted(self.top | self.metadata.keys()))


PRODUCTS: Mapping[ProductType, Product] = {
    "API": Product(frozenset(), frozenset(), {}),
    # Without traceId Aforo bills the event and skips its session, silently.
    "AGENTIC_API": Product(
        frozenset({"traceId"}), frozenset({"traceId", "sessionId"}), {"agentId": "agent_id"}
    ),
    "AI_AGENT": Product(
        frozenset({"traceId", "sessionId"}),
        frozenset({"traceId", "sessionId"}),
        {
            "agentId": "agentId",
            "executionStatus": "executionStatus",
            "executionDurationMs": "executionDurationMs",
        },
    ),
    "MCP_SERVER": Product(
        frozenset({"toolName", "agentId", "sessionId"}),
        frozenset({"toolName", "agentId", "sessionId", "executionStatus", "executionDurationMs"}),
        {
            "toolName": "tool_name",
            "agentId": "agent_id",
            "sessionId": "session_id",
            "executionStatus": "execution_status",
            "executionDurationMs": "execution_duration_ms",
        },
        tells_execution=True,
    ),
}

# The names that metering itself writes into an event's metadata: no meter may.
OWN_METADATA = frozenset(
    [
        "gateway",
        "meter",
        "method",
        "path",
        "status",
        "endpoint_path",
        "http_method",
        "status_code",
        "response_time_ms",
        "latency",
        "responseLength",
        "stage",
        "resource",
        "requestId",
        "extendedRequestId",
        "api_id",
        "region",
        "timeSource",
    ]
).union(*(product.metadata.values() for product in PRODUCTS.values()))

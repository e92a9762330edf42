"""The usage event: one billable fact, in the shape in which Aforo takes it, and its identity.

An event is a pure function of log lines and the configuration in force at the request's time:
the same line gives byte for byte the same event in delivery, replay, audit and backfill
(architecture.md, What is one request; aforo-contract.md 1.1.2, 1.1.3).
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, NamedTuple, NotRequired, ReadOnly, TypedDict

from pydantic import ConfigDict, Field, Strict, with_config
from pydantic_core import to_json

KEY_PREFIX = "apigw1-"
# 160 bits; 47 characters with the prefix, below the 64 that Aforo is sure to take.
KEY_DIGITS = 40

# Strict and in turn, each value stays what it is; pydantic's own search for the best fit of a union
# gives the same and makes reading a usage message half as dear again.
type MetadataValue = Annotated[
    Annotated[str, Strict()]
    | Annotated[int, Strict()]
    | Annotated[float, Strict()]
    | Annotated[bool, Strict()],
    Field(union_mode="left_to_right"),
]


class Trace(TypedDict):
    """Trace identifiers of the request; null where the log does not say them, never made up."""

    traceparent: ReadOnly[str | None]
    tracestate: ReadOnly[str | None]
    xTraceId: ReadOnly[str | None]
    xRequestId: ReadOnly[str | None]


# A field that a newer metering writes must reach Aforo through an older forwarder or replay.
@with_config(ConfigDict(extra="allow"))
class UsageEvent(TypedDict):
    """One billable fact: read-only, posted as it stands. `metadata.meter` is our permanent id of
    what was counted; `metricName` is Aforo's display name for it, which may change.
    """

    customerId: ReadOnly[str]
    metricName: ReadOnly[str]
    quantity: ReadOnly[int | float]  # > 0
    occurredAt: ReadOnly[str]  # the request's start, ISO 8601 UTC, milliseconds, Z
    idempotencyKey: ReadOnly[str]
    productType: ReadOnly[str]
    metadata: ReadOnly[Mapping[str, MetadataValue]]
    endpointPath: NotRequired[ReadOnly[str]]
    httpMethod: NotRequired[ReadOnly[str]]
    statusCode: NotRequired[ReadOnly[int]]
    responseTimeMs: NotRequired[ReadOnly[int]]
    traceId: NotRequired[ReadOnly[str]]
    sessionId: NotRequired[ReadOnly[str]]
    toolName: NotRequired[ReadOnly[str]]
    agentId: NotRequired[ReadOnly[str]]
    executionStatus: NotRequired[ReadOnly[str]]
    executionDurationMs: NotRequired[ReadOnly[int]]
    trace: NotRequired[ReadOnly[Trace]]


class RequestIdentity(NamedTuple):
    """What makes a request one request. `requestId` is chosen by the caller, so it is not here."""

    account_id: str
    region: str
    api_id: str
    stage: str
    extended_request_id: str

    def event_key(self, meter: str, sequence: int = 0) -> str:
        """The event's identity at Aforo, in the ledger and in the counters (architecture.md,
        What is one request).

        `sequence` tells apart several events of one meter in one request.
        """
        return key_of(self.canonical(meter, sequence))

    def canonical(self, meter: str, sequence: int = 0) -> bytes:
        """What the key is the hash of: a JSON array without blanks, in UTF-8."""
        return to_json([*self, meter, sequence])


def key_of(canonical: bytes) -> str:
    return KEY_PREFIX + sha256(canonical).hexdigest()[:KEY_DIGITS]


def meter_of(event: UsageEvent) -> str:
    """The meter of an event, as written by metering."""
    return str(event["metadata"]["meter"])

"""The configurations of a run, as the simulation knows them: the documents that are uploaded are
written from these, and the oracle judges by these, without a line of metering's code.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class MeterTerm:
    """What is counted: `quantity` is as the document says it (`1`, `response_bytes`)."""

    id: str
    metric: str
    quantity: str


CALLS = MeterTerm("api_calls", "API Calls", "1")
BYTES = MeterTerm("data_transfer", "Data Transfer", "response_bytes")


@dataclass(frozen=True, slots=True)
class Term:
    """In force from a moment (epoch milliseconds) until the next one's."""

    from_ms: int
    meters: tuple[MeterTerm, ...] = (CALLS,)
    customers: tuple[tuple[str, str], ...] = ()  # by API key id
    excluded_paths: tuple[str, ...] = ("/health", "/ready", "/metrics", "/favicon.ico")

    def customer_of(self, key_id: str) -> str | None:
        return dict(self.customers).get(key_id)


@dataclass
class Terms:
    """All that were ever agreed; a change is another one, with its own moment."""

    versions: list[Term] = field(default_factory=list)

    def in_force(self, at_ms: int) -> Term | None:
        known = [one for one in self.versions if one.from_ms <= at_ms]
        return max(known, key=lambda one: one.from_ms) if known else None

    def document(self) -> bytes:
        """As a person uploads it."""
        return json.dumps({"versions": [_written(one) for one in self.versions]}).encode()


def _written(term: Term) -> dict[str, object]:
    begins = datetime.fromtimestamp(term.from_ms / 1000, UTC).isoformat(timespec="milliseconds")
    meters = [
        {"id": one.id, "metricName": one.metric, "productType": "API", "quantity": one.quantity}
        for one in term.meters
    ]
    return {
        "effectiveFrom": begins,
        "meters": meters,
        "customers": dict(term.customers),
        "excludedPaths": list(term.excluded_paths),
    }

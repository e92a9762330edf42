"""What has to be billed of a request, by whom and for what: the simulation made the request, and
asks nobody. Written from docs/explanation/architecture.md, not from metering's code.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from tests.simulation.gateway_request import ACCOUNT, REGION, GatewayRequest
from tests.simulation.terms import Term, Terms

EXCLUDED_STATUSES = frozenset({401, 403, 429})


@dataclass(frozen=True, slots=True)
class Due:
    """One event that has to be in Aforo's book in the end, once."""

    key: str
    customer: str
    meter: str
    metric: str
    quantity: int
    occurred_at: str
    number: int  # of the request


@dataclass
class Oracle:
    """`due` is by event key, of the requests that were served."""

    terms: Terms
    due: dict[str, Due] = field(default_factory=dict)
    keys_of: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by extended request id

    def serve(self, request: GatewayRequest) -> tuple[str, ...]:
        """The keys of what has to be billed for it."""
        found = self._due(request)
        self.due |= {one.key: one for one in found}
        keys = tuple(one.key for one in found)
        if keys:
            self.keys_of[request.extended_id] = keys
        return keys

    def fault(self, key: str, customer: str, quantity: float, occurred_at: str, what: str) -> str:
        """How what was booked differs from what is due; empty if it does not. `what`: the metric's
        name, or the meter's id.
        """
        due = self.due.get(key)
        if due is None:
            return f"{key} of {customer} is not due"
        is_right = customer == due.customer and quantity == due.quantity
        if is_right and occurred_at == due.occurred_at and what in {due.metric, due.meter}:
            return ""
        return f"{key} is {customer} {what} {quantity} {occurred_at}, and due is {due}"

    def _due(self, request: GatewayRequest) -> list[Due]:
        term = self.terms.in_force(request.at_ms)
        if term is None or request.is_broken or self._is_excluded(request, term):
            return []
        customer = request.customer or term.customer_of(request.key_id)
        if not customer:
            return []
        occurred_at = _iso(request.at_ms)
        return [
            Due(
                event_key(request.place, request.extended_id, meter.id),
                customer,
                meter.id,
                meter.metric,
                request.response_bytes if meter.quantity == "response_bytes" else 1,
                occurred_at,
                request.number,
            )
            for meter in term.meters
        ]

    def _is_excluded(self, request: GatewayRequest, term: Term) -> bool:
        path = request.path
        folders = tuple(f"{one}/" for one in term.excluded_paths)
        is_own = request.status in EXCLUDED_STATUSES and not request.is_from_backend
        return is_own or path in term.excluded_paths or path.startswith(folders)


def event_key(place: tuple[str, str], extended_request_id: str, meter: str) -> str:
    """architecture.md, What is one request. `place`: API and stage."""
    parts = [ACCOUNT, REGION, *place, extended_request_id, meter, 0]
    text = json.dumps(parts, separators=(",", ":"))
    return f"apigw1-{sha256(text.encode()).hexdigest()[:40]}"


def _iso(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"

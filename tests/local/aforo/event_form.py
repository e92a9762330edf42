"""Rules of form: types, blanks, lengths, times (aforo-contract.md 1.1.2, 1.1.6). Pure.

The first check guarantees the required texts to the ones after it.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from tests.local.aforo.rules import Event, Finding, Rules
from tests.local.aforo.settings import DAY_SECONDS

SESSION_TYPES = frozenset({"AI_AGENT", "AGENTIC_API"})
REQUIRED_TEXTS = ("customerId", "metricName", "occurredAt", "idempotencyKey")
OPTIONAL_TEXTS = (
    "traceId",
    "sessionId",
    "toolName",
    "agentId",
    "executionStatus",
    "endpointPath",
    "httpMethod",
)
OPTIONAL_NUMBERS = ("executionDurationMs", "statusCode", "responseTimeMs")
# From Aforo's AWS function of 2026-10; asked for only with the knob product_fields_required.
FIELDS_OF_TYPE = {
    "AI_AGENT": ("agentId", "sessionId"),
    "MCP_SERVER": ("toolName", "agentId"),
    "GRPC_API": ("grpcService", "grpcMethod"),
    "GRAPHQL_API": ("gqlOperationType",),
    "WEBSOCKET_API": ("wsConnectionId",),
    "MQTT_BROKER": ("mqttTopic",),
}
QUANTITY_END = 10**14  # the column is NUMERIC(20,6), says Aforo's SDK (python/aforo/limits.py)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_CAPITAL = re.compile(r"(?=[A-Z])")


def instant(event: Event) -> float:
    """`occurredAt` in seconds since the epoch; ValueError for a date that does not exist."""
    return datetime.fromisoformat(event["occurredAt"]).timestamp()


def _texts(event: Event, _rules: Rules) -> Finding | None:
    for field in REQUIRED_TEXTS:
        value = event.get(field)
        if not isinstance(value, str) or not value.strip():
            return Finding(field, f"{field} must be a string and not blank{_hint(event, field)}")
    return None


def _hint(event: Event, field: str) -> str:
    snake = _CAPITAL.sub("_", field).lower()
    return f" (found {snake}: the envelope is camelCase)" if snake in event else ""


def _quantity(event: Event, rules: Rules) -> Finding | None:
    value = event.get("quantity")
    # bool is an int to Python, not to JSON.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Finding("quantity", "quantity must be a number")
    if value <= 0:
        return Finding("quantity", "quantity must be greater than 0")
    if not value < QUANTITY_END:  # infinity and NaN too
        return Finding("quantity", "quantity must have at most 14 digits before the point")
    most = rules.settings.quantity_decimals
    if most is not None and _decimals(value) > most:
        return Finding("quantity", f"quantity must have at most {most} decimals")
    return None


def _decimals(value: float) -> int:
    exponent = Decimal(str(value)).normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _key(event: Event, rules: Rules) -> Finding | None:
    key = event["idempotencyKey"]
    if len(key) > rules.settings.key_max_length:
        return Finding("idempotencyKey", f"size must be at most {rules.settings.key_max_length}")
    if not re.fullmatch(rules.settings.key_pattern, key):
        return Finding("idempotencyKey", f"must match {rules.settings.key_pattern}")
    return None


def _lengths(event: Event, rules: Rules) -> Finding | None:
    for field, most in rules.settings.field_max_lengths.items():
        value = event.get(field)
        if isinstance(value, str) and len(value) > most:
            return Finding(field, f"{field}: size must be at most {most}")
    return None


def _occurred_at(event: Event, rules: Rules) -> Finding | None:
    if not _INSTANT.fullmatch(event["occurredAt"]):
        return Finding("occurredAt", "occurredAt must be ISO-8601 UTC with Z")
    try:
        ahead = instant(event) - rules.now
    except ValueError:
        return Finding("occurredAt", "occurredAt is not a date that exists")
    settings = rules.settings
    if ahead > settings.future_tolerance_seconds:
        message = f"occurredAt is more than {settings.future_tolerance_seconds:g} s in the future"
        return Finding("occurredAt", message, "EVENT_IN_FUTURE", settings.future_status)
    if settings.max_age_days and -ahead > settings.max_age_days * DAY_SECONDS:
        message = f"occurredAt is more than {settings.max_age_days:g} days old"
        return Finding("occurredAt", message, "EVENT_TOO_OLD")
    return None


def _product(event: Event, rules: Rules) -> Finding | None:
    settings, product = rules.settings, event.get("productType")
    if product is None:
        required = settings.product_type_required
        return Finding("productType", "productType is required") if required else None
    if not isinstance(product, str) or product not in settings.product_types:
        one_of = ", ".join(sorted(settings.product_types))
        return Finding("productType", f"productType must be one of {one_of}")
    needed = FIELDS_OF_TYPE.get(product, ()) if settings.product_fields_required else ()
    if settings.trace_id_required and product in SESSION_TYPES:
        needed = (*needed, "traceId")
    missing = next((field for field in needed if not event.get(field)), None)
    return Finding(missing, f"{missing} is required for {product}") if missing else None


def _optional(event: Event, _rules: Rules) -> Finding | None:
    for field in OPTIONAL_TEXTS:
        if not isinstance(event.get(field, ""), str | None):
            return Finding(field, f"{field} must be a string")
    for field in OPTIONAL_NUMBERS:
        if type(event.get(field, 0)) not in (int, float, type(None)):
            return Finding(field, f"{field} must be a number")
    return None


def _metadata(event: Event, _rules: Rules) -> Finding | None:
    metadata = event.get("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        return Finding("metadata", "metadata must be an object")
    for name, value in metadata.items():
        if not isinstance(value, str | int | float):
            return Finding("metadata", f"metadata.{name} must be a string, a number or a boolean")
    return None


def _trace(event: Event, _rules: Rules) -> Finding | None:
    trace = event.get("trace")
    if trace is None:
        return None
    if not isinstance(trace, dict) or not all(isinstance(v, str | None) for v in trace.values()):
        return Finding("trace", "trace must be an object of strings and nulls")
    return None


FORM: tuple[Callable[[Event, Rules], Finding | None], ...] = (
    _texts,
    _quantity,
    _key,
    _lengths,
    _occurred_at,
    _product,
    _optional,
    _metadata,
    _trace,
)

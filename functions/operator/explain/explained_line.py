"""One explained request as the line that `explain` prints: facts, outcome, reason, event."""

import json
from collections.abc import Mapping

from functions.metering.request import Request
from functions.operator.explain.explanation import NO_ACCOUNT, NO_REGION, Explained
from functions.usage.event import UsageEvent
from functions.usage.outcome import Excluded, Quarantined

_INCOMPLETE = "incomplete"
# What is printed, and what `Request` calls it.
_FACTS = {
    "request_id": "request_id",
    "extended_request_id": "extended_request_id",
    "api_id": "api_id",
    "stage": "stage",
    "method": "method",
    "path": "path",
    "route": "route",
    "status": "status",
    "latency_ms": "latency_ms",
    "integration_latency_ms": "integration_latency_ms",
    "integration_status": "integration_status",
    "response_bytes": "response_bytes",
    "api_key_id": "api_key_id",
    "principal": "principal_id",
    "customer_id": "customer_id",
    "time_epoch_ms": "time_ms",
}


def printed(explained: Explained) -> str:
    """The JSON text of one request."""
    request = explained.request
    shown = {name: getattr(request, fact, None) for name, fact in _FACTS.items()}
    outcome, reason = outcome_of(explained)
    shown |= {"outcome": outcome, "reason": reason}
    detail = detail_of(explained)
    if detail:
        shown["detail"] = detail
    if isinstance(explained.billing, tuple):
        events = [_event(event, explained) for event in explained.billing]
        # Several meters make several events of one request.
        shown["event"] = events[0] if len(events) == 1 else events
    # Escaped to ASCII: a log may hold characters that UTF-8 cannot write.
    return json.dumps(shown, ensure_ascii=True)


def outcome_of(explained: Explained) -> tuple[str, str | None]:
    """Outcome and reason."""
    match explained.billing:
        case Excluded(reason):
            return "excluded", reason
        case Quarantined(reason):
            return ("incomplete" if reason == _INCOMPLETE else "quarantined"), reason
        case _:
            return "event", None


def detail_of(explained: Explained) -> str:
    """What is known of a quarantined request beyond its reason; empty if nothing is."""
    return explained.billing.detail if isinstance(explained.billing, Quarantined) else ""


def _event(event: UsageEvent, explained: Explained) -> Mapping[str, object]:
    """The event without what only a delivery can say."""
    request = explained.request
    shown: dict[str, object] = dict(event)
    if not _has_place(request):
        del shown["idempotencyKey"]
    if request is None or not request.region:
        metadata = event["metadata"]
        shown["metadata"] = {name: metadata[name] for name in metadata if name != "region"}
    if explained.lacks_time:
        del shown["occurredAt"]
    return shown


def _has_place(request: Request | None) -> bool:
    return request is not None and request.account_id != NO_ACCOUNT and request.region != NO_REGION

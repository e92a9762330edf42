"""The rules an ingest event must keep (aforo-contract.md 1.1.2, 1.1.6). Pure.

In: one element of `events`, the rules in force; out: the first rule it breaks, or None.
Unknown fields are accepted. Rules of form come before rules of business, as bean validation does.
"""

from tests.local.aforo.event_form import FORM, SESSION_TYPES, instant
from tests.local.aforo.rules import Event, Finding, Rules


def judge(event: object, rules: Rules) -> Finding | None:
    """The first rule that the event breaks."""
    if not isinstance(event, dict):
        return Finding("events", "an event must be an object")
    for check in (*FORM, _metric, _customer):
        if finding := check(event, rules):
            return finding
    return None


def is_late(event: Event, rules: Rules) -> bool:
    return rules.now - instant(event) > rules.settings.late_after_seconds


def skips_session_routing(event: Event) -> bool:
    """Aforo takes such an event and silently does not route it to its session (1.1.2)."""
    return event.get("productType") in SESSION_TYPES and not event.get("traceId")


def _metric(event: Event, rules: Rules) -> Finding | None:
    if event["metricName"] in rules.metrics:
        return None
    message = f"UNKNOWN_METRIC: {event['metricName']}"
    status = rules.settings.unknown_metric_status
    return Finding("metricName", message, "UNKNOWN_METRIC", status)


def _customer(event: Event, rules: Rules) -> Finding | None:
    if rules.settings.unknown_customer == "accept" or event["customerId"] in rules.customers:
        return None
    message = f"UNKNOWN_CUSTOMER: {event['customerId']}"
    return Finding("customerId", message, "UNKNOWN_CUSTOMER", 422)

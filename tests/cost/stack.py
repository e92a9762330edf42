"""template.yaml -> what of it decides the bill."""

from collections.abc import Iterator
from typing import Any

from functions.reconciliation.due_hours import TICK_MS, due_hours
from functions.usage.moment import DAY_MS
from tests.cost.price_list import MONTH_SECONDS, Stack
from tests.template.stack import default, functions, resources, template
from tests.template.transformed import deployed_stack

# One existing access log, the caller's own Redis, no demo: the least that one deploys.
PLAIN = {
    "AforoTenantId": "tenant",
    "AccessLogGroupName": "/access",
    "RestApiId": "a1b2c3d4e5",
    "RedisUrl": "redis://redis.internal:6379/0",
}
HORIZON_DAYS = 35


def stack() -> Stack:
    """As deployed with `PLAIN` and the defaults."""
    own, sources = functions(), resources("AWS::Lambda::EventSourceMapping")
    forwarder, settled = (
        sources[f"{name}Source"]["Properties"] for name in ("Forwarder", "Reconciliation")
    )
    return Stack(
        alarm_metrics=sum(map(_metrics_read, _made("AWS::CloudWatch::Alarm").values())),
        composite_alarms=len(_made("AWS::CloudWatch::CompositeAlarm")),
        dashboards=len(_made("AWS::CloudWatch::Dashboard")),
        metering_mb=_memory(own["MeteringFunction"]),
        forwarder_mb=_memory(own["ForwarderFunction"]),
        reconciliation_mb=_memory(own["ReconciliationFunction"]),
        repair_mb=_memory(own["ReconciliationRepairFunction"]),
        authorizer_mb=_memory(own["AuthorizerFunction"]),
        audit_mb=_memory(own["AuditCountFunction"]),
        audit_window=default({"Ref": "AuditWindowSeconds"}),
        forwarder_window=default(forwarder["MaximumBatchingWindowInSeconds"]),
        forwarder_batch=default(forwarder["BatchSize"]),
        reconciliation_window=default(settled["MaximumBatchingWindowInSeconds"]),
        platform_lines=_logs().get("SystemLogLevel") != "WARN",
        incomplete_schedule="IncompleteSchedule" in _made("AWS::Scheduler::Schedule"),
        lists_a_month=sum(1 for _ in _hours_listed()),
        reads_an_object=READS_AN_OBJECT,
    )


# An hour's objects are all read when it is closed first, and again when late ones have come.
READS_AN_OBJECT = 2.0


def _hours_listed() -> Iterator[int]:
    """The hours that a month's ticks ask for, once the stack is older than the horizon."""
    start_ms = 400 * DAY_MS
    for now_ms in range(start_ms, start_ms + MONTH_SECONDS * 1000, TICK_MS):
        yield from due_hours(now_ms, HORIZON_DAYS)


def _made(kind: str) -> dict[str, dict[str, Any]]:
    made = deployed_stack(**PLAIN)
    return {name: one for name, one in made.items() if one["Type"] == kind}


def _metrics_read(alarm: dict[str, Any]) -> int:
    """An alarm on a calculation is billed for each metric that it reads (CloudWatch pricing)."""
    queries = alarm["Properties"].get("Metrics")
    return sum("MetricStat" in query for query in queries) if queries else 1


def _memory(function: dict[str, Any]) -> int:
    return int(
        function["Properties"].get("MemorySize", template()["Globals"]["Function"]["MemorySize"])
    )


def _logs() -> dict[str, Any]:
    found: dict[str, Any] = template()["Globals"]["Function"]["LoggingConfig"]
    return found

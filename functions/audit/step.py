"""Serves the states of the audit's state machine: `Start the audit`, `Run a round` and `Write the
report`, outside the VPC.

A step comes in by its name, with what the state machine hands on; its outcome leaves. Outcomes are
returned; what another try may cure is raised, and the state machine tries again.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.adapters.settings import read_settings
from functions.adapters.telemetry import AUDIT_REPORTED, AUDIT_ROUND, AUDIT_STARTED, Telemetry
from functions.audit.assembly import Assembly
from functions.audit.comparison.comparing import Compared, Comparing
from functions.audit.log.log_retention import kept_days
from functions.audit.repair.audit_order import AuditOrder, AuditPlace
from functions.audit.repair.audit_progress import AuditTask
from functions.audit.repair.audit_report import AuditReport
from functions.audit.repair.audit_round import AuditRound
from functions.audit.repair.audit_start import AuditStart
from functions.audit.repair.bill_difference import BillDifference
from functions.audit.repair.exported_parts import ExportedPart, part_names
from functions.audit.repair.metered_record import MeteredRecord
from functions.audit.repair.metering_again import MeteringAgain
from functions.audit.repair.missing_sender import MissingSender
from functions.audit.repair.run_records import RunRecords
from functions.audit.repair.settlement import SentRequests, sure_ms
from functions.audit.repair.time_left import TimeLeft
from functions.audit.repair.usage_backlog import UsageBacklog
from functions.audit.repair.window_repair import WindowRepair
from functions.audit.settings import AuditSettings
from functions.audit.watched_source import watched_sources
from functions.usage.metric import Metric

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True, slots=True)
class Wired:
    """What lives as long as the process."""

    settings: AuditSettings
    assembly: Assembly
    backlog: UsageBacklog
    telemetry: Telemetry


def handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """AWS Lambda's entry point."""
    try:
        match event["step"]:
            case "start":
                return _start(event)
            case "round":
                return _round(AuditTask.model_validate(event), context)
            case "report":
                return _report(AuditTask.model_validate(event))
        raise ValueError(f"no step: {event['step']!r}")
    finally:
        _wired().telemetry.flush()


def _start(event: Mapping[str, Any]) -> dict[str, Any]:
    wired = _wired()
    answer = AuditStart(
        settings=wired.settings,
        sources=lambda: watched_sources(
            wired.assembly.lambdas, wired.settings.metering_function_arn
        ),
        kept_days=lambda groups: kept_days(wired.assembly.logs, groups),
        parts=lambda export: part_names(wired.assembly.s3, export),
        now_ms=_now_ms,
    ).answer(event["input"])
    told = {"outcome": answer["outcome"], "run_id": event["runId"]}
    wired.telemetry.report(AUDIT_STARTED, **told)
    return answer


def _round(task: AuditTask, context: "LambdaContext") -> dict[str, Any]:
    wired, time_left = _wired(), TimeLeft(context.get_remaining_time_in_millis)
    record, difference = _kept_by(task)
    records = RunRecords(wired.assembly.store)
    comparing = wired.assembly.comparing(datetime.now(UTC))
    compare = _compare(comparing, task.order)
    metering = MeteringAgain(
        wired.assembly.lambdas,
        wired.settings.metering_function_arn,
        task.run_id,
        is_decided=task.order.include_old,
    )
    sender = MissingSender(
        waiting=wired.backlog.waiting,
        metering=metering,
        record=record,
        try_id=context.aws_request_id,
        has_time=time_left.for_a_call,
        told=lambda times: wired.telemetry.count(Metric.REQUESTS_METERED_AGAIN, times),
    )
    repairs = WindowRepair(
        compare=compare,
        clear_until=comparing.clear_until,
        sender=sender,
        record=record,
        difference=difference,
        records=records,
        dedup_window_ms=wired.settings.dedup_window_seconds * 1000,
        now_ms=_now_ms,
    )
    settlement = SentRequests(
        compare=compare,
        clear_until=comparing.clear_until,
        record=record,
        ledger=wired.assembly.ledger,
        records=records,
        sure_ms=sure_ms(wired.settings.audit_window_seconds),
        now_ms=_now_ms,
    )
    result = AuditRound(
        repairs=repairs,
        settlement=settlement,
        now_ms=_now_ms,
        has_time=time_left.for_a_window,
    ).run(task)
    wired.telemetry.report(
        AUDIT_ROUND,
        run_id=task.run_id,
        outcome=result.outcome,
        wait_seconds=result.wait_seconds,
        waiting_for=result.progress.waiting_for,
        trouble=result.trouble,
        place=result.progress.place,
        windows=task.order.windows,
        next=_next(task.order, result.progress.place),
    )
    return result.as_json()


def _next(order: AuditOrder, place: int) -> str:
    return str(order.at(place)) if place < order.windows else ""


def _compare(comparing: Comparing, order: AuditOrder) -> Callable[[AuditPlace], Compared]:
    def compare(place: AuditPlace) -> Compared:
        asked = comparing
        if order.export:
            part = ExportedPart(_wired().assembly.s3, order.export, place.number, order.parts)
            asked = comparing._replace(log=part)
        return asked.compare(place.source, place.window, with_lines=True)

    return compare


def _report(task: AuditTask) -> dict[str, Any]:
    report = AuditReport(*_kept_by(task), RunRecords(_wired().assembly.store))
    answer = report.write(task, datetime.now(UTC))
    told = {"run_id": task.run_id, "trouble": task.trouble}
    _wired().telemetry.report(AUDIT_REPORTED, **told, requests=answer["report"]["requests"])
    return answer


def _kept_by(task: AuditTask) -> tuple[MeteredRecord, BillDifference]:
    wired = _wired()
    where = (wired.assembly.s3, wired.settings.ledger_bucket, task.run_id, task.started_at)
    return MeteredRecord(*where), BillDifference(*where)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@cache
def _wired() -> Wired:
    settings = read_settings(AuditSettings)
    assembly = Assembly.of(settings)
    return Wired(
        settings,
        assembly,
        UsageBacklog(assembly.sqs, settings.usage_queue_url),
        Telemetry("audit-step"),
    )

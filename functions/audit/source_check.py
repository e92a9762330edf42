"""The source check's entry point, outside the VPC: is what every source needs still there, and does
what its stage serves arrive?

Three questions of three schedules: `{"look": "stages"}` compares each stage with what it must be,
`{"look": "served"}` what was served with what was read, `{"look": "hour"}` what CloudWatch counted
in an hour with what the log has of it. It reads and counts; it changes nothing but what it keeps of
an hour, and sees no usage.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Literal, NamedTuple, TypedDict

from functions.adapters.aws import (
    apigateway_client,
    cloudwatch_client,
    lambda_client,
    logs_client,
    s3_client,
)
from functions.adapters.settings import Settings, read_settings
from functions.adapters.telemetry import HOUR_WITNESSED, SOURCE_CHANGED, SOURCE_SILENT, Telemetry
from functions.audit.sources.logged_hour import LoggedHours
from functions.audit.sources.served import Witness
from functions.audit.sources.stage_check import StageCheck
from functions.audit.sources.stage_counts import StageCounts
from functions.audit.sources.witness import HourWitness
from functions.audit.watched_source import ANSWER_SECONDS, WatchedSource, watched_sources
from functions.audit.window_store import WindowStore
from functions.usage.metric import Metric, namespace


class Look(TypedDict):
    """What the schedule asks."""

    look: Literal["stages", "served", "hour"]


class SourceCheckSettings(Settings):
    """Whom to ask for the list, and what must be attached to whom."""

    metering_function_arn: str
    authorizer_function_arn: str
    replays_incomplete: bool
    ledger_bucket: str  # where the audit keeps its windows
    protected_api_ids: str = ""  # separated by commas
    protected_log_groups: str = ""  # likewise: access logs of their stages


class SourceCheck(NamedTuple):
    """The three questions, wired."""

    sources: Callable[[], Sequence[WatchedSource]]
    stages: StageCheck
    witness: Witness
    hours: HourWitness
    telemetry: Telemetry

    def look_at_stages(self) -> dict[str, object]:
        """The sources that are not as they must be."""
        sources, changed = self.sources(), []
        for source in sources:
            for fault in self.stages.faults(source):
                changed.append(source.name)
                self.telemetry.log.warning(
                    SOURCE_CHANGED, source=source.name, fault=fault.fault, seen=fault.seen
                )
        self.telemetry.level(Metric.SOURCES_CHANGED, len(set(changed)))
        return {"sources": len(sources), "changed": sorted(set(changed))}

    def look_at_served(self, now: datetime) -> dict[str, object]:
        """The sources whose stage served and of which no line arrived, and lost deliveries."""
        watched = [self.stages.watched(source) for source in self.sources()]
        figures = self.witness.figures(watched, now)
        silent = sorted(name for name, found in figures.items() if found.is_silent)
        for name in silent:
            self.telemetry.log.warning(SOURCE_SILENT, source=name, served=figures[name].served)
        failed = sum(found.deliveries_failed for found in figures.values())
        self.telemetry.level(Metric.SOURCES_SILENT, len(silent))
        if failed:  # a series that is only written where there are some costs nothing without
            self.telemetry.level(Metric.DELIVERIES_FAILED, failed)
        return {"sources": len(watched), "silent": silent, "deliveriesFailed": failed}

    def look_at_hours(self, now: datetime) -> dict[str, object]:
        """The hours that the audit has counted since: CloudWatch's figure and the log's."""
        found = self.hours.look(self.sources(), now)
        for one in found:
            told = self.telemetry.log.warning if one.not_logged else self.telemetry.log.info
            told(
                HOUR_WITNESSED, source=one.source, hour=one.hour, requests=one.requests,
                counted=one.counted, not_logged=one.not_logged, why=one.why,
            )  # fmt: skip
            self.telemetry.count(Metric.REQUESTS_NOT_LOGGED, one.not_logged)
        return {"hours": [one.as_json() for one in found]}


def handler(asked: Look, _context: object) -> Mapping[str, object]:
    """AWS Lambda's entry point. What AWS does not answer raises: then no figure rings."""
    check = _wired()
    try:
        if asked["look"] == "stages":
            return check.look_at_stages()
        if asked["look"] == "hour":
            return check.look_at_hours(datetime.now(UTC))
        return check.look_at_served(datetime.now(UTC))
    finally:
        check.telemetry.flush()


@cache
def _wired() -> SourceCheck:
    settings = read_settings(SourceCheckSettings)
    metering = settings.metering_function_arn
    lambdas = lambda_client(ANSWER_SECONDS)
    protected = _parts(settings.protected_api_ids)
    gateway, cloudwatch = apigateway_client(), cloudwatch_client()
    stages = StageCheck(
        gateway,
        logs_client(),
        metering,
        settings.authorizer_function_arn,
        protected,
        settings.replays_incomplete,
        _parts(settings.protected_log_groups),
    )
    log = LoggedHours(WindowStore(s3_client(), settings.ledger_bucket))
    return SourceCheck(
        sources=lambda: watched_sources(lambdas, metering),
        stages=stages,
        witness=Witness(cloudwatch, namespace()),
        hours=HourWitness(StageCounts(gateway, cloudwatch), log, stages.stages),
        telemetry=Telemetry("source-check"),
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))

"""The source check's entry point, outside the VPC: is what every source needs still there, and does
what its stage serves arrive?

Two questions of two schedules: `{"look": "stages"}` compares each stage with what it must be,
`{"look": "served"}` compares what was served with what was read. It reads and counts; it changes
nothing, and sees no usage.
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
)
from functions.adapters.settings import Settings, read_settings
from functions.adapters.telemetry import SOURCE_CHANGED, SOURCE_SILENT, Telemetry
from functions.audit.served import Witness
from functions.audit.stage_check import StageCheck
from functions.audit.watched_source import ANSWER_SECONDS, WatchedSource, watched_sources
from functions.usage.metric import Metric, namespace


class Look(TypedDict):
    """What the schedule asks."""

    look: Literal["stages", "served"]


class SourceCheckSettings(Settings):
    """Whom to ask for the list, and what must be attached to whom."""

    metering_function_arn: str
    authorizer_function_arn: str
    replays_incomplete: bool
    protected_api_ids: str = ""  # separated by commas
    protected_log_groups: str = ""  # likewise: access logs of their stages


class SourceCheck(NamedTuple):
    """The two questions, wired."""

    sources: Callable[[], Sequence[WatchedSource]]
    stages: StageCheck
    witness: Witness
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
        self.telemetry.level(Metric.DELIVERIES_FAILED, failed)
        return {"sources": len(watched), "silent": silent, "deliveriesFailed": failed}


def handler(asked: Look, _context: object) -> Mapping[str, object]:
    """AWS Lambda's entry point. What AWS does not answer raises: then no figure rings."""
    check = _wired()
    try:
        if asked["look"] == "stages":
            return check.look_at_stages()
        return check.look_at_served(datetime.now(UTC))
    finally:
        check.telemetry.flush()


@cache
def _wired() -> SourceCheck:
    settings = read_settings(SourceCheckSettings)
    metering = settings.metering_function_arn
    lambdas = lambda_client(ANSWER_SECONDS)
    protected = _parts(settings.protected_api_ids)
    return SourceCheck(
        sources=lambda: watched_sources(lambdas, metering),
        stages=StageCheck(
            apigateway_client(),
            logs_client(),
            metering,
            settings.authorizer_function_arn,
            protected,
            settings.replays_incomplete,
            _parts(settings.protected_log_groups),
        ),
        witness=Witness(cloudwatch_client(), namespace()),
        telemetry=Telemetry("source-check"),
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))

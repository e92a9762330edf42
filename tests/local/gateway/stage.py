"""Stages: GetStages and the template come in, `Stage` leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.local.gateway.deployment import AccessLog, MethodSettings, Stage
from tests.local.gateway.intrinsics import Scope, resolve


class AccessLogError(ValueError):
    """An access log that is not written to a log group."""


def declared_access_logs(
    api_id: str, scope: Scope, template: Mapping[str, Any]
) -> dict[str, Mapping[str, str]]:
    """AccessLogSetting by stage name: ministack's GetStages leaves it out."""
    found: dict[str, Mapping[str, str]] = {}
    for logical, body in template["Resources"].items():
        properties = body.get("Properties", {})
        if body["Type"] != "AWS::ApiGateway::Stage" or logical not in scope.references:
            continue
        if resolve(properties["RestApiId"], scope) != api_id:
            continue
        setting = resolve(properties.get("AccessLogSetting", {}), scope)
        if setting:
            found[resolve(properties["StageName"], scope)] = {
                "destinationArn": setting["DestinationArn"],
                "format": setting["Format"],
            }
    return found


@dataclass
class StageLogs:
    """Stages with their access logs: GetStages says one only after it was changed there.

    Once GetStages had one, it is believed: also that there is none any more.
    """

    _told: set[tuple[str, str]] = field(default_factory=set)

    def read(
        self, api_id: str, entry: Mapping[str, Any], declared: Mapping[str, str] | None
    ) -> Stage:
        """A stage of GetStages; where that leaves out its access log, the declared one."""
        place, told = (api_id, entry["stageName"]), entry.get("accessLogSettings") or {}
        if told:
            self._told.add(place)
            return read_stage(entry, {**(declared or {}), **told})
        return read_stage(entry, None if place in self._told else declared)


def read_stage(entry: Mapping[str, Any], log: Mapping[str, str] | None) -> Stage:
    """A stage of GetStages, with its access log settings."""
    complete = log and log.get("destinationArn") and log.get("format")
    return Stage(
        name=entry["stageName"],
        deployment_id=entry.get("deploymentId", ""),
        variables=entry.get("variables") or {},
        settings={
            # AWS writes the slashes of a path as `~1`; ministack does not.
            key.replace("~1", "/"): MethodSettings(
                logging_level=settings.get("loggingLevel", "OFF"),
                data_trace=settings.get("dataTraceEnabled", False),
                rate=settings.get("throttlingRateLimit", MethodSettings.rate),
                burst=settings.get("throttlingBurstLimit", MethodSettings.burst),
            )
            for key, settings in entry.get("methodSettings", {}).items()
        },
        access_log=_read_access_log(log) if log and complete else None,
        tracing=entry.get("tracingEnabled", False),
    )


def _read_access_log(setting: Mapping[str, str]) -> AccessLog:
    destination = setting["destinationArn"]
    if ":log-group:" not in destination:
        raise AccessLogError(f"access log destination {destination} is not a log group")
    group = destination.split(":log-group:", 1)[1].removesuffix(":*")
    # One line per request: the format's own line end is the event's.
    return AccessLog(group=group, template=setting["format"].rstrip("\n"))

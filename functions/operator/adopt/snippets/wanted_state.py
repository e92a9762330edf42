"""A plan comes in; what is to stand there, in the terms that all tools share, leaves."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from functions.operator.adopt.adopted_stage import AdoptedStage
from functions.operator.adopt.adoption_order import MODE_VARIABLE, AdoptingStack
from functions.operator.adopt.adoption_plan import AdoptionPlan
from functions.operator.adopt.planned_change import ChangeKind, PlannedChange


class WantedState(NamedTuple):
    """None or empty: nothing of it changes."""

    log_group: str
    makes_group: bool
    destination: str
    log_format: str | None
    metering_arn: str | None
    mode: str | None
    authorizer_arn: str | None  # of our alias
    authorizer_uri: str
    answers: Mapping[str, Mapping[str, Any]]
    methods: Sequence[str]


def wanted_state(stage: AdoptedStage, ours: AdoptingStack, plan: AdoptionPlan) -> WantedState:
    """What a plan's changes amount to. Deployments are the tool's own."""
    of = {kind: [one for one in plan.changes if one.kind is kind] for kind in ChangeKind}
    log = _after(of[ChangeKind.ACCESS_LOG])
    mode = _after(of[ChangeKind.MODE])
    asks = [*of[ChangeKind.AUTHORIZER], *of[ChangeKind.METHOD], *of[ChangeKind.PERMISSION]]
    return WantedState(
        log_group=stage.group_name,
        makes_group=bool(of[ChangeKind.LOG_GROUP]),
        destination=log.get("destinationArn", ""),
        log_format=log.get("format"),
        metering_arn=_after(of[ChangeKind.SUBSCRIPTION]).get("destinationArn"),
        mode=mode.get("value"),
        authorizer_arn=ours.authorizer_arn if asks else None,
        authorizer_uri=ours.authorizer_uri(stage.region, stage.partition),
        answers={one.target["name"]: one.after or {} for one in of[ChangeKind.ANSWER]},
        methods=[str(one.target["name"]) for one in of[ChangeKind.METHOD]],
    )


def stage_settings(wanted: WantedState) -> Mapping[str, Any]:
    """Of a stage in CloudFormation and SAM alike."""
    settings: dict[str, Any] = {}
    if wanted.log_format is not None:
        settings["AccessLogSetting"] = {
            "DestinationArn": wanted.destination,
            "Format": wanted.log_format,
        }
    if wanted.mode is not None:
        settings["Variables"] = {MODE_VARIABLE: wanted.mode}
    return settings


def _after(changes: Sequence[PlannedChange]) -> Mapping[str, Any]:
    return (changes[0].after or {}) if changes else {}

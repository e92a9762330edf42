"""A stage that is not metered comes in, and how it is to be; the changes that meter it leave. No
caller notices any of them.
"""

from collections.abc import Iterator

from functions.operator.adopt.adopted_source import MeteredAs, documented_source, lacks_version
from functions.operator.adopt.adopted_stage import AdoptedStage
from functions.operator.adopt.adoption_order import AdoptingStack, AdoptionOrder
from functions.operator.adopt.format_extension import ExtendedFormat
from functions.operator.adopt.planned_change import ChangeKind, PlannedChange, Value
from functions.operator.adopt.stop_line import is_our_filter

FILTER_NAME = "aforo-metering"


def metering_changes(
    stage: AdoptedStage,
    ours: AdoptingStack,
    order: AdoptionOrder,
    found: ExtendedFormat | None,
    metered_as: MeteredAs | None,
) -> Iterator[PlannedChange]:
    """The format before the filter: no line of the old one is delivered."""
    group = stage.group_name
    if found is None or metered_as is None or not group:
        return
    if stage.log_group is None:
        yield PlannedChange(
            ChangeKind.LOG_GROUP,
            {"name": group},
            None,
            {},
            "make it; its lines stay until it is given a retention",
        )
    arn = f"arn:{stage.partition}:logs:{stage.region}:{stage.account}:log-group:{group}"
    log = stage.access_log or {"destinationArn": arn}
    after = {"destinationArn": log["destinationArn"], "format": found.text}
    if after != stage.access_log:
        target = {"name": stage.stage}
        yield PlannedChange(ChangeKind.ACCESS_LOG, target, stage.access_log, after, _words(found))
    yield from _source(ours, order, metered_as)
    if not any(is_our_filter(one, ours) and not one.pattern for one in stage.filters):
        yield _subscription(stage, ours)


def _words(found: ExtendedFormat) -> str:
    return f"keys added: {', '.join(found.added)}" if found.added else "format v1"


def _source(
    ours: AdoptingStack, order: AdoptionOrder, metered_as: MeteredAs
) -> Iterator[PlannedChange]:
    source = metered_as.source
    present = ours.configuration.source_of(source["logGroup"])
    before: Value = documented_source(ours.document, source["name"])
    is_deployed = present is not None and before is None
    is_named = before == dict(source) or is_deployed
    if is_named and not lacks_version(ours.document, metered_as, order.now_ms):
        return
    target = {
        "name": source["name"],
        "accessLog": metered_as.access_log,
        "customers": dict(metered_as.customers),
    }
    said = f"{source['kind']} log {source['logGroup']}"
    declared = (metered_as.access_log or {}).get("fields", {})
    words = f"{said}, {len(declared)} facts by their keys" if declared else said
    yield PlannedChange(ChangeKind.SOURCE, target, before, dict(source), words)


def _subscription(stage: AdoptedStage, ours: AdoptingStack) -> PlannedChange:
    """A filter of ours with a pattern is mended, under the name that it has."""
    old = next((one for one in stage.filters if is_our_filter(one, ours)), None)
    before = old and {"destinationArn": old.destination, "filterPattern": old.pattern}
    target = {"name": old.name if old else FILTER_NAME, "logGroup": stage.group_name}
    after = {"destinationArn": ours.metering_arn, "filterPattern": ""}
    words = f"on {stage.group_name}, to metering"
    return PlannedChange(ChangeKind.SUBSCRIPTION, target, before, after, words)

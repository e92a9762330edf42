"""A stage as it is, our stack, and what was asked come in; the changes to make, in their order, and
what stands in the way, leave. Pure.

Phases build on each other: `shadow` holds what `meter` left undone, `enforce` what both did.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from functions.operator.adopt.adopted_source import (
    MeteredAs,
    declared_source,
    merged_access_log,
    source_name,
)
from functions.operator.adopt.adopted_stage import AdoptedStage
from functions.operator.adopt.adoption_order import (
    AdoptingStack,
    AdoptionOrder,
)
from functions.operator.adopt.format_extension import ExtendedFormat, extended, whole_format_v1
from functions.operator.adopt.format_trial import refusal_of
from functions.operator.adopt.guarded_methods import ChosenMethods, chosen_methods
from functions.operator.adopt.guarding_changes import guarding_changes
from functions.operator.adopt.key_customers import stops_of_keys
from functions.operator.adopt.lockout_stops import stops_of_lockout
from functions.operator.adopt.metering_changes import metering_changes
from functions.operator.adopt.planned_change import (
    ChangeKind,
    PlannedChange,
)
from functions.operator.adopt.stop_line import (
    StopLine,
    stops_of_deployment,
    stops_of_guard,
    stops_of_stage,
)

# Of an access log's template, by API Gateway's quotas.
MOST_FORMAT_BYTES = 3072


class AdoptionPlan(NamedTuple):
    """`format` is None where a log that is no JSON stays, or an execution log is metered. `methods`
    is None while no authorizer is asked.
    """

    changes: tuple[PlannedChange, ...]
    stops: tuple[StopLine, ...]
    format: ExtendedFormat | None
    metered_as: MeteredAs | None
    methods: ChosenMethods | None
    is_replacing_format: bool = False


def plan_of_adoption(
    stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder
) -> AdoptionPlan:
    """Permanent where --method names what is not there."""
    stops = [*stops_of_stage(stage, ours), *stops_of_keys(stage, ours, order)]
    if _is_metered_by_execution_log(stage, ours):
        metering: Sequence[PlannedChange] = ()
        found, metered_as, is_replacing = None, None, False
    else:
        found, is_replacing = _format(stage, order)
        metered_as = _metered_as(stage, ours, order, found) if found else None
        stops += _stops_of_format(order, found, metered_as)
        metering = tuple(metering_changes(stage, ours, order, found, metered_as))
    if not order.is_guarding:
        return AdoptionPlan(tuple(metering), tuple(stops), found, metered_as, None, is_replacing)
    methods = chosen_methods(stage, ours, order)
    guarding = tuple(guarding_changes(stage, ours, order, methods))
    stops += methods.stops
    stops += stops_of_guard(stage, ours, order, (*methods.chosen, *methods.done))
    stops += stops_of_lockout(stage, order, methods.chosen)
    if any(change.kind is ChangeKind.DEPLOYMENT for change in guarding):
        stops += stops_of_deployment(stage, order)
    changes = (*metering, *guarding)
    return AdoptionPlan(changes, tuple(stops), found, metered_as, methods, is_replacing)


def _is_metered_by_execution_log(stage: AdoptedStage, ours: AdoptingStack) -> bool:
    """Both logs of one stage would bill each request twice."""
    source = declared_source(ours.configuration, stage.api_id, stage.stage, stage.group_name)
    return source is not None and source.kind == "execution"


def _format(stage: AdoptedStage, order: AdoptionOrder) -> tuple[ExtendedFormat | None, bool]:
    """The one that is to be, and whether it throws the old one away."""
    if stage.access_log is None:
        return whole_format_v1(), False
    found = extended(stage.access_log.get("format", ""))
    is_long = found is not None and len(found.text.encode()) > MOST_FORMAT_BYTES
    if (found is None or is_long) and order.replace_format:
        return whole_format_v1(), True
    return found, False


def _metered_as(
    stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder, found: ExtendedFormat
) -> MeteredAs:
    configuration, group = ours.configuration, stage.group_name
    present = declared_source(configuration, stage.api_id, stage.stage, group)
    name = present.name if present else ""
    source = {
        "name": name or source_name(configuration, stage.api_name, stage.api_id, stage.stage),
        "logGroup": group,
        "kind": "access",
        "apiId": stage.api_id,
        "stage": stage.stage,
    }
    access_log = merged_access_log(configuration, group, found.fields, order.now_ms)
    return MeteredAs(source, access_log, order.customers)


def _stops_of_format(
    order: AdoptionOrder,
    found: ExtendedFormat | None,
    metered_as: MeteredAs | None,
) -> Iterator[StopLine]:
    if found is None or metered_as is None:
        yield StopLine(
            "the access log is no JSON, and only JSON can be billed (docs/reference/logs.md)",
            "--replace-format: format v1 stands in its place, and --undo brings the old one back",
        )
        return
    size = len(found.text.encode())
    if size > MOST_FORMAT_BYTES:
        yield StopLine(
            f"the extended format has {size} bytes, and API Gateway takes {MOST_FORMAT_BYTES}",
            "--replace-format, or leave out of the format what nobody reads",
        )
    why = refusal_of(found.text, metered_as.access_log, order.now_ms)
    if why:
        yield StopLine(
            f"a request in the extended format would not be billed: {why}",
            "--replace-format, or change the format by what docs/reference/logs.md says",
        )
